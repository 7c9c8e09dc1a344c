-- Bearer tokens made by the API or the command line. Of a secret only its SHA-256 is kept, in hexadecimal: a secret has 256 random bits,
-- so that nobody can try them out. Times are Unix milliseconds; no expires_at: until it is revoked.
CREATE TABLE api_token (
    id         text   NOT NULL PRIMARY KEY,
    name       text   NOT NULL,
    role       text   NOT NULL,
    sha256     text   NOT NULL UNIQUE,
    created_at bigint NOT NULL,
    created_by text   NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    revoked_by text
);

-- One row. Each change takes the next value and holds the row until it commits: gateways read the tokens again when it has changed.
CREATE TABLE token_clock (
    id    integer NOT NULL PRIMARY KEY,
    value bigint  NOT NULL
);
INSERT INTO token_clock (id, value) VALUES (1, 0);
