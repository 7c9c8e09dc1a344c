-- Which session keys each gateway signs and verifies with, as fingerprints (an HMAC under each key, of which the key cannot be read),
-- so that gateways notice that they do not agree. A row that is not renewed counts no longer.
CREATE TABLE gateway_keys (
    gateway  text        NOT NULL PRIMARY KEY,
    signs    text        NOT NULL,
    verifies text        NOT NULL,
    seen_at  timestamptz NOT NULL
);
