-- What was measured before tells neither how far decoding runs ahead of showing (RenditionShape.Delay) nor what the playlists declare
-- (RenditionFacts.Timing): it is measured anew.
DELETE FROM content_facts;
