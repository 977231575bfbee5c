//! Reads certificates.

use anyhow::Context as _;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What a certificate says.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) usages: Vec<&'static str>,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

/// The common name and the organizations of a certificate.
pub(crate) fn names(der: &[u8]) -> anyhow::Result<(String, Vec<String>)> {
    let (_, certificate) = X509Certificate::from_der(der).context("no certificate")?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().next().and_then(|name| name.as_str().ok()).unwrap_or_default();
    let organizations =
        subject.iter_organization().filter_map(|name| name.as_str().ok()).map(str::to_owned).collect();
    Ok((name.to_owned(), organizations))
}

/// Every certificate in a PEM text.
pub(crate) fn inspect(pem: &str) -> anyhow::Result<Vec<Seen>> {
    Pem::iter_from_buffer(pem.as_bytes())
        .map(|block| {
            let block = block.context("no PEM")?;
            let certificate = block.parse_x509().context("no certificate")?;
            let mut usages = Vec::new();
            if let Ok(Some(extended)) = certificate.extended_key_usage() {
                if extended.value.client_auth {
                    usages.push("ClientAuth");
                }
                if extended.value.server_auth {
                    usages.push("ServerAuth");
                }
            }
            if certificate.is_ca() {
                usages.push("CertSign");
            }
            Ok(Seen {
                subject: certificate.subject().to_string(),
                issuer: certificate.issuer().to_string(),
                usages,
                not_before: certificate.validity().not_before.timestamp(),
                not_after: certificate.validity().not_after.timestamp(),
            })
        })
        .collect()
}
