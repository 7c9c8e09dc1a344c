-- A job makes a video's revision or its captions. Of captions: the language, and the revision whose sound they write down.
ALTER TABLE job ADD COLUMN kind text NOT NULL DEFAULT 'video';
ALTER TABLE job ADD COLUMN language text;
ALTER TABLE job ADD COLUMN subject text;
