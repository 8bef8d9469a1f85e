-- How many events each mailbox has, over all its chains, and a sum over them: so one that is taken away is missed.

CREATE TABLE evidence_head (
    mailbox_id BYTEA PRIMARY KEY,
    events BIGINT NOT NULL,       -- how many are counted
    sum BYTEA NOT NULL,           -- their keyed hashes added up modulo 2^256, 32 bytes big-endian
    checked_at BIGINT NOT NULL,   -- when the mailbox was last compared with it; 0: never
    faulty BIGINT NOT NULL        -- faults found then
);
CREATE INDEX evidence_head_checked ON evidence_head (checked_at);
CREATE INDEX evidence_head_faulty ON evidence_head (faulty) WHERE faulty > 0;

-- Openings that are being written: the event may be in the letters database or not. Counted, and gone from here, within
-- a second; what a crash leaves behind is settled by looking.
CREATE TABLE evidence_opening (
    entry BYTEA PRIMARY KEY,      -- of the event
    mailbox_id BYTEA NOT NULL,
    since BIGINT NOT NULL
);
CREATE INDEX evidence_opening_mailbox ON evidence_opening (mailbox_id);

-- What was handed over lately: a batch counts once, however often it comes.
CREATE TABLE evidence_batch (
    batch_id BYTEA PRIMARY KEY,
    counted_at BIGINT NOT NULL
);

-- When events were last counted: what a crash left uncounted was committed after that.
CREATE TABLE evidence_counted (
    one BIGINT PRIMARY KEY,       -- always 1
    at BIGINT NOT NULL
);
INSERT INTO evidence_counted (one, at) VALUES (1, 0);

-- From the last counting before a start to the start: what is not counted is looked for there first. Forgotten once every
-- mailbox was checked since.
CREATE TABLE evidence_gap (
    began_at BIGINT PRIMARY KEY,  -- the start
    counted_at BIGINT NOT NULL    -- before it
);
