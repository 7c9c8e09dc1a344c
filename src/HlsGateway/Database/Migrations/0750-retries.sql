-- 1: the job failed, and what it read is kept until the sweep comes: somebody may ask for it again.
ALTER TABLE job ADD COLUMN retryable bigint NOT NULL DEFAULT 0;
