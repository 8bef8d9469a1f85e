-- What a sender has announced on one day is counted against its quota (agency.announced_per_day). Decides nothing else: who
-- writes rows can give a sender more or less of it.
CREATE INDEX announcement_day ON announcement (sender_mac, accepted_at);
