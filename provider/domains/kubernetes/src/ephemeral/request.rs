//! A request for a certificate (PKCS #10): a user and any number of groups, signed with a new key.

use std::collections::BTreeSet;

use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use transport_ssh::Secret;

/// A key, PEM, and the request, PEM.
pub(super) struct Request {
    pub(super) key: Secret,
    pub(super) pem: String,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const UTF8: u8 = 0x0c;
const BITS: u8 = 0x03;
/// `[0]` of a sequence: the attributes of a request, of which there are none.
const NO_ATTRIBUTES: [u8; 2] = [0xa0, 0x00];
/// The number 0: version 1.
const VERSION: [u8; 3] = [0x02, 0x01, 0x00];
/// 2.5.4.3, a common name: Kubernetes' user.
const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
/// 2.5.4.10, an organisation: Kubernetes' group.
const ORGANISATION: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x0a];
/// `ecdsa-with-SHA256`, 1.2.840.10045.4.3.2.
const ECDSA_SHA256: [u8; 12] = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

impl Request {
    /// A new key on P-256, and a request for a certificate of it.
    pub(super) fn new(user: &str, groups: &BTreeSet<String>) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let groups = groups.iter().map(|group| (ORGANISATION, group.as_str()));
        let names: Vec<u8> =
            groups.chain([(COMMON_NAME, user)]).flat_map(|(kind, text)| name(kind, text)).collect();
        let info =
            [&VERSION[..], &wrap(SEQUENCE, &names), &key.subject_public_key_info(), &NO_ATTRIBUTES].concat();
        let info = wrap(SEQUENCE, &info);
        let signature = [&[0][..], &key.sign(&info)?].concat();
        let request = wrap(SEQUENCE, &[&info[..], &ECDSA_SHA256, &wrap(BITS, &signature)].concat());
        Ok(Self { key: Secret::new(key.serialize_pem()), pem: pem(&request) })
    }
}

fn name(kind: [u8; 5], text: &str) -> Vec<u8> {
    let value = wrap(UTF8, text.as_bytes());
    wrap(SET, &wrap(SEQUENCE, &[&kind[..], &value].concat()))
}

/// A tag, the length, the content.
fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length @ ..0x80) => out.push(length),
        _ => {
            let length: Vec<u8> =
                content.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            // Eight bytes at most.
            out.push(0x80 | u8::try_from(length.len()).unwrap_or(8));
            out.extend(length);
        }
    }
    out.extend(content);
    out
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE REQUEST-----\n");
    for line in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE REQUEST-----\n");
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::pem::parse_x509_pem;
    use x509_parser::prelude::FromDer as _;

    use super::*;

    fn made(groups: &[&str]) -> Request {
        Request::new("ci", &groups.iter().map(|group| (*group).to_owned()).collect()).unwrap()
    }

    #[test]
    fn the_user_and_every_group_are_in_it() {
        let long = "g".repeat(200);
        let (_, pem) = parse_x509_pem(made(&["a", "b", &long]).pem.as_bytes()).unwrap();
        let (rest, request) = X509CertificationRequest::from_der(&pem.contents).unwrap();
        assert!(rest.is_empty());
        let subject = &request.certification_request_info.subject;
        let texts = |names: Vec<&str>| names.join(",");
        assert_eq!(texts(subject.iter_common_name().map(|name| name.as_str().unwrap()).collect()), "ci");
        let groups = texts(subject.iter_organization().map(|name| name.as_str().unwrap()).collect());
        assert_eq!(groups, format!("a,b,{long}"));
    }

    /// What others make of it: `openssl` checks the signature.
    #[test]
    #[allow(clippy::print_stderr)]
    fn its_signature_is_good() {
        let spawned = Command::new("openssl")
            .args(["req", "-verify", "-noout", "-subject"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut openssl) = spawned else {
            eprintln!("SKIPPED: no openssl on this machine");
            return;
        };
        openssl.stdin.take().unwrap().write_all(made(&["a"]).pem.as_bytes()).unwrap();
        let output = openssl.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(
            output.status.success() && told.contains("verify ok")
                || told.contains("self-signature verify ok"),
            "{told}"
        );
    }
}
