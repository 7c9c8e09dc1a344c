CREATE TRIGGER token_clock_notice AFTER UPDATE ON token_clock FOR EACH STATEMENT EXECUTE FUNCTION hlsgateway_notice('tokens');
