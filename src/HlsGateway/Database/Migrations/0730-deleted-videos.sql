-- What DELETE took away, and when (Unix milliseconds), so that it can be brought back for as long as its objects are kept.
ALTER TABLE video ADD COLUMN deleted_revision text;
ALTER TABLE video ADD COLUMN deleted_at bigint;
