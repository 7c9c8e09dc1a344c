-- Whoever changes these rows, every gateway hears of it with the commit (LISTEN hlsgateway); polling stands behind it.
CREATE FUNCTION hlsgateway_notice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hlsgateway', TG_ARGV[0]);
    RETURN NULL;
END $$;

CREATE TRIGGER trailer_state_notice AFTER UPDATE ON trailer_state FOR EACH STATEMENT EXECUTE FUNCTION hlsgateway_notice('trailers');
CREATE TRIGGER caption_track_notice AFTER INSERT OR UPDATE ON caption_track FOR EACH STATEMENT EXECUTE FUNCTION hlsgateway_notice('captions');
