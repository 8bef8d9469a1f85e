use super::*;
use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256,
    kem::X25519HkdfSha256, single_shot_open, single_shot_seal,
};
use proptest::prelude::*;

type Kem = X25519HkdfSha256;

const INFO: &[u8] = b"kuvert/1 letter key";
const AAD: &[u8] = b"a place";

struct Mailbox {
    private: <Kem as hpke::Kem>::PrivateKey,
    public: PublicKey,
}

fn mailbox() -> Mailbox {
    let (private, public) = Kem::gen_keypair();
    Mailbox { private, public: PublicKey::from_slice(&public.to_bytes()).unwrap() }
}

impl Mailbox {
    fn open(&self, sealed: &[u8], info: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let (suite, rest) = sealed.split_first()?;
        assert_eq!(*suite, SUITE);
        let (encapsulated, ciphertext) = rest.split_at_checked(ENCAPSULATED_BYTES)?;
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
        let mode = OpModeR::Base;
        single_shot_open::<AesGcm256, HkdfSha256, Kem>(
            &mode,
            &self.private,
            &encapsulated,
            info,
            ciphertext,
            aad,
        )
        .ok()
    }
}

#[test]
fn what_ring_seals_hpke_opens() {
    let anna = mailbox();
    for length in [0, 1, 32, 5000] {
        let plain = vec![7; length];
        let sealed = seal_to(&anna.public, INFO, AAD, &plain).unwrap();
        assert_eq!(sealed.len(), length + OVERHEAD_BYTES);
        assert_eq!(anna.open(&sealed, INFO, AAD), Some(plain));
    }
}

#[test]
fn only_the_mailbox_opens_and_only_in_its_place() {
    let anna = mailbox();
    let bo = mailbox();
    let sealed = seal_to(&anna.public, INFO, AAD, &[7; 32]).unwrap();
    assert_eq!(bo.open(&sealed, INFO, AAD), None);
    assert_eq!(anna.open(&sealed, b"kuvert/1 other", AAD), None);
    assert_eq!(anna.open(&sealed, INFO, b"another place"), None);
    for at in 1..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 0x10;
        assert_eq!(anna.open(&changed, INFO, AAD), None, "{at}");
    }
}

#[test]
fn a_key_of_small_order_is_refused() {
    assert_eq!(seal_to(&PublicKey::from_bytes([0; 32]), INFO, AAD, b""), Err(Opaque));
    let mut one = [0; 32];
    one[0] = 1;
    assert_eq!(seal_to(&PublicKey::from_bytes(one), INFO, AAD, b""), Err(Opaque));
}

/// The other way round: `hpke` seals, our key schedule opens. `ring` cannot hold the receiver's key, so the
/// Diffie-Hellman secret is made by letting `ring`'s ephemeral key be the receiver.
#[test]
fn what_hpke_seals_our_schedule_opens() {
    for plain in [&b""[..], b"32 bytes of a letter's own key..", &[7; 3000]] {
        let ours =
            agreement::EphemeralPrivateKey::generate(&agreement::X25519, &SystemRandom::new()).unwrap();
        let public: [u8; 32] = ours.compute_public_key().unwrap().as_ref().try_into().unwrap();
        let to = <Kem as hpke::Kem>::PublicKey::from_bytes(&public).unwrap();
        let (encapsulated, ciphertext) =
            single_shot_seal::<AesGcm256, HkdfSha256, Kem>(&OpModeS::Base, &to, INFO, plain, AAD).unwrap();
        let encapsulated = encapsulated.to_bytes();
        let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, &encapsulated);
        let secret =
            agreement::agree_ephemeral(ours, &peer, |dh| schedule::shared_secret(dh, &encapsulated, &public))
                .unwrap();
        let (key, nonce) = schedule::key_and_nonce(Aead::Aes256Gcm, &secret, INFO);
        assert_eq!(open_with(&aead::AES_256_GCM, &key, nonce, AAD, &ciphertext).unwrap(), plain);
    }
}

/// RFC 9180 Appendix A.1.1; `dh` is X25519(skEm, pkRm).
#[test]
fn rfc_9180_a_1_1_with_aes_128() {
    let secret = schedule::shared_secret(
        &hex("b3b5c19eab3f088ac18f23f774ff6414ba4fde45404d10085efc3e4dc9c72e35"),
        &hex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"),
        &hex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d").try_into().unwrap(),
    );
    assert_eq!(secret[..], hex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc"));
    let (key, nonce) = schedule::key_and_nonce(Aead::Aes128Gcm, &secret, b"Ode on a Grecian Urn");
    assert_eq!(key[..], hex("4531685d41d65f03dc48f6b8302c05b0"));
    assert_eq!(nonce[..], hex("56d890e5accaaf011cff4b7d"));
    let ciphertext =
        hex("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a");
    let plain = open_with(&aead::AES_128_GCM, &key, nonce, b"Count-0", &ciphertext).unwrap();
    assert_eq!(plain, b"Beauty is truth, truth beauty");
}

/// The published vector (mode 0, KEM 32, KDF 1, AEAD 2) of the RFC's companion file `test-vectors.json`: our
/// very suite, from the Diffie-Hellman result to the ciphertext.
#[test]
fn published_vector_with_aes_256() {
    let secret = schedule::shared_secret(
        &hex("8c42103025e73c5336ad3e50237c82aef60b33773574b94ef42ddf7093474c7a"),
        &hex("8e806d41aecfcece96a6b47f1e488a3ac6e48090d9b634355c705dd34311d900"),
        &hex("ac66bae9ffa270cf4a89ed9f274e30c0456babae2572aaaf002ff0d8884ab018").try_into().unwrap(),
    );
    let (key, nonce) = schedule::key_and_nonce(Aead::Aes256Gcm, &secret, b"Ode on a Grecian Urn");
    let ciphertext =
        hex("23ded2d5d90ea89d975dac4792b297240f194952d7421aacbff0474100052b6bb8aa58d18ef6c42b6960e2e28f");
    let plain = open_with(&aead::AES_256_GCM, &key, nonce, b"Count-0", &ciphertext).unwrap();
    assert_eq!(plain, b"Beauty is truth, truth beauty");
}

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn open_with(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    nonce: [u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
) -> Option<Vec<u8>> {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, key).unwrap());
    let mut buffer = ciphertext.to_vec();
    let nonce = aead::Nonce::assume_unique_for_key(nonce);
    key.open_in_place(nonce, aead::Aad::from(aad), &mut buffer).ok().map(|plain| plain.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_bytes_for_any_place_come_back(
        plain in proptest::collection::vec(any::<u8>(), 0..200),
        info in proptest::collection::vec(any::<u8>(), 0..60),
        aad in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let anna = mailbox();
        let sealed = seal_to(&anna.public, &info, &aad, &plain).unwrap();
        prop_assert_eq!(anna.open(&sealed, &info, &aad), Some(plain));
    }
}
