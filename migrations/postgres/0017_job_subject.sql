-- What a job is about, as the kind of job has it: the queue itself knows neither mailboxes nor letters. Of a notice both
-- ids, one after the other; of the others the one id that they are of, which stood in both columns or in letter_id.
ALTER TABLE job ADD COLUMN subject BYTEA;
UPDATE job SET subject = CASE kind WHEN 'notice' THEN mailbox_id || letter_id ELSE letter_id END;
ALTER TABLE job ALTER COLUMN subject SET NOT NULL;
