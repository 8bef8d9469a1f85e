-- What PostgreSQL has and SQLite does not.

-- Events move from waiting to placed all the time; keep dead rows few.
ALTER TABLE feed_waiting SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
ALTER TABLE job SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
