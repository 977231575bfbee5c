//! The fence and the lease, as files of a member.

use sha2::{Digest as _, Sha256};

use super::act::Cluster;
use super::member::Node;
use crate::store::Storage;

/// How a lease is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseTerms {
    /// How long it lasts, in seconds.
    pub(crate) seconds: i64,
    /// What a member must know to renew it: kind, place and region, as lines of a shell's assignments.
    pub(crate) place: String,
}

/// Why a store cannot keep a lease.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a lease is renewed by the members themselves, which can do that on S3 and in a directory that all of them mount, not on \
     {0}. Leave `lease` out: an unreachable primary is then replaced only where its container can be stopped"
)]
pub(crate) struct NoLease(&'static str);

impl LeaseTerms {
    /// The terms of a lease in a store.
    ///
    /// # Errors
    /// The store is of a kind on which members cannot renew.
    pub(crate) fn new(seconds: i64, storage: &Storage) -> Result<Self, NoLease> {
        let place = if let Some(s3) = &storage.s3 {
            let location = s3.prefix.trim_start_matches("s3://").trim_end_matches('/');
            let (bucket, prefix) = location.split_once('/').unwrap_or((location, ""));
            let key = if prefix.is_empty() {
                "hybridops/epoch.json".to_owned()
            } else {
                format!("{prefix}/hybridops/epoch.json")
            };
            let region = s3.region();
            let endpoint = s3.endpoint.clone();
            let endpoint = endpoint.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
            let endpoint = endpoint.trim_end_matches('/');
            let url = if s3.force_path_style.unwrap_or(false) {
                format!("{endpoint}/{bucket}/{key}")
            } else {
                match endpoint.split_once("://") {
                    Some((scheme, host)) => format!("{scheme}://{bucket}.{host}/{key}"),
                    None => format!("{endpoint}/{bucket}/{key}"),
                }
            };
            let authority = s3.ca_certificate.as_ref().map(|_| "CA_FILE=\"$etc/keys/s3-ca.pem\"\n");
            format!("KIND=s3\nPLACE='{url}'\nREGION='{region}'\n{}", authority.unwrap_or_default())
        } else if let Some(file) = &storage.file {
            format!("KIND=file\nPLACE='{}/hybridops/epoch.json'\n", file.prefix.trim_end_matches('/'))
        } else if storage.gcs.is_some() {
            return Err(NoLease("Google Cloud Storage"));
        } else if storage.azure.is_some() {
            return Err(NoLease("Azure Blob Storage"));
        } else {
            return Err(NoLease("SFTP"));
        };
        Ok(Self { seconds, place })
    }

    /// The file that the scripts read.
    fn env(&self, node: &Node) -> String {
        let place = &node.place;
        format!(
            "# Written by the provider hybridops.\nVERSION={}\nCLUSTER='{}'\nDATA='{}'\nPORT={}\nMEMBER='{}'\nSTATE='{}'\n{}\
             SECONDS_HELD={}\nINTERVAL={}\nMARGIN={}\n",
            place.version,
            place.cluster,
            place.data,
            place.port,
            node.name,
            node.state(),
            self.place,
            self.seconds,
            (self.seconds / 6).max(1),
            self.seconds / 3,
        )
    }
}

const CHECK: &str = include_str!("hybridops-fence-check.sh");
const KEEPER: &str = include_str!("hybridops-lease.sh");
const INSTALL: &str = concat!(include_str!("../common.sh"), include_str!("install.sh"));

impl Cluster {
    /// The files of a member, and what tells them from others.
    pub(crate) fn guard(&self, node: &Node) -> (String, String) {
        let env = self.lease.as_ref().map(|lease| lease.env(node)).unwrap_or_default();
        let files = format!("@fence-check\n{CHECK}@lease\n{KEEPER}@lease.env\n{env}");
        let digest = format!("{:x}", Sha256::digest(format!("{INSTALL}{files}")));
        (files, digest)
    }

    /// The script that puts them in place.
    pub(crate) fn guard_script() -> &'static str {
        INSTALL
    }
}
