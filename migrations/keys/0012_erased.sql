-- That letters were erased, as the chains of their mailbox say it: so the mailbox's key is destroyed though the row in the
-- letters database, mailbox.erased_since, says nothing of it.
ALTER TABLE evidence_head ADD COLUMN erased_at BIGINT; -- the first erasure since the newest key pair, when last checked
