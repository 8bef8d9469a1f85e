-- Certificates that other mailbox operators connect with at the agency door. A table of its own: what stands in
-- certificate may sign letters as well, and these may not.
CREATE TABLE operator_certificate (
    sha256 BYTEA PRIMARY KEY,    -- of the DER
    operator TEXT NOT NULL REFERENCES operator (number), -- whose it is, as its subject says
    der BYTEA NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    revoked_at BIGINT            -- set: refused from then on, for good
);
CREATE INDEX operator_certificate_of ON operator_certificate (operator);
