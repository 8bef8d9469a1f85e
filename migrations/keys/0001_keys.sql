-- The key store: a small database of its own, whose backups are kept at most 35 days.

-- Key-encryption keys: independent and random, one for each purpose and version, wrapped by the root.
CREATE TABLE kek (
    key_id BYTEA PRIMARY KEY,     -- eight bytes
    purpose TEXT NOT NULL,
    version BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,       -- (sealed) by the root
    created_at BIGINT NOT NULL,
    retired_at BIGINT             -- set: opens, but seals nothing new
);
CREATE UNIQUE INDEX kek_version ON kek (purpose, version);

-- Private keys of mailboxes, one for each epoch.
CREATE TABLE mailbox_key (
    mailbox_id BYTEA NOT NULL,
    epoch BIGINT NOT NULL,
    public_key BYTEA NOT NULL,    -- X25519
    wrapped BYTEA NOT NULL,       -- (sealed) the private half, by the KEK that its header names
    created_at BIGINT NOT NULL,
    PRIMARY KEY (mailbox_id, epoch)
);
