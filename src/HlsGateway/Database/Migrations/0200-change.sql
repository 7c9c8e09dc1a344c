-- What was changed, by whom and when; written in the transaction of the change itself. The id is a UUIDv7, so it sorts by time.
CREATE TABLE change (
    id       text   NOT NULL PRIMARY KEY,
    at_ms    bigint NOT NULL,
    actor    text   NOT NULL,
    kind     text   NOT NULL,
    subject  text   NOT NULL,
    video    text   NOT NULL,
    "before" text,
    "after"  text
);
CREATE INDEX change_at ON change (at_ms);
CREATE INDEX change_video ON change (video, at_ms);
