-- What a person's own list shows of a letter: read by whom, and dealt with or not. It decides nothing, and nobody vouches
-- for it: whoever changes it changes dots and dates in a list. What was opened stands in event.

-- The latest opening of each letter by each person. letter.opened_at is the first one by the owner or a signatory.
CREATE TABLE reading (
    mailbox_id BYTEA NOT NULL,
    letter_id BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (mailbox_id, letter_id, person_id)
);
INSERT INTO reading (mailbox_id, letter_id, person_id, read_at)
    SELECT e.mailbox_id, e.letter_id, e.actor, MAX(e.at) FROM event e
    JOIN letter l ON l.mailbox_id = e.mailbox_id AND l.letter_id = e.letter_id
    WHERE e.type = 'opened' AND e.actor IS NOT NULL AND length(l.header) > 0
    GROUP BY e.mailbox_id, e.letter_id, e.actor;

-- Set: the owner or a signatory has said that what the letter asks for is done.
ALTER TABLE letter ADD COLUMN done_at BIGINT;

-- The epoch that cursors of the senders' feed are given in: a copy of the key store's, which begins a new one when this
-- database was restored.
ALTER TABLE feed_head ADD COLUMN epoch BIGINT NOT NULL DEFAULT 1;
