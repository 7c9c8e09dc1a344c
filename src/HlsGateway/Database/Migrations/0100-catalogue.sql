-- A video that people may watch. A row without a revision is one that was deleted: gateways learn of it by reading changed rows.
CREATE TABLE video (
    video       text   NOT NULL PRIMARY KEY,
    revision    text,
    created_at  bigint NOT NULL,
    changed_at  bigint NOT NULL
);
CREATE INDEX video_changed ON video (changed_at);

-- What one upload became. Times are Unix milliseconds; renditions and facts are JSON.
CREATE TABLE revision (
    video         text   NOT NULL,
    revision      text   NOT NULL,
    published_at  bigint NOT NULL,
    duration_ms   bigint NOT NULL,
    renditions    text   NOT NULL,
    facts         text   NOT NULL,
    source_key    text,
    source_sha256 text,
    source_bytes  bigint,
    poster_key    text,
    PRIMARY KEY (video, revision)
);
