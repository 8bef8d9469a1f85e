-- Letters and what happens to them. mailbox_id comes first in every key, so that the tables can be partitioned by it.

-- What a sender has sent: the idempotency of references. Never expires.
CREATE TABLE submission (
    sender_mac BYTEA NOT NULL,    -- keyed HMAC of the sender's number
    reference_mac BYTEA NOT NULL, -- keyed HMAC of sender and reference
    payload_mac BYTEA NOT NULL,   -- keyed HMAC of the payload bytes
    letter_id BYTEA NOT NULL,
    mailbox_id BYTEA NOT NULL,
    reference BYTEA NOT NULL,     -- (sealed) the sender's reference
    receipt BYTEA NOT NULL,       -- (sealed) the answer as first given
    tells_opened BIGINT NOT NULL, -- 1: the letter asked to be told when it is opened
    visible_from BIGINT NOT NULL,
    accepted_at BIGINT NOT NULL,
    PRIMARY KEY (sender_mac, reference_mac)
);
CREATE UNIQUE INDEX submission_letter ON submission (letter_id);

CREATE TABLE letter (
    mailbox_id BYTEA NOT NULL,
    letter_id BYTEA NOT NULL,
    accepted_at BIGINT NOT NULL,
    visible_from BIGINT NOT NULL,
    header BYTEA NOT NULL,        -- (sealed) subject, sender, dates, attachments; opens with the letter's headers key
    sender_mac BYTEA NOT NULL,    -- keyed HMAC of the sender's number, as in submission
    confidential BIGINT NOT NULL, -- 1: not for helpers
    tells_opened BIGINT NOT NULL, -- 1: the sender is told when it is opened
    parts BIGINT NOT NULL,        -- the signed original and the attachments
    notice_state TEXT NOT NULL,   -- pending, sent, failed, no_contact_point, not_needed
    opened_at BIGINT,
    archived_at BIGINT,
    binned_at BIGINT,
    hold_until BIGINT,            -- set: cannot be erased before
    PRIMARY KEY (mailbox_id, letter_id)
);
CREATE INDEX letter_shown ON letter (mailbox_id, visible_from);

-- The letter key, sealed to the mailbox. Erasing deletes this row first.
CREATE TABLE letter_key (
    mailbox_id BYTEA NOT NULL,
    letter_id BYTEA NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL,        -- HPKE
    PRIMARY KEY (mailbox_id, letter_id)
);

-- Part 0 is the signed original with its certificate chain; 1.. are the attachments in manifest order.
CREATE TABLE part (
    mailbox_id BYTEA NOT NULL,
    letter_id BYTEA NOT NULL,
    part_no BIGINT NOT NULL,
    stored_bytes BIGINT NOT NULL, -- of the ciphertext
    ciphertext BYTEA,             -- (sealed) up to 256 KiB; else null
    object TEXT,                  -- random name in the object store; else null
    PRIMARY KEY (mailbox_id, letter_id, part_no)
);

-- Evidence: one chain for each letter, and one for the mailbox itself (letter_id = mailbox_id).
CREATE TABLE event (
    mailbox_id BYTEA NOT NULL,
    letter_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,          -- 0, 1, 2 … within the chain
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    actor BYTEA,                  -- person id of who acted, null when the service or the sender did
    because TEXT,                 -- owner, signatory or helper
    body BYTEA NOT NULL,          -- (sealed) nonce and deterministic CBOR
    entry BYTEA NOT NULL,         -- SHA-256 commitment, 32 bytes; the leaf of the public log
    PRIMARY KEY (mailbox_id, letter_id, seq)
);

-- Events for senders that have no position yet. The sequencer moves them after commit.
CREATE TABLE feed_waiting (
    letter_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    sender_mac BYTEA NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (letter_id, seq)
);

CREATE TABLE feed (
    position BIGINT PRIMARY KEY,  -- given after commit by the one sequencer, without holes
    sender_mac BYTEA NOT NULL,
    letter_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL
);
CREATE INDEX feed_sender ON feed (sender_mac, position);

CREATE TABLE feed_head (
    one BIGINT PRIMARY KEY,       -- always 1
    next BIGINT NOT NULL
);
INSERT INTO feed_head (one, next) VALUES (1, 1);

-- Background work. Payload is ids only.
CREATE TABLE job (
    job_id BYTEA PRIMARY KEY,
    kind TEXT NOT NULL,
    mailbox_id BYTEA NOT NULL,
    letter_id BYTEA NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_token BYTEA,
    leased_until BIGINT,
    dead_at BIGINT,               -- set: given up; an operator looks at it
    last_code TEXT                -- stable code of the last failure
);
CREATE INDEX job_due ON job (kind, run_at) WHERE dead_at IS NULL;

-- What went out, so that a repeat is the same notice and one mailbox gets one notice for many letters.
CREATE TABLE notice (
    notice_id BYTEA PRIMARY KEY,  -- keyed HMAC of mailbox, contact and window: deterministic
    mailbox_id BYTEA NOT NULL,
    contact_id BYTEA NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,          -- sending, sent, failed
    window_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    sent_at BIGINT,
    last_code TEXT
);
CREATE INDEX notice_mailbox ON notice (mailbox_id, window_at);
