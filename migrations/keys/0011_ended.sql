-- What had ended stays ended when an older letters database is taken up again.

-- Rights that were taken back or ran out by somebody's act. Grows with what people and the operator take back.
CREATE TABLE ended_right (
    kind TEXT NOT NULL,           -- of the set, as in vouched
    id BYTEA NOT NULL,
    table_name TEXT NOT NULL,     -- in the letters database
    row_key BYTEA NOT NULL,       -- which row, or which of its rights
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (kind, id, table_name, row_key)
);

-- What the operator said when an older state was taken up.
ALTER TABLE adoption ADD COLUMN reason TEXT;
