//! One certificate authority.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

/// A certificate and its key, both PEM.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// A certificate that may sign others.
#[derive(Clone)]
pub(crate) struct Authority {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// What a leaf is to say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaf {
    pub(crate) name: String,
    pub(crate) organizations: Vec<String>,
    pub(crate) alternatives: Vec<String>,
    /// Serves with it.
    pub(crate) server: bool,
    /// Asks with it.
    pub(crate) client: bool,
    /// Made as if its time were over.
    pub(crate) expired: bool,
    /// For how many days it is good, where that is not the usual year.
    pub(crate) days: Option<i64>,
}

/// A year for leaves, ten for authorities, as upstream.
const LEAF_DAYS: i64 = 365;
const AUTHORITY_DAYS: i64 = 3650;

impl Authority {
    /// A new authority: `rke2-server-ca@1763779200`.
    pub(crate) fn generate(name: &str) -> anyhow::Result<Self> {
        let now = OffsetDateTime::now_utc();
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("{name}@{}", now.unix_timestamp()));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.not_before = now - Duration::minutes(1);
        params.not_after = now + Duration::days(AUTHORITY_DAYS);
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// Signs a leaf with a key of its own. The certificate carries its authority behind it, as upstream's files do.
    pub(crate) fn issue(&self, leaf: &Leaf) -> anyhow::Result<Pair> {
        let key = KeyPair::generate()?;
        let certificate = leaf.params()?.signed_by(&key, &self.issuer()?)?;
        Ok(Pair {
            certificate: format!("{}{}", certificate.pem(), self.certificate),
            key: key.serialize_pem(),
        })
    }

    fn issuer(&self) -> anyhow::Result<Issuer<'static, KeyPair>> {
        Ok(Issuer::from_ca_cert_pem(&self.certificate, KeyPair::from_pem(&self.key)?)?)
    }
}

impl Leaf {
    fn params(&self) -> anyhow::Result<CertificateParams> {
        let now = OffsetDateTime::now_utc();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for organization in &self.organizations {
            params.distinguished_name.push(DnType::OrganizationName, organization.as_str());
        }
        params.distinguished_name.push(DnType::CommonName, self.name.as_str());
        params.subject_alt_names = self
            .alternatives
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => Ok(SanType::IpAddress(address)),
                Err(_) => Ok(SanType::DnsName(name.as_str().try_into()?)),
            })
            .collect::<Result<_, rcgen::Error>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        if self.server {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        if self.client {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        }
        let (from, until) = if self.expired {
            (now - Duration::days(LEAF_DAYS), now - Duration::days(1))
        } else {
            (now - Duration::minutes(1), now + Duration::days(self.days.unwrap_or(LEAF_DAYS)))
        };
        (params.not_before, params.not_after) = (from, until);
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

/// A new private key as PEM: what signs the tokens of service accounts.
pub(crate) fn private_key() -> anyhow::Result<String> {
    Ok(KeyPair::generate()?.serialize_pem())
}
