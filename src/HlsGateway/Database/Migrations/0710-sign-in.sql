-- Keys that the cookies of the Studio are made with: every gateway that shares this database reads what another one signed.
CREATE TABLE protection_key (
    name    text   NOT NULL PRIMARY KEY,
    xml     text   NOT NULL,
    made_at bigint NOT NULL
);

-- Who signed out everywhere, and when: cookies of the token that are older are worth nothing. Named by the token's SHA-256, in
-- hexadecimal, for that is the same at every gateway, whatever its place in a configuration.
CREATE TABLE sign_out (
    sha256 text   NOT NULL PRIMARY KEY,
    at_ms  bigint NOT NULL
);
