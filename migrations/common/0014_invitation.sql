-- Somebody is asked to read another's mailbox. A row gives nobody anything: the right is a mandate with the same id, which
-- the owner grants after the other has said yes and the owner has seen who that is.
CREATE TABLE invitation (
    invitation_id BYTEA PRIMARY KEY, -- the mandate's id, if it comes to that
    mailbox_id BYTEA NOT NULL REFERENCES mailbox (mailbox_id),
    address_mac BYTEA NOT NULL,      -- whoever has this number, known here or not
    label BYTEA NOT NULL,            -- (sealed) what the owner calls the helper
    owner_name BYTEA NOT NULL,       -- (sealed) the owner's name, by the log-in of the invitation
    valid_to BIGINT NOT NULL,        -- how long the right would last
    invited_at BIGINT NOT NULL,
    helper_id BYTEA REFERENCES person (person_id), -- who said yes
    helper_name BYTEA,               -- (sealed, for this person) their name, by the log-in of the answer
    answered_at BIGINT,              -- when they said yes
    ended_at BIGINT                  -- declined or withdrawn
);
CREATE INDEX invitation_of ON invitation (mailbox_id, invited_at);
CREATE INDEX invitation_to ON invitation (address_mac);
