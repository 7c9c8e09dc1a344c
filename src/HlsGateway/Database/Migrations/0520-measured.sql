-- What was measured before does not tell how far decoding runs ahead of showing (RenditionShape.Delay): it is measured anew.
DELETE FROM content_facts;
