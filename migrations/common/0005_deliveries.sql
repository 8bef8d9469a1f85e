-- Deliveries of Mina Meddelanden may be signed with SHA-1 by senders that the operator lets.
ALTER TABLE sender ADD COLUMN sha1 BIGINT NOT NULL DEFAULT 0; -- 1: let
