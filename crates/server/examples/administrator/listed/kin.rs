//! What the audit did not do, of the same kind as what it did: 43 to 45.

use super::rights::{MEMORY, mandate_row};
use crate::play::{
    citizen::Citizen,
    database::Value,
    seen::Seen,
    stage::{ANNA, BO, Kind, Letter, Stage},
};
use anyhow::Result;
use testing::LADAN as OPERATOR;

/// 43: Anna's address stands among Bo's as one that he has not confirmed, and he looks at his addresses.
pub async fn address_of_another(stage: &mut Stage) -> Result<Seen> {
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let of_anna = format!("WHERE person_id = {} AND channel = 'email'", stage.database.bytes(&stage.anna.id));
    let row = stage.database.row("contact", &of_anna).await?;
    let bo = Value::Bytes(stage.bo.id.to_vec());
    stage.hand().update(&row, &[("person_id", bo), ("confirmed_at", Value::Null)]).await?;
    match Citizen::log_in(&stage.service.urls.web, BO).await {
        Ok(mut bo) => {
            let page = bo.page("/contacts").await?;
            seen.access += u32::from(page.text.contains("anna@example.com"));
        }
        Err(error) => seen.refused.push(format!("Bo's log-in: {error:#}")),
    }
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 44: what is sent to Anna is to go to another operator.
pub async fn elsewhere(stage: &mut Stage) -> Result<Seen> {
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let of_anna = format!("WHERE owner_id = {}", stage.database.bytes(&stage.anna.id));
    let identity = stage.database.row("identity", &of_anna).await?;
    let place = "https://ladan.example/service/v3";
    let add = ["operator", "add", OPERATOR, "ladan.example", "Lådan", "--service-address", place];
    stage.service.must(&add, "").await?;
    tokio::time::sleep(MEMORY).await;
    let row = crate::play::database::Row {
        table: "registration",
        values: [
            ("address_mac", identity.get("mac").clone()),
            ("registered_at", identity.get("valid_from").clone()),
            ("operator", Value::Text(OPERATOR.to_owned())),
            ("account_type", Value::Text("secure".to_owned())),
            ("ended_at", Value::Null),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
    };
    stage.hand().insert(&[row]).await?;
    let (draft, _) = stage.draft(ANNA, Kind::default());
    let reply = stage.town.send(&draft).await?;
    // Taken for another operator: what is accepted for a mailbox here is answered with 201.
    seen.forged += u32::from(reply.status == 202);
    if !reply.is_taken() && reply.status != 422 {
        seen.refused.push(format!("a letter: {} {}", reply.status, reply.code));
    }
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 45: Bo gives himself a right over Anna's mailbox, and puts her letter away.
pub async fn moves_and_erases(stage: &mut Stage) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind::default()).await?;
    stage.reads(ANNA, &[&letter], &mut Seen::default()).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let from = stage.one("letter", &letter).await?.int("accepted_at") - 1;
    let row = mandate_row(stage, "signatory", from);
    stage.hand().insert(&[row]).await?;
    let before = lies(stage, &letter).await?;
    if let Ok(mut bo) = Citizen::log_in(&stage.service.urls.web, BO).await {
        for act in ["archive", "bin", "erase"] {
            let page = bo.force("/", &format!("{}/{act}", letter.path())).await?;
            if act == "archive" && page.status >= 400 {
                seen.refused.push(format!("{act}: {}", page.status));
            }
        }
    }
    seen.access += u32::from(lies(stage, &letter).await? != before);
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// Where a letter lies, and whether there is anything of it.
async fn lies(stage: &Stage, letter: &Letter) -> Result<Vec<Vec<Value>>> {
    let rows = stage.rows("letter", letter).await?;
    let columns = ["header", "archived_at", "binned_at", "done_at"];
    Ok(rows.iter().map(|row| columns.map(|column| row.get(column).clone()).to_vec()).collect())
}
