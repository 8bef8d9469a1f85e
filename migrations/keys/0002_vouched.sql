-- What decides, as the key service vouches for it. Rows of the letters database count only as far as they fit these.

-- One set of rows that decide something: for a mailbox, a person, an organisation or a sender. Grows with them, never
-- with letters.
CREATE TABLE vouched (
    kind TEXT NOT NULL,           -- mailbox, person, organisation or sender
    id BYTEA NOT NULL,            -- as in the letters database; a sender's number as text
    owner_id BYTEA,               -- of a mailbox: whose it is
    version BIGINT NOT NULL,      -- raised by every change
    digests BYTEA NOT NULL,       -- SHA-256 of each table's rows of the set, 32 bytes each
    next BYTEA,                   -- set while a change is between the two databases: the digests it leads to
    next_at BIGINT,               -- since when
    PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX vouched_owner ON vouched (owner_id);
CREATE INDEX vouched_under_way ON vouched (next_at) WHERE next_at IS NOT NULL;

-- Whose numbers are: the same as identity in the letters database, and the one that counts.
CREATE TABLE known_address (
    mac BYTEA NOT NULL,           -- identity.mac
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    owner_kind TEXT NOT NULL,     -- person or organisation
    owner_id BYTEA NOT NULL,
    unsettled_since BIGINT,       -- set: the change that brings it is between the two databases
    PRIMARY KEY (mac, valid_from)
);
CREATE INDEX known_address_owner ON known_address (owner_id);

-- Who logs in by which number: the same as login in the letters database, and the one that counts.
CREATE TABLE known_login (
    mac BYTEA PRIMARY KEY,        -- login.mac
    person_id BYTEA NOT NULL,
    unsettled_since BIGINT        -- as known_address.unsettled_since
);
CREATE INDEX known_login_person ON known_login (person_id);

-- When what stood in the letters database was taken over unseen: once at the upgrade, and by each accept-restore.
CREATE TABLE adoption (
    adopted_at BIGINT PRIMARY KEY,
    why TEXT NOT NULL,            -- upgrade or restore
    sets BIGINT NOT NULL          -- how many
);
