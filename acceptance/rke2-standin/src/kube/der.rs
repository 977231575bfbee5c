//! A certificate with another subject than the one it was made with. rcgen keeps one value of each type in a name; a
//! user in two groups has two organisations.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Puts `subject` (a DER name) into a certificate and signs it anew; DER.
pub(crate) fn with_subject<E>(
    certificate: &[u8],
    subject: &[u8],
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Option<Result<Vec<u8>, E>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let old = parsed.tbs_certificate.subject.as_raw();
    let body = content(certificate)?;
    let signed = element(body)?;
    let algorithm = element(body.get(signed.len()..)?)?;
    let fields = content(signed)?;
    // The issuer may be called like the subject: its name comes first, so the place is counted, not searched.
    let at = (old.as_ptr() as usize).checked_sub(fields.as_ptr() as usize)?;
    let fields = [fields.get(..at)?, subject, fields.get(at + old.len()..)?].concat();
    let signed = sequence(&fields);
    Some(sign(&signed).map(|signature| {
        // A BIT STRING without unused bits.
        let signature = encode(0x03, &[&[0], signature.as_slice()].concat());
        sequence(&[signed, algorithm.to_vec(), signature].concat())
    }))
}

/// As PEM.
pub(crate) fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn sequence(content: &[u8]) -> Vec<u8> {
    encode(0x30, content)
}

fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let long: Vec<u8> =
                content.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            bytes.extend(long);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// How long the head of an element is, and how long its content.
fn lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    let first = *bytes.get(1)?;
    if first < 0x80 {
        return Some((2, usize::from(first)));
    }
    let count = usize::from(first & 0x7f);
    let length = bytes.get(2..2 + count)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    Some((2 + count, length))
}

fn element(bytes: &[u8]) -> Option<&[u8]> {
    let (head, length) = lengths(bytes)?;
    bytes.get(..head + length)
}

fn content(bytes: &[u8]) -> Option<&[u8]> {
    let (head, length) = lengths(bytes)?;
    bytes.get(head..head + length)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SigningKey as _};

    use super::super::certificates;
    use super::*;

    fn attribute(kind: u8, value: &str) -> Vec<u8> {
        let oid = encode(0x06, &[0x55, 0x04, kind]);
        encode(0x31, &sequence(&[oid, encode(0x0c, value.as_bytes())].concat()))
    }

    #[test]
    fn a_name_with_two_organisations_is_put_in_and_signed() {
        let key = KeyPair::generate().unwrap();
        let old = CertificateParams::default().self_signed(&key).unwrap();
        let name = sequence(&[attribute(10, "ops"), attribute(10, "dev"), attribute(3, "jane")].concat());
        let new = with_subject(old.der(), &name, |bytes| key.sign(bytes)).unwrap().unwrap();
        let subject = certificates::subject(&new).unwrap();
        assert_eq!(
            (subject.common_name.as_str(), subject.organizations),
            ("jane", vec!["ops".to_owned(), "dev".to_owned()])
        );
        let (rest, parsed) = X509Certificate::from_der(&new).unwrap();
        assert!(rest.is_empty());
        let signed = parsed.tbs_certificate.as_ref();
        ring::signature::UnparsedPublicKey::new(
            &ring::signature::ECDSA_P256_SHA256_ASN1,
            &*parsed.public_key().subject_public_key.data,
        )
        .verify(signed, &parsed.signature_value.data)
        .unwrap();
    }
}
