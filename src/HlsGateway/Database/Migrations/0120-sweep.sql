-- When a revision was first seen without its video pointing at it, Unix milliseconds: from then on no new session gets it.
ALTER TABLE revision ADD COLUMN retired_at bigint;
CREATE INDEX revision_retired ON revision (retired_at);

-- 1: the job has ended, and nothing that its attempts left stands in the store any more.
ALTER TABLE job ADD COLUMN swept bigint NOT NULL DEFAULT 0;
CREATE INDEX job_swept ON job (swept, changed_at);
