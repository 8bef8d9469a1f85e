//! Sealing columns anew after a rotation, while everybody works on.

use crate::{columns::place, failure::Failure, purpose::Purpose, service::Inner};
use domain::{AnnouncementId, ContactId, MailboxId, MandateId};
use key_client::{
    Column, announcement_words, contact_address, contact_waiting, declined_sender, invitation_helper,
    invitation_label, invitation_owner, mandate_note, organisation_profile, pending_request, person_profile,
};
use store::{Error, Row, args};
use tracing::warn;
use vault::Place;

/// A sealed column of a table: its rows by key, and the place of each.
struct Table {
    name: &'static str,
    column: Column,
    /// First and second part of the key, the ciphertext. Arguments: the key in force, where to go on, how many.
    select: &'static str,
    /// Arguments: the new and the old ciphertext, the first part of the key, the second if it is one.
    update: &'static str,
    has_second: bool,
    place: fn(&Row) -> Result<Place, Error>,
}

impl Inner {
    /// Seals all columns of a purpose with the current version, some rows at a time. Can be cut short and done
    /// again. A row that does not open stays as it is.
    pub(crate) async fn recolumn(&self, column: Column) -> Result<i64, Failure> {
        let mut sealed_anew = 0;
        for table in TABLES.iter().filter(|table| table.column == column) {
            let mut first = vec![];
            let mut second = vec![];
            loop {
                let rows = self.recolumn_some(table, &mut first, &mut second).await?;
                let Some(rows) = rows else { break };
                sealed_anew += rows;
            }
        }
        Ok(sealed_anew)
    }

    /// One batch; `None` when there was nothing left.
    async fn recolumn_some(
        &self,
        table: &Table,
        first: &mut Vec<u8>,
        second: &mut Vec<u8>,
    ) -> Result<Option<i64>, Failure> {
        let purpose = Purpose::Column(table.column);
        let now = self.clock.now();
        let current = self.keks.current(purpose, now)?.id;
        // Read beside the writer: where there is nothing to do, the whole table is looked through.
        let mut tx = self.letters.read("find older columns").await?;
        let from = args![current.as_bytes(), &*first, &*second, BATCH];
        let rows = tx.query(table.select, from).await?;
        drop(tx);
        let Some(last) = rows.last() else { return Ok(None) };
        (*first, *second) = (last.bytes(0)?.to_vec(), last.bytes(1)?.to_vec());
        let mut done = 0;
        let mut closed = 0;
        let mut tx = self.letters.begin_background("seal columns anew").await?;
        for row in &rows {
            let old = row.bytes(2)?;
            let place = place(table.column, (table.place)(row)?.as_bytes());
            let Ok(plain) = self.keks.unseal(purpose, &place, old) else {
                closed += 1;
                continue;
            };
            let fresh = self.keks.seal(purpose, &place, &plain, now, &*self.random)?;
            let values = args![&fresh, old, row.bytes(0)?, row.bytes(1)?];
            let values = if table.has_second { values } else { &values[..3] };
            // None when somebody changed the row, and so sealed it anew, a moment ago.
            done += i64::try_from(tx.execute(table.update, values).await?.count()).unwrap_or(0);
        }
        tx.commit().await?;
        if closed > 0 {
            warn!(
                table = table.name,
                closed, "Columns that do not open in their place keep an old key in use"
            );
        }
        Ok(Some(done))
    }
}

const BATCH: i64 = 256;

