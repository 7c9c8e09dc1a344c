-- Every caption file that was ever published. Content is the file as it was sent (UTF-8, at most 1 MiB).
CREATE TABLE caption_version (
    video    text   NOT NULL,
    language text   NOT NULL,
    sha256   text   NOT NULL,
    content  text   NOT NULL,
    saved_at bigint NOT NULL,
    actor    text   NOT NULL,
    PRIMARY KEY (video, language, sha256)
);

-- What viewers get now; no sha256: deleted. Changed is the clock's value at the last change: gateways read what is newer than they have.
CREATE TABLE caption_track (
    video      text   NOT NULL,
    language   text   NOT NULL,
    name       text   NOT NULL,
    is_default bigint NOT NULL,
    sdh        bigint NOT NULL,
    machine    bigint NOT NULL,
    sha256     text,
    saved_at   bigint NOT NULL,
    actor      text   NOT NULL,
    changed    bigint NOT NULL,
    PRIMARY KEY (video, language)
);
CREATE INDEX caption_track_changed ON caption_track (changed);

-- Work in progress: the latest only, may be unfit to publish.
CREATE TABLE caption_draft (
    video    text   NOT NULL,
    language text   NOT NULL,
    content  text   NOT NULL,
    saved_at bigint NOT NULL,
    actor    text   NOT NULL,
    changed  bigint NOT NULL,
    PRIMARY KEY (video, language)
);

-- One row. Each change takes the next value and holds the row until it commits, so values become visible in order and none is missed.
CREATE TABLE caption_clock (
    id    integer NOT NULL PRIMARY KEY,
    value bigint  NOT NULL
);
INSERT INTO caption_clock (id, value) VALUES (1, 0);
