-- One upload on its way to being a revision. A worker holds it by a lease that it must renew; a job whose lease has run out
-- is anyone's. latest = 1 marks the newest job of a video. Times are Unix milliseconds.
CREATE TABLE job (
    id          text   NOT NULL PRIMARY KEY,
    video       text   NOT NULL,
    latest      bigint NOT NULL,
    state       text   NOT NULL,
    upload_key  text   NOT NULL,
    bytes       bigint NOT NULL,
    attempts    bigint NOT NULL,
    revision    text,
    worker      text,
    lease_until bigint NOT NULL,
    progress    double precision NOT NULL,
    error       text,
    created_at  bigint NOT NULL,
    started_at  bigint,
    changed_at  bigint NOT NULL
);
CREATE INDEX job_video ON job (video, latest);
CREATE INDEX job_state ON job (state, lease_until);
