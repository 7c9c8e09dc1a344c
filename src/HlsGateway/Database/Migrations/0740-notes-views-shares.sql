-- What people keep of reports. shared = 1: the whole team reads it; 0: its author alone. Times are Unix milliseconds.
CREATE TABLE note (
    id         text   NOT NULL PRIMARY KEY,
    at_ms      bigint NOT NULL,
    video      text   NOT NULL,
    body       text   NOT NULL,
    shared     bigint NOT NULL,
    author     text   NOT NULL,
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL
);
CREATE INDEX note_at ON note (at_ms);

-- A named address of the Studio.
CREATE TABLE saved_view (
    id         text   NOT NULL PRIMARY KEY,
    name       text   NOT NULL,
    address    text   NOT NULL,
    shared     bigint NOT NULL,
    author     text   NOT NULL,
    created_at bigint NOT NULL
);

-- A report that whoever has the secret may read. Of the secret only its SHA-256 is kept, in hexadecimal.
CREATE TABLE share_link (
    id         text   NOT NULL PRIMARY KEY,
    sha256     text   NOT NULL UNIQUE,
    video      text   NOT NULL,
    query      text   NOT NULL,
    author     text   NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint
);
