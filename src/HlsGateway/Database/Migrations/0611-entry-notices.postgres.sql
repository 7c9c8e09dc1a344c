CREATE TRIGGER entry_playlist_notice AFTER INSERT OR UPDATE ON entry_playlist FOR EACH STATEMENT EXECUTE FUNCTION hlsgateway_notice('entries');
