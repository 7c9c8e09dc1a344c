-- Playlists with which sessions of a video began, where they are not called playlist.m3u8: every gateway asks them for the children
-- that they list. noted_at is Unix milliseconds.
CREATE TABLE entry_playlist (
    video     text    NOT NULL,
    name      text    NOT NULL,
    is_master integer NOT NULL,
    noted_at  bigint  NOT NULL,
    PRIMARY KEY (video, name)
);
CREATE INDEX entry_playlist_by_time ON entry_playlist (noted_at);
