//! A client of HTTP from PEM files.

use anyhow::Context as _;

use super::Pair;

/// A client of HTTP that trusts one authority, or everything where none is known yet, and shows a certificate.
pub(crate) fn client(ca: Option<&str>, identity: Option<&Pair>) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .connect_timeout(std::time::Duration::from_secs(5))
        .timeout(std::time::Duration::from_secs(30));
    builder = match ca {
        Some(ca) => {
            let bundle =
                reqwest::Certificate::from_pem_bundle(ca.as_bytes()).context("the authority is not PEM")?;
            builder.tls_certs_only(bundle)
        }
        None => builder.tls_danger_accept_invalid_certs(true),
    };
    if let Some(pair) = identity {
        let pem = format!("{}\n{}", pair.certificate, pair.key);
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).context("no identity")?);
    }
    Ok(builder.build()?)
}
