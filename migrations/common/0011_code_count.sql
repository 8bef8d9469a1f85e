-- How many codes were sent on a day, so that nobody has us write to numbers without an end. Decides nothing but that; a
-- week old it goes.
CREATE TABLE code_count (
    day BIGINT NOT NULL,   -- days since 1970, in UTC
    scope TEXT NOT NULL,   -- of one person, of one number's beginning, or of all; by channel
    who BYTEA NOT NULL,    -- the person's id; the number's first characters; empty for all
    sent BIGINT NOT NULL,
    PRIMARY KEY (day, scope, who)
);