static TABLES: [Table; 11] = [
    Table {
        name: "contact",
        column: Column::Contact,
        select: "SELECT contact_id, contact_id, address FROM contact WHERE confirmed_at IS NOT NULL \
            AND substr(address, 5, 8) <> $1 \
            AND (contact_id > $2 OR contact_id = $2 AND contact_id > $3) ORDER BY contact_id LIMIT $4",
        update: "UPDATE contact SET address = $1 WHERE address = $2 AND contact_id = $3",
        has_second: false,
        place: |row| row.id::<ContactId>(0).map(contact_address),
    },
    Table {
        name: "contact that waits",
        column: Column::Contact,
        select: "SELECT contact_id, person_id, address FROM contact WHERE confirmed_at IS NULL \
            AND substr(address, 5, 8) <> $1 \
            AND (contact_id > $2 OR contact_id = $2 AND person_id > $3) ORDER BY contact_id LIMIT $4",
        update: "UPDATE contact SET address = $1 WHERE address = $2 AND contact_id = $3",
        has_second: false,
        place: |row| Ok(contact_waiting(row.id(0)?, row.id(1)?)),
    },
    Table {
        name: "mandate",
        column: Column::Note,
        select: "SELECT mandate_id, mandate_id, note FROM mandate WHERE substr(note, 5, 8) <> $1 \
            AND (mandate_id > $2 OR mandate_id = $2 AND mandate_id > $3) ORDER BY mandate_id LIMIT $4",
        update: "UPDATE mandate SET note = $1 WHERE note = $2 AND mandate_id = $3",
        has_second: false,
        place: |row| row.id::<MandateId>(0).map(mandate_note),
    },
    Table {
        name: "invitation label",
        column: Column::Note,
        select: "SELECT invitation_id, mailbox_id, label FROM invitation WHERE substr(label, 5, 8) <> $1 \
            AND (invitation_id > $2 OR invitation_id = $2 AND mailbox_id > $3) ORDER BY invitation_id LIMIT $4",
        update: "UPDATE invitation SET label = $1 WHERE label = $2 AND invitation_id = $3",
        has_second: false,
        place: |row| Ok(invitation_label(row.id(0)?, row.id(1)?)),
    },
    Table {
        name: "invitation owner",
        column: Column::Note,
        select: "SELECT invitation_id, mailbox_id, owner_name, address_mac FROM invitation \
            WHERE substr(owner_name, 5, 8) <> $1 \
            AND (invitation_id > $2 OR invitation_id = $2 AND mailbox_id > $3) ORDER BY invitation_id LIMIT $4",
        update: "UPDATE invitation SET owner_name = $1 WHERE owner_name = $2 AND invitation_id = $3",
        has_second: false,
        place: |row| Ok(invitation_owner(row.id(0)?, row.id(1)?, &row.tag(3)?)),
    },
    Table {
        name: "invitation helper",
        column: Column::Note,
        select: "SELECT invitation_id, helper_id, helper_name, mailbox_id FROM invitation \
            WHERE helper_name IS NOT NULL AND substr(helper_name, 5, 8) <> $1 \
            AND (invitation_id > $2 OR invitation_id = $2 AND helper_id > $3) \
            ORDER BY invitation_id, helper_id LIMIT $4",
        update: "UPDATE invitation SET helper_name = $1 WHERE helper_name = $2 AND invitation_id = $3 \
            AND helper_id = $4",
        has_second: true,
        place: |row| Ok(invitation_helper(row.id(0)?, row.id(3)?, row.id(1)?)),
    },
    Table {
        name: "declined",
        column: Column::Declined,
        select: "SELECT mailbox_id, sender_mac, sender FROM declined WHERE substr(sender, 5, 8) <> $1 \
            AND (mailbox_id > $2 OR mailbox_id = $2 AND sender_mac > $3) ORDER BY mailbox_id, sender_mac LIMIT $4",
        update: "UPDATE declined SET sender = $1 WHERE sender = $2 AND mailbox_id = $3 AND sender_mac = $4",
        has_second: true,
        place: |row| Ok(declined_sender(row.id::<MailboxId>(0)?, &row.tag(1)?)),
    },
    // The kind is no bytes, so that the ciphertext itself is the second part of the key.
    Table {
        name: "pending",
        column: Column::Pending,
        select: "SELECT address_mac, request, request, kind FROM pending WHERE substr(request, 5, 8) <> $1 \
            AND (address_mac > $2 OR address_mac = $2 AND request > $3) ORDER BY address_mac, request LIMIT $4",
        update: "UPDATE pending SET request = $1 WHERE request = $2 AND address_mac = $3",
        has_second: false,
        place: |row| Ok(pending_request(row.text(3)?, &row.tag(0)?)),
    },
    Table {
        name: "announcement",
        column: Column::Announcement,
        select: "SELECT announcement_id, announcement_id, words FROM announcement \
            WHERE words IS NOT NULL AND substr(words, 5, 8) <> $1 \
            AND (announcement_id > $2 OR announcement_id = $2 AND announcement_id > $3) \
            ORDER BY announcement_id LIMIT $4",
        update: "UPDATE announcement SET words = $1 WHERE words = $2 AND announcement_id = $3",
        has_second: false,
        place: |row| row.id::<AnnouncementId>(0).map(announcement_words),
    },
    // A person with several numbers comes several times; the profile opens under the one it was sealed with.
    Table {
        name: "person",
        column: Column::Profile,
        select: "SELECT p.person_id, l.mac, p.profile FROM person p JOIN login l ON l.person_id = p.person_id \
            WHERE substr(p.profile, 5, 8) <> $1 AND (p.person_id > $2 OR p.person_id = $2 AND l.mac > $3) \
            ORDER BY p.person_id, l.mac LIMIT $4",
        update: "UPDATE person SET profile = $1 WHERE profile = $2 AND person_id = $3",
        has_second: false,
        place: |row| Ok(person_profile(&row.tag(1)?)),
    },
    Table {
        name: "organisation",
        column: Column::Profile,
        select: "SELECT o.organisation_id, i.mac, o.profile FROM organisation o \
            JOIN identity i ON i.owner_id = o.organisation_id \
            WHERE substr(o.profile, 5, 8) <> $1 \
            AND (o.organisation_id > $2 OR o.organisation_id = $2 AND i.mac > $3) \
            ORDER BY o.organisation_id, i.mac LIMIT $4",
        update: "UPDATE organisation SET profile = $1 WHERE profile = $2 AND organisation_id = $3",
        has_second: false,
        place: |row| Ok(organisation_profile(&row.tag(1)?)),
    },
];
