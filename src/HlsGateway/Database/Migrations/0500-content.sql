-- What was measured on the Renditions of a playlist's version, whoever's it is. Facts are JSON; times are Unix milliseconds.
CREATE TABLE content_facts (
    video       text   NOT NULL,
    version     text   NOT NULL,
    facts       text   NOT NULL,
    measured_at bigint NOT NULL,
    PRIMARY KEY (video, version)
);
