-- What agencies tell people by e-mail and text message in words of their own (Mina Meddelanden's notify). No letters, and
-- kept apart from the table notice, which is of letters alone.
-- "(sealed)" columns open only with a key of the key service.

CREATE TABLE announcement (
    announcement_id BYTEA PRIMARY KEY,
    sender_mac BYTEA NOT NULL,    -- keyed HMAC of the sender's number, as in submission
    reference_mac BYTEA NOT NULL, -- keyed HMAC of sender and reference; never expires
    payload_mac BYTEA NOT NULL,   -- keyed HMAC of what was sent
    answer TEXT NOT NULL,         -- for each recipient in order: n (nobody is told), e (e-mail), s (SMS), b (both)
    words BYTEA,                  -- (sealed) subject and texts; null once nothing more will be sent
    accepted_at BIGINT NOT NULL,
    ended_at BIGINT,              -- set: each address has taken it, or been given up
    sent BIGINT NOT NULL,         -- addresses that took it, once it has ended
    failed BIGINT NOT NULL        -- addresses that were given up, once it has ended
);
CREATE UNIQUE INDEX announcement_reference ON announcement (sender_mac, reference_mac);

-- The addresses that one goes to. The rows go when it has ended.
CREATE TABLE announcement_way (
    announcement_id BYTEA NOT NULL REFERENCES announcement (announcement_id),
    contact_id BYTEA NOT NULL,    -- may be gone by now
    channel TEXT NOT NULL,        -- email or sms
    state TEXT NOT NULL,          -- waiting, sent, failed
    attempts BIGINT NOT NULL,     -- the try of the job that last came to it
    last_code TEXT,               -- stable code of the last failure
    PRIMARY KEY (announcement_id, contact_id)
);
