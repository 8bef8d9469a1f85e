-- The epoch of the senders' feed, and how far the key store has seen it come: what tells a restored letter database. It
-- decides which cursors are taken, and nothing else.
CREATE TABLE feed_epoch (
    one BIGINT PRIMARY KEY,       -- always 1
    epoch BIGINT NOT NULL,        -- as feed_head.epoch; another one after each restore
    seen BIGINT NOT NULL,         -- the highest feed_head.next that was seen, at most a second old
    began_at BIGINT               -- null: the first epoch
);
INSERT INTO feed_epoch (one, epoch, seen) VALUES (1, 1, 1);
