-- Nonces of log-ins that were used. Those that were only given out are remembered nowhere: they carry when they end and a tag.
CREATE TABLE used_nonce (
    nonce_sha256 BYTEA PRIMARY KEY,
    ends_at BIGINT NOT NULL       -- kept until an hour after it, so that a clock that is behind takes no answer twice
);
CREATE INDEX used_nonce_end ON used_nonce (ends_at);
