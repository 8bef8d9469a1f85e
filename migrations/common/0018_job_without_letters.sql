-- The subject says it. No version that reads these columns was released, so they go at once.
ALTER TABLE job DROP COLUMN mailbox_id;
ALTER TABLE job DROP COLUMN letter_id;
