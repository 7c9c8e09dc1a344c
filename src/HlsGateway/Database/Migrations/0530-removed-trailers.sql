-- Versions that editors took out of the library: no new session gets them. Their objects stay, and so do the sessions that have them.
-- label is name@hash8; at_ms is Unix milliseconds.
CREATE TABLE trailer_removed (
    label text   NOT NULL PRIMARY KEY,
    at_ms bigint NOT NULL,
    actor text   NOT NULL
);
