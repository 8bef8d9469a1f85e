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
        (*first, *second) = (last.bytes("first_key")?.to_vec(), last.bytes("second_key")?.to_vec());
        let mut done = 0;
        let mut closed = 0;
        let mut tx = self.letters.begin_background("seal columns anew").await?;
        for row in &rows {
            let old = row.bytes("sealed")?;
            let place = place(table.column, (table.place)(row)?.as_bytes());
            let Ok(plain) = self.keks.unseal(purpose, &place, old) else {
                closed += 1;
                continue;
            };
            let fresh = self.keks.seal(purpose, &place, &plain, now, &*self.random)?;
            let values = args![&fresh, old, row.bytes("first_key")?, row.bytes("second_key")?];
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
        select: "SELECT contact_id AS first_key, contact_id AS second_key, address AS sealed FROM contact \
            WHERE confirmed_at IS NOT NULL \
            AND substr(address, 5, 8) <> $1 \
            AND (contact_id > $2 OR contact_id = $2 AND contact_id > $3) ORDER BY contact_id LIMIT $4",
        update: "UPDATE contact SET address = $1 WHERE address = $2 AND contact_id = $3",
        has_second: false,
        place: |row| row.id::<ContactId>("first_key").map(contact_address),
    },
    Table {
        name: "contact that waits",
        column: Column::Contact,
        select: "SELECT contact_id AS first_key, person_id AS second_key, address AS sealed FROM contact \
            WHERE confirmed_at IS NULL \
            AND substr(address, 5, 8) <> $1 \
            AND (contact_id > $2 OR contact_id = $2 AND person_id > $3) ORDER BY contact_id LIMIT $4",
        update: "UPDATE contact SET address = $1 WHERE address = $2 AND contact_id = $3",
        has_second: false,
        place: |row| Ok(contact_waiting(row.id("first_key")?, row.id("second_key")?)),
    },
    Table {
        name: "mandate",
        column: Column::Note,
        select: "SELECT mandate_id AS first_key, mandate_id AS second_key, note AS sealed FROM mandate \
            WHERE substr(note, 5, 8) <> $1 \
            AND (mandate_id > $2 OR mandate_id = $2 AND mandate_id > $3) ORDER BY mandate_id LIMIT $4",
        update: "UPDATE mandate SET note = $1 WHERE note = $2 AND mandate_id = $3",
        has_second: false,
        place: |row| row.id::<MandateId>("first_key").map(mandate_note),
    },
    Table {
        name: "invitation label",
        column: Column::Note,
        select: "SELECT invitation_id AS first_key, mailbox_id AS second_key, label AS sealed FROM invitation \
            WHERE substr(label, 5, 8) <> $1 \
            AND (invitation_id > $2 OR invitation_id = $2 AND mailbox_id > $3) ORDER BY invitation_id LIMIT $4",
        update: "UPDATE invitation SET label = $1 WHERE label = $2 AND invitation_id = $3",
        has_second: false,
        place: |row| Ok(invitation_label(row.id("first_key")?, row.id("second_key")?)),
    },
    Table {
        name: "invitation owner",
        column: Column::Note,
        select: "SELECT invitation_id AS first_key, mailbox_id AS second_key, owner_name AS sealed, \
            address_mac FROM invitation \
            WHERE substr(owner_name, 5, 8) <> $1 \
            AND (invitation_id > $2 OR invitation_id = $2 AND mailbox_id > $3) ORDER BY invitation_id LIMIT $4",
        update: "UPDATE invitation SET owner_name = $1 WHERE owner_name = $2 AND invitation_id = $3",
        has_second: false,
        place: |row| {
            Ok(invitation_owner(row.id("first_key")?, row.id("second_key")?, &row.tag("address_mac")?))
        },
    },
    Table {
        name: "invitation helper",
        column: Column::Note,
        select: "SELECT invitation_id AS first_key, helper_id AS second_key, helper_name AS sealed, \
            mailbox_id FROM invitation \
            WHERE helper_name IS NOT NULL AND substr(helper_name, 5, 8) <> $1 \
            AND (invitation_id > $2 OR invitation_id = $2 AND helper_id > $3) \
            ORDER BY invitation_id, helper_id LIMIT $4",
        update: "UPDATE invitation SET helper_name = $1 WHERE helper_name = $2 AND invitation_id = $3 \
            AND helper_id = $4",
        has_second: true,
        place: |row| {
            Ok(invitation_helper(row.id("first_key")?, row.id("mailbox_id")?, row.id("second_key")?))
        },
    },
    Table {
        name: "declined",
        column: Column::Declined,
        select: "SELECT mailbox_id AS first_key, sender_mac AS second_key, sender AS sealed FROM declined \
            WHERE substr(sender, 5, 8) <> $1 \
            AND (mailbox_id > $2 OR mailbox_id = $2 AND sender_mac > $3) ORDER BY mailbox_id, sender_mac LIMIT $4",
        update: "UPDATE declined SET sender = $1 WHERE sender = $2 AND mailbox_id = $3 AND sender_mac = $4",
        has_second: true,
        place: |row| Ok(declined_sender(row.id::<MailboxId>("first_key")?, &row.tag("second_key")?)),
    },
    // The kind is no bytes, so that the ciphertext itself is the second part of the key.
    Table {
        name: "pending",
        column: Column::Pending,
        select: "SELECT address_mac AS first_key, request AS second_key, request AS sealed, kind FROM pending \
            WHERE substr(request, 5, 8) <> $1 \
            AND (address_mac > $2 OR address_mac = $2 AND request > $3) ORDER BY address_mac, request LIMIT $4",
        update: "UPDATE pending SET request = $1 WHERE request = $2 AND address_mac = $3",
        has_second: false,
        place: |row| Ok(pending_request(row.text("kind")?, &row.tag("first_key")?)),
    },
    Table {
        name: "announcement",
        column: Column::Announcement,
        select: "SELECT announcement_id AS first_key, announcement_id AS second_key, words AS sealed \
            FROM announcement \
            WHERE words IS NOT NULL AND substr(words, 5, 8) <> $1 \
            AND (announcement_id > $2 OR announcement_id = $2 AND announcement_id > $3) \
            ORDER BY announcement_id LIMIT $4",
        update: "UPDATE announcement SET words = $1 WHERE words = $2 AND announcement_id = $3",
        has_second: false,
        place: |row| row.id::<AnnouncementId>("first_key").map(announcement_words),
    },
    // A person with several numbers comes several times; the profile opens under the one it was sealed with.
    Table {
        name: "person",
        column: Column::Profile,
        select: "SELECT p.person_id AS first_key, l.mac AS second_key, p.profile AS sealed \
            FROM person p JOIN login l ON l.person_id = p.person_id \
            WHERE substr(p.profile, 5, 8) <> $1 AND (p.person_id > $2 OR p.person_id = $2 AND l.mac > $3) \
            ORDER BY p.person_id, l.mac LIMIT $4",
        update: "UPDATE person SET profile = $1 WHERE profile = $2 AND person_id = $3",
        has_second: false,
        place: |row| Ok(person_profile(&row.tag("second_key")?)),
    },
    Table {
        name: "organisation",
        column: Column::Profile,
        select: "SELECT o.organisation_id AS first_key, i.mac AS second_key, o.profile AS sealed \
            FROM organisation o \
            JOIN identity i ON i.owner_id = o.organisation_id \
            WHERE substr(o.profile, 5, 8) <> $1 \
            AND (o.organisation_id > $2 OR o.organisation_id = $2 AND i.mac > $3) \
            ORDER BY o.organisation_id, i.mac LIMIT $4",
        update: "UPDATE organisation SET profile = $1 WHERE profile = $2 AND organisation_id = $3",
        has_second: false,
        place: |row| Ok(organisation_profile(&row.tag("second_key")?)),
    },
];
