//! The certificate of a go-plugin host: ECDSA P-521, self-signed, an authority, as Go's library makes it.
//!
//! Written in DER by hand because no certificate library at hand signs with P-521 without another TLS stack.

use p521::ecdsa::signature::Signer as _;
use p521::ecdsa::{DerSignature, SigningKey};
use rustls_pki_types::{CertificateDer, alg_id};

const OID_COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const OID_BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const OID_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const OID_EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const OID_SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const OID_CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
const OID_SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];

/// A key and its certificate.
#[derive(Clone)]
pub struct HostCertificate {
    pub key: SigningKey,
    pub der: CertificateDer<'static>,
}

impl HostCertificate {
    /// The same seed gives the same key; signatures are deterministic, so the same certificate too.
    pub fn new(seed: u8) -> Self {
        let mut scalar = [seed; 66];
        scalar[0] = 0;
        let key = SigningKey::from_slice(&scalar).expect("a scalar below the order");
        let der = self_signed(&key).into();
        Self { key, der }
    }

    /// As `PLUGIN_CLIENT_CERT` carries it: several lines.
    pub fn pem(&self) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

fn self_signed(key: &SigningKey) -> Vec<u8> {
    let public = key.verifying_key().to_sec1_point(false);
    let name = sequence(&[tlv(0x31, &sequence(&[oid(OID_COMMON_NAME), tlv(0x0c, b"localhost")]))]);
    let validity = sequence(&[tlv(0x18, b"20240101000000Z"), tlv(0x18, b"20540101000000Z")]);
    let public = sequence(&[sequence(&[alg_id::ECDSA_P521.as_ref().to_vec()]), bits(0, public.as_ref())]);
    let tbs = sequence(&[
        tlv(0xa0, &tlv(2, &[2])),
        tlv(2, &[0x42]),
        signature_algorithm(),
        name.clone(),
        validity,
        name,
        public,
        tlv(0xa3, &extensions()),
    ]);
    let signature: DerSignature = key.sign(&tbs);
    sequence(&[tbs, signature_algorithm(), bits(0, signature.as_bytes())])
}

fn extensions() -> Vec<u8> {
    let critical = || tlv(1, &[0xff]);
    let usages = sequence(&[oid(OID_CLIENT_AUTH), oid(OID_SERVER_AUTH)]);
    sequence(&[
        // digitalSignature, keyEncipherment, keyAgreement, certSign
        sequence(&[oid(OID_KEY_USAGE), critical(), tlv(4, &bits(2, &[0b1010_1100]))]),
        sequence(&[oid(OID_EXTENDED_KEY_USAGE), tlv(4, &usages)]),
        sequence(&[oid(OID_BASIC_CONSTRAINTS), critical(), tlv(4, &sequence(&[tlv(1, &[0xff])]))]),
        sequence(&[oid(OID_SUBJECT_ALT_NAME), tlv(4, &sequence(&[tlv(0x82, b"localhost")]))]),
    ])
}

fn signature_algorithm() -> Vec<u8> {
    sequence(&[alg_id::ECDSA_SHA512.as_ref().to_vec()])
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn oid(arcs: &[u8]) -> Vec<u8> {
    tlv(6, arcs)
}

fn bits(unused: u8, content: &[u8]) -> Vec<u8> {
    tlv(3, &[&[unused], content].concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let length = match (content.len(), significant.len()) {
        (0..=127, _) => vec![significant.last().copied().unwrap_or(0)],
        (_, count) => [vec![0x80 | u8::try_from(count).expect("few bytes")], significant].concat(),
    };
    [vec![tag], length, content.to_vec()].concat()
}
