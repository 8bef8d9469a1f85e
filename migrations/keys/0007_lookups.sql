-- How many recipients each caller may look up in a day, where the operator has said so for it.
CREATE TABLE lookup_quota (
    caller TEXT PRIMARY KEY,      -- organisation number of a sender, dispatcher or mailbox operator
    daily BIGINT NOT NULL,
    set_at BIGINT NOT NULL
);

-- How many each has looked up, so that a restart gives nobody a new day. Rows are kept eight days.
CREATE TABLE lookup_use (
    caller TEXT NOT NULL,         -- organisation number; role:NAME for all callers of a role together; unknown
    day TEXT NOT NULL,            -- civil date in Stockholm
    used BIGINT NOT NULL,         -- taken in blocks ahead of their use
    PRIMARY KEY (caller, day)
);
