-- What recipients have signed to the register of addresses: each agreement changes something once, and never after a newer
-- one. Here and not among the letters, so that whoever writes those cannot make an old agreement good again. The key service
-- puts a row here after it has verified the signature itself.

-- Agreements that have come, for as long as they could still be valid by their date.
CREATE TABLE agreement (
    tag BYTEA PRIMARY KEY,        -- keyed HMAC of what was agreed to, by whom and when, however it was written and signed
    address_mac BYTEA NOT NULL,   -- whose mailbox, as in identity
    act TEXT NOT NULL,            -- register, deregister, move or preferences
    signed_at BIGINT NOT NULL,    -- by its own word; where that is a day, the beginning of the day
    exact BIGINT NOT NULL,        -- 1: it says an instant, not only a day
    came_at BIGINT NOT NULL,
    spent_at BIGINT,              -- decides: from then on it changes nothing. Null: it waits for others to sign
    until BIGINT NOT NULL         -- from then on it is too old anyway, and the row goes
);
CREATE INDEX agreement_address ON agreement (address_mac, act);
CREATE INDEX agreement_until ON agreement (until);

-- What was last changed by an agreement, for as long as an older agreement could still be valid.
CREATE TABLE agreed (
    address_mac BYTEA NOT NULL,
    what TEXT NOT NULL,           -- place or senders
    changed_at BIGINT NOT NULL,   -- decides: what was signed before changes nothing
    exact BIGINT NOT NULL,        -- 1: the agreement said an instant
    told BIGINT NOT NULL,         -- how often addresses were opened to tell the recipient of it
    PRIMARY KEY (address_mac, what)
);
CREATE INDEX agreed_changed ON agreed (changed_at);
