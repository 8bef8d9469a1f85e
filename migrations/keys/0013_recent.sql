-- Up to when nothing of a mailbox is uncounted, and which of its events were counted of late: where a start of the service may
-- have left some uncounted after that, what is there besides are the ones that are not counted yet.
ALTER TABLE evidence_head ADD COLUMN settled_at BIGINT NOT NULL DEFAULT 0; -- what was committed until then is counted
ALTER TABLE evidence_head ADD COLUMN recent BYTEA; -- the first 8 bytes of each entry and when it was counted, 16 bytes each
