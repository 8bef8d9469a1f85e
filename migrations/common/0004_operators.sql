-- Where recipients have their mailboxes: what senders and other operators ask us (FaR, förmedlingsadressregister).
-- "(sealed)" columns open only with a key of the key service.

-- Mailbox operators, we ourselves among them. Every change raises registry_version.
CREATE TABLE operator (
    number TEXT PRIMARY KEY,       -- organisation number, 16 and ten digits
    domain TEXT NOT NULL,          -- its internet domain, lower case, by which requests name it
    name TEXT NOT NULL,            -- shown to senders and recipients
    service_address TEXT NOT NULL, -- URL of its Service/v3, where letters are handed over
    ui_address TEXT,               -- URL of its pages for recipients
    own BIGINT NOT NULL,           -- 1: this is us
    added_at BIGINT NOT NULL,
    ended_at BIGINT                -- set: no operator any more, and nobody's mailbox is there
);
CREATE UNIQUE INDEX operator_domain ON operator (domain) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX operator_own ON operator (own) WHERE own = 1;

-- Recipients whose mailbox is at another operator. A mailbox that is open here needs no row.
CREATE TABLE registration (
    address_mac BYTEA NOT NULL,    -- keyed HMAC of kind and number, addressing key: as identity.mac
    registered_at BIGINT NOT NULL,
    operator TEXT NOT NULL REFERENCES operator (number),
    account_type TEXT NOT NULL,    -- secure or anonymous
    ended_at BIGINT,               -- set: deregistered or moved
    PRIMARY KEY (address_mac, registered_at)
);
CREATE UNIQUE INDEX registration_now ON registration (address_mac) WHERE ended_at IS NULL;

-- What recipients with a mailbox elsewhere have said of senders. Those with one here have theirs in declined.
CREATE TABLE preference (
    address_mac BYTEA NOT NULL,    -- as registration.address_mac
    sender_mac BYTEA NOT NULL,     -- keyed HMAC of address and sender, so the row does not name the sender
    accepts BIGINT NOT NULL,       -- 0: turned off; 1: was off and is on again
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (address_mac, sender_mac)
);

-- Senders that were in declined and are on again: kept for the instant of the change.
CREATE TABLE accepted (
    mailbox_id BYTEA NOT NULL REFERENCES mailbox (mailbox_id),
    sender_mac BYTEA NOT NULL,     -- as declined.sender_mac
    accepted_at BIGINT NOT NULL,
    PRIMARY KEY (mailbox_id, sender_mac)
);

-- What companies have asked for that more people must sign.
CREATE TABLE pending (
    address_mac BYTEA NOT NULL,    -- as registration.address_mac
    kind TEXT NOT NULL,            -- register, deregister, move or preferences
    request BYTEA NOT NULL,        -- (sealed) what was asked for and who has signed so far
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,    -- from then on it counts as never asked for
    PRIMARY KEY (address_mac, kind)
);
CREATE INDEX pending_expires ON pending (expires_at);
