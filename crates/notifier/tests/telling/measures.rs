//! What the operator sees of notices, and that it is about nobody.

use crate::world::{MINUTE, TOWN, World};
use domain::words::Channel;
use metrics_exporter_prometheus::PrometheusBuilder;
use notifier::{Failure, Fault};
use store::{DatabaseKind, testing::Database};

#[test]
fn notices_and_letters_are_counted_by_what_became_of_them() {
    let recorder = PrometheusBuilder::new().build_recorder();
    // On one thread, so that the recorder of this thread counts all.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let database = Database::fresh(DatabaseKind::Sqlite).await.unwrap();
            let world = World::new(database.store.clone()).await;
            let anna = world.with_mail("canary.anna@example.test").await;
            world.contact(anna, Channel::Sms, "+46709990605").await;
            let bo = world.with_mail("canary.bo@example.test").await;
            let cleo = world.citizen().await;
            world.phones.fault("+46709990605", Fault::Fail(Failure::BadAddress("sms_no_such_number")));
            world.mail.fault("canary.bo@example.test", Fault::Fail(Failure::Later("smtp_not_now")));
            world.letters(&[anna.mailbox_id, bo.mailbox_id, cleo.mailbox_id], TOWN).await;
            world.work().await;
            world.mail.heal();
            world.after(2 * MINUTE).await;
            world.letter(anna.mailbox_id, TOWN).await;
            world.work().await;
            database.remove().await;
        });
    });
    let text = recorder.handle().render();
    for line in [
        r#"kuvert_notices_total{channel="email",result="sent"} 2"#,
        r#"kuvert_notices_total{channel="email",result="smtp_not_now"} 1"#,
        r#"kuvert_notices_total{channel="email",result="shared"} 1"#,
        r#"kuvert_notices_total{channel="sms",result="sms_no_such_number"} 1"#,
        r#"kuvert_letters_told_total{state="sent"} 3"#,
        r#"kuvert_letters_told_total{state="no_contact_point"} 1"#,
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    for word in ["canary", "9990605"] {
        assert!(!text.contains(word), "{word} stands in the metrics");
    }
}
