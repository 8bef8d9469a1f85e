-- Who may send, who can be reached, and what they have chosen. One text for SQLite and PostgreSQL.
-- Instants are unix milliseconds. Ids are sixteen bytes. "(sealed)" columns open only with a key of the key service.

-- Raised by every change of senders, dispatchers and certificates, so that gateways know when to read them again.
CREATE TABLE registry_version (
    one BIGINT PRIMARY KEY,      -- always 1
    version BIGINT NOT NULL
);
INSERT INTO registry_version (one, version) VALUES (1, 1);

CREATE TABLE sender (
    number TEXT PRIMARY KEY,     -- organisation number, 16 and ten digits; public bodies, so not personal
    name TEXT NOT NULL,          -- the name shown to recipients
    may_send BIGINT NOT NULL,    -- 1: a sender of letters; 0: only a dispatcher
    created_at BIGINT NOT NULL,
    suspended_at BIGINT          -- set: nothing is accepted from it
);

-- A sender lists the dispatchers that may act for it.
CREATE TABLE dispatch (
    sender TEXT NOT NULL REFERENCES sender (number),
    dispatcher TEXT NOT NULL REFERENCES sender (number),
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,             -- set when the listing was taken back
    PRIMARY KEY (sender, dispatcher, valid_from)
);

CREATE TABLE certificate (
    sha256 BYTEA PRIMARY KEY,    -- of the DER, the x5t#S256 of RFC 7515 §4.1.8
    organisation TEXT NOT NULL REFERENCES sender (number),
    kid TEXT NOT NULL,           -- RFC 7638 thumbprint of its key
    der BYTEA NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX certificate_of ON certificate (organisation);
CREATE INDEX certificate_kid ON certificate (kid);

CREATE TABLE person (
    person_id BYTEA PRIMARY KEY,
    profile BYTEA NOT NULL,      -- (sealed) name and number as last seen, JSON
    language TEXT NOT NULL,      -- sv or en, for pages and notices
    created_at BIGINT NOT NULL,
    protected_at BIGINT,         -- protected identity
    deceased_at BIGINT           -- the box is frozen
);

CREATE TABLE organisation (
    organisation_id BYTEA PRIMARY KEY,
    profile BYTEA NOT NULL,      -- (sealed) name and number, JSON
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- Identities are rows: a person or organisation can have several over time.
CREATE TABLE identity (
    mac BYTEA NOT NULL,          -- keyed HMAC of kind and number, addressing key
    valid_from BIGINT NOT NULL,
    kind TEXT NOT NULL,          -- personnummer, samordningsnummer, organisation
    owner_kind TEXT NOT NULL,    -- person or organisation
    owner_id BYTEA NOT NULL,
    valid_to BIGINT,
    PRIMARY KEY (mac, valid_from)
);
CREATE INDEX identity_owner ON identity (owner_id);

-- Log-in finds a person by another key than addressing does, so the two tables cannot be joined by one key.
CREATE TABLE login (
    mac BYTEA PRIMARY KEY,       -- keyed HMAC of kind and number, log-in key
    person_id BYTEA NOT NULL REFERENCES person (person_id)
);

CREATE TABLE mailbox (
    mailbox_id BYTEA PRIMARY KEY,
    owner_kind TEXT NOT NULL,
    owner_id BYTEA NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    epoch BIGINT NOT NULL,       -- of the key that letters are sealed to now
    public_key BYTEA NOT NULL,   -- X25519, 32 bytes
    erased_since BIGINT          -- set: letters were erased in this epoch, so it must roll
);
CREATE UNIQUE INDEX mailbox_owner ON mailbox (owner_id);

-- Senders that the owner has turned off.
CREATE TABLE declined (
    mailbox_id BYTEA NOT NULL REFERENCES mailbox (mailbox_id),
    sender_mac BYTEA NOT NULL,   -- keyed HMAC of mailbox and sender, so the row does not name the sender
    sender BYTEA NOT NULL,       -- (sealed) the sender's number, for the owner's list
    declined_at BIGINT NOT NULL,
    PRIMARY KEY (mailbox_id, sender_mac)
);

CREATE TABLE contact (
    contact_id BYTEA PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES person (person_id),
    channel TEXT NOT NULL,       -- email or sms
    address BYTEA NOT NULL,      -- (sealed)
    address_mac BYTEA NOT NULL,  -- keyed HMAC, to find the same address twice
    show_sender BIGINT NOT NULL, -- 1: the person wants the sender's name in notices
    added_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    code_mac BYTEA,              -- keyed HMAC of the code that confirms it
    code_expires_at BIGINT,
    code_tries BIGINT NOT NULL,
    failed_at BIGINT             -- the channel answered that the address does not work
);
CREATE UNIQUE INDEX contact_once ON contact (person_id, channel, address_mac);

CREATE TABLE mandate (
    mandate_id BYTEA PRIMARY KEY,
    mailbox_id BYTEA NOT NULL REFERENCES mailbox (mailbox_id),
    person_id BYTEA NOT NULL REFERENCES person (person_id),
    kind TEXT NOT NULL,          -- signatory or helper
    note BYTEA NOT NULL,         -- (sealed) the holder's name as the owner wrote or the register gave it
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,             -- helpers always have one
    revoked_at BIGINT
);
CREATE INDEX mandate_of ON mandate (mailbox_id);
CREATE INDEX mandate_holder ON mandate (person_id);
