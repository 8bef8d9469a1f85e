-- Which events of a mailbox were counted in the last ten minutes: those that are there besides are the ones that are not counted yet.
ALTER TABLE evidence_head ADD COLUMN recent BYTEA; -- the first 8 bytes of each entry and when it was counted, 16 bytes each
