-- Who uploaded it, as it is told in changes; empty: before this was kept, nobody knows.
ALTER TABLE job ADD COLUMN actor text NOT NULL DEFAULT '';
