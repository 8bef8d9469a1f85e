-- What happened to senders, dispatchers and mailbox operators: a chain for each, written by the key service in the
-- transaction of the change. These rows are part of the set that the key service vouches for.
CREATE TABLE registry_event (
    party TEXT NOT NULL,         -- sender (also dispatchers) or operator
    number TEXT NOT NULL,        -- organisation number, as in sender and operator
    seq BIGINT NOT NULL,         -- 0, 1, 2 … within the chain
    at BIGINT NOT NULL,
    type TEXT NOT NULL,          -- sender_added, certificate_revoked …: docs/errors.md
    body BYTEA NOT NULL,         -- (sealed) nonce and event
    entry BYTEA NOT NULL,        -- SHA-256 over label, nonce and event; the next event names it
    PRIMARY KEY (party, number, seq)
);
