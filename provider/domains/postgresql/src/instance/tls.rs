//! Encryption of connections: what the server is told, and when a certificate is made or sent.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::model::Tls;
use super::spec::Spec;
use crate::errors::Refusal;
use tf_framework::Path;

/// Settings that follow from the block.
pub(crate) fn settings(spec: &Spec) -> BTreeMap<String, String> {
    let Some(tls) = &spec.postgresql.tls else { return BTreeMap::new() };
    let file = |name: &str| format!("{}/{name}", spec.config_directory());
    let mut settings = BTreeMap::from([
        ("ssl".to_owned(), "on".to_owned()),
        ("ssl_cert_file".to_owned(), file("hybridops-server.crt")),
        ("ssl_key_file".to_owned(), file("hybridops-server.key")),
        ("ssl_min_protocol_version".to_owned(), tls.minimum_version.as_str().to_owned()),
    ]);
    if tls.client_ca.is_some() {
        settings.insert("ssl_ca_file".to_owned(), file(CLIENT_CA));
    }
    settings
}

/// Name of the file with the authorities of clients.
pub(crate) const CLIENT_CA: &str = "hybridops-clients.crt";

/// What the machine says of the certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Seconds since 1970.
    pub(crate) expires: Option<i64>,
    /// Names and addresses it is for.
    pub(crate) names: BTreeSet<String>,
    /// Its fingerprint.
    pub(crate) fingerprint: String,
}

/// Reads the section of the facts.
pub(crate) fn seen(facts: &Facts) -> Option<Seen> {
    let text = facts.sections.get("tls")?;
    let after = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name));
    let names = text.lines().filter(|line| line.contains("DNS:") || line.contains("IP Address:"));
    let names = names.flat_map(|line| line.split(',')).filter_map(|name| {
        let name = name.trim();
        name.strip_prefix("DNS:").or_else(|| name.strip_prefix("IP Address:")).map(canonical)
    });
    Some(Seen {
        expires: after("notAfter=").and_then(date),
        names: names.collect(),
        fingerprint: after("sha256 Fingerprint=").unwrap_or_default().to_owned(),
    })
}

/// Addresses in their shortest spelling, names in lower case.
fn canonical(name: &str) -> String {
    name.parse::<std::net::IpAddr>().map_or_else(|_| name.to_ascii_lowercase(), |address| address.to_string())
}

/// `Nov 21 18:29:37 2027 GMT` in seconds since 1970.
fn date(text: &str) -> Option<i64> {
    let format = time::macros::format_description!(
        "[month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
    );
    let text = text.trim().strip_suffix(" GMT")?;
    time::PrimitiveDateTime::parse(text, format).ok().map(|moment| moment.assume_utc().unix_timestamp())
}

/// RFC 3339.
pub(crate) fn shown(seconds: i64) -> Option<String> {
    let moment = time::OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    moment.format(&time::format_description::well_known::Rfc3339).ok()
}

/// Whether the machine's authority has to make a certificate: there is none, for other names, or it ends soon.
pub(crate) fn issue(tls: &Tls, facts: &Facts) -> bool {
    if tls.certificate.is_some() {
        return false;
    }
    let Some(seen) = seen(facts) else { return true };
    let wanted: BTreeSet<String> = names(tls, facts).iter().map(|name| canonical(name)).collect();
    let left = seen.expires.unwrap_or_default() - facts.os.now;
    let third = i64::from(tls.validity_days) * 86_400 / 3;
    !facts.files.contains_key("tls_authority") || seen.names != wanted || left < third
}

/// Names the certificate is for: the host's own unless set.
pub(crate) fn names(tls: &Tls, facts: &Facts) -> BTreeSet<String> {
    match &tls.names {
        Some(names) => names.clone(),
        None => BTreeSet::from([if facts.os.host.is_empty() {
            "localhost".to_owned()
        } else {
            facts.os.host.clone()
        }]),
    }
}

/// Names as OpenSSL takes them.
pub(crate) fn alternative_names(names: &BTreeSet<String>) -> String {
    let one = |name: &String| match name.parse::<std::net::IpAddr>() {
        Ok(address) => format!("IP:{address}"),
        Err(_) => format!("DNS:{name}"),
    };
    names.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Whether the given certificate has to be sent: another one is there, or none.
pub(crate) fn send(tls: &Tls, facts: &Facts) -> bool {
    let Some(certificate) = &tls.certificate else { return false };
    facts.files.get("tls_certificate").is_none_or(|there| there.trim() != certificate.trim())
}

/// Whether the server has yet to load the certificate that is in place.
pub(crate) fn unloaded(facts: &Facts) -> bool {
    let loaded = facts.files.get("tls_loaded").map(|text| text.trim()).unwrap_or_default();
    seen(facts).is_some_and(|seen| seen.fingerprint != loaded)
}

/// What is wrong with the block.
pub(crate) fn faults(tls: &Tls) -> Vec<Refusal> {
    let path = Path::root().attribute("postgresql").attribute("tls").attribute("names");
    let bad = |name: &&String| {
        name.parse::<std::net::IpAddr>().is_err()
            && !name.chars().all(|c| c.is_ascii_alphanumeric() || ".-*_".contains(c))
    };
    let names = tls.names.iter().flatten().filter(bad);
    let fault = |name: &String| {
        Refusal::new(format!("{name:?} is no name of a server"), "Give DNS names and addresses.")
            .at(path.clone())
    };
    names.map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openssl_says() {
        let mut facts = Facts::default();
        facts.sections.insert(
            "tls".into(),
            "notAfter=Dec  3 08:00:00 2027 GMT\nsha256 Fingerprint=AB:CD\nX509v3 Subject Alternative Name: \n    DNS:db-01, IP Address:10.6.0.10, IP Address:FD00:0:0:0:0:0:0:1\n".into(),
        );
        let seen = seen(&facts).unwrap();
        assert_eq!(shown(seen.expires.unwrap()).unwrap(), "2027-12-03T08:00:00Z");
        assert_eq!(seen.names, BTreeSet::from(["10.6.0.10".into(), "db-01".into(), "fd00::1".into()]));
        assert!(unloaded(&facts));
        facts.files.insert("tls_loaded".into(), "AB:CD\n".into());
        assert!(!unloaded(&facts));
    }
}
