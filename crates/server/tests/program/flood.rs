//! Log-ins that begin by the thousand from one network, once more than it may. How it is with 400,000, and how long others'
//! log-ins take meanwhile, is measured by the example `log_in_flood`, and not here.

#[path = "../../examples/common/citizen.rs"]
mod citizen;
#[path = "../../examples/log_in_flood/flood.rs"]
mod starts;

use crate::process::Demo;
use store::DatabaseKind;

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_begins_thousands_of_log_ins_keeps_nobody_else_out() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let web = format!("http://127.0.0.1:{}", demo.base);
    let flooding = tokio::spawn(starts::flood(([127, 0, 0, 1], demo.base).into(), 4_000, 2_000));
    while !flooding.is_finished() {
        citizen::log_in(&web, "198101052382").await.unwrap();
    }
    let answered = flooding.await.unwrap().unwrap();
    // Within one minute, or over the end of one.
    assert!(matches!(answered.begun, 3_000..=4_000), "{answered:?}");
    assert_eq!((answered.begun + answered.refused, answered.other), (4_000, 0), "{answered:?}");
    citizen::log_in(&web, "198101052382").await.unwrap();
    service.stop();
}
