#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    certificates, operators,
    operators::OperatorCertificateError,
    senders,
    world::{BREVEN, KOMMUNEN, LADAN, OWN, VERKET, World, certificate, key, org},
};
use domain::CertificateDigest;
use store::{Store, both};

both!(
    only_a_registered_certificate_makes_its_organisation_the_caller,
    an_operator_calls_by_certificates_of_its_own,
    operator_certificates_are_read_before_they_are_added,
);

async fn world(store: Store) -> World {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.senders(&mut tx).await;
    world.operators(&mut tx).await;
    tx.commit().await.unwrap();
    world
}

async fn only_a_registered_certificate_makes_its_organisation_the_caller(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let own = certificate(KOMMUNEN, &key(), (2026, 2028));
    let expired = certificate(KOMMUNEN, &key(), (2026, 2027));
    let own = certificates::add(&mut tx, &org(KOMMUNEN), &own, world.now()).await.unwrap().sha256;
    let expired = certificates::add(&mut tx, &org(KOMMUNEN), &expired, world.now()).await.unwrap();
    let later = expired.not_after.plus(std::time::Duration::from_secs(1));
    let state = Snapshot::load(&mut tx).await.unwrap();
    let caller = |sha256: &CertificateDigest, number: &str| state.caller(sha256, &org(number), world.now());
    assert_eq!(caller(&own, KOMMUNEN), Ok(()));
    assert_eq!(caller(&CertificateDigest::from_bytes([7; 32]), KOMMUNEN), Err(NoCaller::Certificate));
    assert_eq!(caller(&own, VERKET), Err(NoCaller::Certificate), "another's");
    assert_eq!(caller(&own, "164020000081"), Err(NoCaller::Organisation));
    assert_eq!(caller(&CertificateDigest::from_bytes([7; 32]), OWN), Err(NoCaller::Certificate));
    assert_eq!(caller(&expired.sha256, KOMMUNEN), Ok(()));
    assert_eq!(state.caller(&expired.sha256, &org(KOMMUNEN), later), Err(NoCaller::Expired));
    assert!(state.is_registered(&own, &org(KOMMUNEN)) && !state.is_registered(&own, &org(VERKET)));

    certificates::revoke(&mut tx, &own, world.now()).await.unwrap();
    // A suspended organisation is known, and told that it is suspended.
    senders::suspend(&mut tx, &org(KOMMUNEN), world.now()).await.unwrap();
    let state = Snapshot::load(&mut tx).await.unwrap();
    assert_eq!(state.caller(&own, &org(KOMMUNEN), world.now()), Err(NoCaller::Revoked));
    assert_eq!(state.caller(&expired.sha256, &org(KOMMUNEN), world.now()), Ok(()));
}

async fn an_operator_calls_by_certificates_of_its_own(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let [one, two] = [(); 2].map(|()| certificate(LADAN, &key(), (2026, 2028)));
    let version = crate::version(&mut tx).await.unwrap();
    let one = operators::add_certificate(&mut tx, &one, world.now()).await.unwrap().sha256;
    let two = operators::add_certificate(&mut tx, &two, world.now()).await.unwrap().sha256;
    assert_eq!(crate::version(&mut tx).await.unwrap(), version + 2);
    let state = Snapshot::load(&mut tx).await.unwrap();
    for sha256 in [&one, &two] {
        assert_eq!(state.caller(sha256, &org(LADAN), world.now()), Ok(()));
        assert_eq!(state.caller(sha256, &org(BREVEN), world.now()), Err(NoCaller::Certificate));
        assert!(state.certificate(sha256).is_none(), "it signs nothing");
    }
    assert!(operators::revoke_certificate(&mut tx, &one, world.now()).await.unwrap());
    assert!(!operators::revoke_certificate(&mut tx, &one, world.now()).await.unwrap());
    assert!(
        !operators::revoke_certificate(&mut tx, &CertificateDigest::from_bytes([7; 32]), world.now())
            .await
            .unwrap()
    );
    let state = Snapshot::load(&mut tx).await.unwrap();
    assert!(state.is_revoked(&one) && !state.is_revoked(&two));
    assert_eq!(state.caller(&one, &org(LADAN), world.now()), Err(NoCaller::Revoked));
    assert_eq!(state.caller(&two, &org(LADAN), world.now()), Ok(()));
    let held = operators::certificates_of(&mut tx, &org(LADAN)).await.unwrap();
    assert_eq!((held.len(), operators::all_certificates(&mut tx).await.unwrap().len()), (2, 2));

    operators::end(&mut tx, &org(LADAN), world.now()).await.unwrap();
    let state = Snapshot::load(&mut tx).await.unwrap();
    assert_eq!(state.caller(&two, &org(LADAN), world.now()), Err(NoCaller::Organisation));
}

async fn operator_certificates_are_read_before_they_are_added(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let der = certificate(LADAN, &key(), (2026, 2028));
    for (der, why) in [
        (b"nothing".to_vec(), "not an X.509"),
        (certificate("4711", &key(), (2026, 2028)), "serialNumber"),
        (certificate(LADAN, &key(), (2020, 2021)), "expired"),
        (certificate(KOMMUNEN, &key(), (2026, 2028)), "operator add"),
        (certificate(OWN, &key(), (2026, 2028)), "our own"),
    ] {
        let error = operators::add_certificate(&mut tx, &der, world.now()).await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert!(!matches!(error, OperatorCertificateError::Store(_)));
    }
    let first = operators::add_certificate(&mut tx, &der, world.now()).await.unwrap();
    operators::revoke_certificate(&mut tx, &first.sha256, world.now()).await.unwrap();
    let again = operators::add_certificate(&mut tx, &der, world.now()).await.unwrap();
    assert!(again.revoked_at.is_some() && again.usable(world.now()).is_err(), "it does not come back");
}
