-- The uploaded file itself, where it is kept. job.eta_at: when the worker expects to be done, Unix milliseconds.
ALTER TABLE revision ADD COLUMN original_key text;
ALTER TABLE revision ADD COLUMN original_sha256 text;
ALTER TABLE revision ADD COLUMN original_bytes bigint;
ALTER TABLE job ADD COLUMN eta_at bigint;
