-- Letters for mailboxes at other operators, from when they are taken in charge. "(sealed)" columns open only with a
-- key of the key service. Envelope and key go in the transaction that writes how it ended.
CREATE TABLE outbound (
    letter_id BYTEA PRIMARY KEY,
    sender_mac BYTEA NOT NULL,     -- as submission.sender_mac
    address_mac BYTEA NOT NULL,    -- the recipient's: where it goes is asked again before each try
    brought_by BYTEA NOT NULL,     -- who brought it, as a sender's tag: never handed over to
    job_id BYTEA NOT NULL,         -- the job that hands it over
    operator TEXT NOT NULL,        -- organisation number of the operator it goes to, as last told
    sent_to TEXT,                  -- the operator that it was sent to and that may have it; written before it is sent
    refused_since BIGINT,          -- since when operator says that we do not dispatch for the sender; null: it does not
    accepted_at BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL,
    tried_at BIGINT,
    attempts BIGINT NOT NULL,      -- tries in which it was sent, but for the last
    last_code TEXT,                -- stable word for the last try, or for how it ended
    ended_at BIGINT,               -- set: forwarded, returned, or delivered here after all
    epoch BIGINT NOT NULL,         -- of the pair that sealed_key is sealed to
    sealed_key BYTEA,              -- HPKE; null once it has ended
    object TEXT,                   -- random name in the object store; else null
    stored_bytes BIGINT NOT NULL,  -- of the envelope's ciphertext
    answer BYTEA,                  -- (sealed) the other operator's TransId
    -- The large ones last, so that what is asked often is read without them.
    proof BYTEA NOT NULL,          -- (sealed) the sender's signature without what was signed
    envelope BYTEA                 -- (sealed) up to 256 KiB; else null
);
-- When an operator answers again, what waits for it need not wait longer: found without reading rows.
CREATE INDEX outbound_waiting ON outbound (operator, accepted_at, last_code, attempts, job_id) WHERE ended_at IS NULL;
-- The collector asks whether any row names an object.
CREATE INDEX outbound_object ON outbound (object) WHERE object IS NOT NULL;
-- Old key pairs go when nothing waits under them.
CREATE INDEX outbound_epoch ON outbound (epoch) WHERE sealed_key IS NOT NULL;
