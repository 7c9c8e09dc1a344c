-- What is on. One row: revision grows with each change; active is JSON lines, first match wins, NULL where configuration decides;
-- parent is the revision that a rollback goes back to; library grows when a version is added.
CREATE TABLE trailer_state (
    id       integer NOT NULL PRIMARY KEY,
    revision bigint  NOT NULL,
    parent   bigint  NOT NULL,
    active   text,
    at_ms    bigint  NOT NULL,
    actor    text    NOT NULL,
    library  bigint  NOT NULL
);
INSERT INTO trailer_state (id, revision, parent, active, at_ms, actor, library) VALUES (1, 0, 0, NULL, 0, '', 0);

-- Every state there ever was, by revision.
CREATE TABLE trailer_history (
    revision bigint NOT NULL PRIMARY KEY,
    parent   bigint NOT NULL,
    action   text   NOT NULL,
    active   text,
    at_ms    bigint NOT NULL,
    actor    text   NOT NULL
);
