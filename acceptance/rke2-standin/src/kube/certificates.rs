//! The authority of client certificates: reads names from certificates and signs requests
//! (pkg/controller/certificates/signer).

use std::time::Duration;

use rcgen::{
    CertificateSigningRequestParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
    SigningKey as _,
};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{AuthorityPem, der};

/// A certificate cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// rcgen refused.
    #[error("{0}")]
    Generator(#[from] rcgen::Error),
    /// Not a certificate.
    #[error("it is no PEM certificate")]
    Unreadable,
}

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) common_name: String,
    pub(crate) organizations: Vec<String>,
}

/// Signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    not_after: OffsetDateTime,
}

impl Authority {
    pub(crate) fn read(pem: &AuthorityPem) -> Result<Authority, CertificateError> {
        let key = KeyPair::from_pem(&pem.key)?;
        let issuer = Issuer::from_ca_cert_pem(&pem.certificate, key)?;
        let (_, first) = x509_parser::pem::parse_x509_pem(pem.certificate.as_bytes())
            .map_err(|_| CertificateError::Unreadable)?;
        let certificate = first.parse_x509().map_err(|_| CertificateError::Unreadable)?;
        Ok(Authority { issuer, not_after: certificate.validity().not_after.to_datetime() })
    }

    /// Signs a request for a client certificate; PEM. Longer than the authority itself lives nothing lasts.
    pub(crate) fn sign_client(&self, request: &str, lifetime: Duration) -> Result<String, CertificateError> {
        let subject = requested_name(request).ok_or(CertificateError::Unreadable)?;
        let mut request = CertificateSigningRequestParams::from_pem(request)?;
        let now = OffsetDateTime::now_utc();
        let mut serial = [0_u8; 16];
        let _unlikely = getrandom::fill(&mut serial);
        serial[0] &= 0x7f;
        request.params.serial_number = Some(SerialNumber::from_slice(&serial));
        // The signer back-dates by five minutes for clocks that are behind.
        request.params.not_before = now - time::Duration::minutes(5);
        request.params.not_after = (now + lifetime).min(self.not_after);
        request.params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = request.signed_by(&self.issuer)?;
        let signed = der::with_subject(certificate.der(), &subject, |bytes| self.issuer.key().sign(bytes));
        Ok(der::pem(&signed.ok_or(CertificateError::Unreadable)??))
    }

    /// A client certificate and its key, PEM.
    #[cfg(test)]
    pub(crate) fn issue_client(
        &self,
        common_name: &str,
        organizations: &[&str],
        lifetime: Duration,
    ) -> Result<(String, String), CertificateError> {
        use rcgen::{CertificateParams, DistinguishedName, DnType};
        let mut params = CertificateParams::default();
        let mut subject = DistinguishedName::new();
        for organization in organizations {
            subject.push(DnType::OrganizationName, *organization);
        }
        subject.push(DnType::CommonName, common_name);
        params.distinguished_name = subject;
        params.not_before = OffsetDateTime::now_utc() - time::Duration::minutes(5);
        params.not_after = OffsetDateTime::now_utc() + lifetime;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }
}

/// Whom a client certificate names. Its chain was checked when the connection came.
pub(crate) fn subject(der: &[u8]) -> Option<Subject> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    subject_of(certificate.subject())
}

/// Whom a signing request names.
pub(crate) fn requested_subject(pem: &str) -> Option<Subject> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
    let (_, request) =
        x509_parser::certification_request::X509CertificationRequest::from_der(&pem.contents).ok()?;
    subject_of(&request.certification_request_info.subject)
}

/// The name in a signing request as it stands there, DER.
fn requested_name(pem: &str) -> Option<Vec<u8>> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
    let (_, request) =
        x509_parser::certification_request::X509CertificationRequest::from_der(&pem.contents).ok()?;
    Some(request.certification_request_info.subject.as_raw().to_vec())
}

fn subject_of(name: &x509_parser::x509::X509Name<'_>) -> Option<Subject> {
    let text = |value: &x509_parser::x509::AttributeTypeAndValue<'_>| value.as_str().ok().map(str::to_owned);
    Some(Subject {
        common_name: name.iter_common_name().next().and_then(text)?,
        organizations: name.iter_organization().filter_map(text).collect(),
    })
}
