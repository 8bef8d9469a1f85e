//! What only a connection can carry: lengths that are not so, other media types, and other people's certificates.

use super::{
    corpus::{Forge, subject},
    door::{CUT, Door, Request, client},
};
use anyhow::Result;

pub fn all(forge: &Forge, door: &Door) -> Result<Vec<(String, Request)>> {
    let good = || forge.good().into_bytes();
    let mut all = Vec::new();
    let mut add = |name: &str, request: Request| all.push((format!("wire: {name}"), request));
    for (name, content_type) in [
        ("SOAP 1.2 by its media type", "application/soap+xml; charset=utf-8"),
        ("JSON", "application/json"),
        ("no media type", ""),
        ("another charset", "text/xml; charset=iso-8859-1"),
        ("UTF-16 by its charset", "text/xml; charset=\"utf-16\""),
        ("a form", "application/x-www-form-urlencoded"),
        ("MTOM by its media type", "multipart/related; type=\"application/xop+xml\"; boundary=b"),
    ] {
        add(name, Request::with(content_type, good()));
    }
    let part = "--b\r\nContent-Type: application/xop+xml; charset=utf-8; type=\"text/xml\"\r\n\r\n";
    let parts = [part.as_bytes(), &good(), b"\r\n--b--\r\n"].concat();
    add("MTOM", Request::with("multipart/related; type=\"application/xop+xml\"; boundary=b", parts.clone()));
    add("MTOM as text/xml", Request::post(parts));

    // Magic of gzip, and one stored block.
    let plain = good();
    let length = (plain.len() as u16).to_le_bytes();
    let mut gzip = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    gzip.extend(length);
    gzip.extend(length.map(|b| !b));
    gzip.extend(&plain);
    gzip.extend([0; 8]);
    let mut request = Request::post(gzip);
    request.head.push_str("Content-Encoding: gzip\r\n");
    add("gzip", request);

    let told = |length: u64, body: Vec<u8>, more: &str| Request {
        head: format!("Content-Type: text/xml\r\nContent-Length: {length}\r\n{more}"),
        body,
        tls: None,
    };
    add("11 MiB by its length", told(11 << 20, Vec::new(), ""));
    add("4 EiB by its length", told(1 << 62, Vec::new(), ""));
    add("11 MiB", Request::post(vec![b' '; 11 << 20]));
    let mut chunked = Vec::new();
    for _ in 0..11 * 16 {
        chunked.extend(b"10000\r\n");
        chunked.extend(vec![b' '; 0x10000]);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    let by_chunks = |body: Vec<u8>| Request {
        head: "Content-Type: text/xml\r\nTransfer-Encoding: chunked\r\n".into(),
        body,
        tls: None,
    };
    add("11 MiB in chunks", by_chunks(chunked));
    add("a chunk of a false length", by_chunks([b"zz\r\n".to_vec(), good()].concat()));
    let long = good();
    add("cut off", told(long.len() as u64 + 10, long.clone(), CUT));
    add("cut off in the middle", told(long.len() as u64, long[..long.len() / 2].to_vec(), CUT));
    add("shorter by its length", told(long.len() as u64 / 2, long.clone(), ""));
    add("two lengths", told(long.len() as u64, long.clone(), "Content-Length: 5\r\n"));
    let both = [b"0\r\n\r\n".to_vec(), long].concat();
    add("length and chunks", told(both.len() as u64, both, "Transfer-Encoding: chunked\r\n"));

    let pki = &door.pki;
    let file = |name: &str| std::fs::read(pki.join(name));
    let by = |identity: Option<(&[u8], &[u8])>| Request {
        tls: Some(client(pki, identity)),
        ..Request::post(good())
    };
    add(
        "sent by an organisation that did not seal",
        by(Some((&file("164020000024.pem")?, &file("164020000024.key")?))),
    );
    add(
        "sent by a company that is no dispatcher",
        by(Some((&file("164020000040.pem")?, &file("164020000040.key")?))),
    );
    add("sent without a certificate", by(None));
    let key = &forge.cast.other;
    let pem = |der: &[u8]| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
            .into_bytes()
    };
    let certificate = |der: &[u8]| by(Some((&pem(der), key.key.as_bytes())));
    let client_auth = |of: &mut rcgen::CertificateParams| {
        of.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    };
    add(
        "sent by an organisation that is not registered",
        certificate(&forge.issue(key, |of| {
            *of = subject("165560000001");
            client_auth(of);
        })),
    );
    add(
        "sent with an expired certificate",
        certificate(&forge.issue(key, |of| {
            client_auth(of);
            of.not_after = rcgen::date_time_ymd(2021, 1, 1);
        })),
    );
    let dispatcher = &forge.cast.dispatcher;
    add(
        "sent with a revoked certificate of the dispatcher",
        by(Some((&pem(&forge.cast.revoked[1]), dispatcher.key.as_bytes()))),
    );
    let own = subject("164020000032").self_signed(&key.pair())?;
    add("sent with a self-signed certificate of the dispatcher's number", certificate(own.der()));
    Ok(all)
}
