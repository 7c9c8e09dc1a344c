-- Every publication of captions, in order. parent is the one that a rollback goes back to (0: none). Of what was published before there was
-- this table, name and marks are not known (NULL: a rollback leaves them as they are), and its captions were not counted. Times are Unix milliseconds.
CREATE TABLE caption_history (
    video      text   NOT NULL,
    language   text   NOT NULL,
    number     bigint NOT NULL,
    parent     bigint NOT NULL,
    action     text   NOT NULL,
    sha256     text   NOT NULL,
    name       text,
    is_default bigint,
    sdh        bigint,
    machine    bigint,
    bytes      bigint NOT NULL,
    cues       bigint,
    saved_at   bigint NOT NULL,
    actor      text   NOT NULL,
    PRIMARY KEY (video, language, number)
);
INSERT INTO caption_history (video, language, number, parent, action, sha256, bytes, saved_at, actor)
SELECT video, language, ROW_NUMBER() OVER (PARTITION BY video, language ORDER BY saved_at, sha256),
       ROW_NUMBER() OVER (PARTITION BY video, language ORDER BY saved_at, sha256) - 1, 'publish', sha256, octet_length(content), saved_at, actor
FROM caption_version;

-- Which of them viewers get, or got last where the captions were deleted; 0: none is known.
ALTER TABLE caption_track ADD COLUMN number bigint NOT NULL DEFAULT 0;
UPDATE caption_track SET number = COALESCE((
    SELECT MAX(h.number) FROM caption_history h
    WHERE h.video = caption_track.video AND h.language = caption_track.language AND (caption_track.sha256 IS NULL OR h.sha256 = caption_track.sha256)), 0);
