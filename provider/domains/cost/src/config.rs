//! The `cost` section of the provider's configuration: where the documents of the gate are.

use std::sync::Arc;

use objects::Credentials;
use tf_framework::{Field, Model, Result};

use crate::client::Cost;
use crate::places::is_location;

/// Where the documents of the gate are. Each is a path, relative to the directory Terraform runs in, or a place in an
/// object store: `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`, read with the credentials of
/// the `object_storage` section. Every place can be set at the object that uses it, too.
#[derive(Debug, Clone, Model)]
pub struct CostConfig {
    /// Root of the cost artefacts: that of a run is `<component>/cost-run-<run_id>.json` below it.
    /// `output/artifacts/cost` unless set.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub artifacts: Option<String>,
    /// The policy: a JSON file.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub policy: Option<String>,
    /// The snapshot of what was spent: a JSON file.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub spend: Option<String>,
    /// The table of rates that other currencies are converted with: a JSON file. The policy must name its digest.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub rates: Option<String>,
    /// Directory of approvals: every `*.json` in it is one.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub approvals: Option<String>,
    /// Root of the ledgers: decisions and reservations of an environment stand in `<env>/` below it.
    #[attr(validate(custom(
        is_location,
        "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
    )))]
    pub ledger: Option<String>,
    /// How an S3 server is asked, where places are `s3://…`.
    pub s3: Option<S3Server>,
    /// The Azure storage account, where places are `azure://…`.
    #[attr(validate(matches("^[a-z0-9]{3,24}$", "3 to 24 lower-case letters and digits")))]
    pub azure_account: Option<String>,
}

/// How an S3 server is asked.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct S3Server {
    /// Address of the server where it is not Amazon's: `https://s3.example.com`.
    #[attr(validate(matches("^https?://[^/@?#]+/?$", "an address such as https://s3.example.com")))]
    pub endpoint: Option<String>,
    /// Region of the bucket; `us-east-1` unless set.
    pub region: Option<String>,
    /// Whether the bucket stands in the path of an address instead of its host name: what most servers other than
    /// Amazon's want. Off unless set.
    pub force_path_style: Option<bool>,
    /// PEM text of the authority that signed the server's certificate. The system's authorities unless set.
    pub ca_certificate: Option<String>,
}

/// Something is known after apply only.
struct NotKnown;

fn known<T: Clone>(field: &Field<T>) -> std::result::Result<Option<T>, NotKnown> {
    match field {
        Field::Unknown => Err(NotKnown),
        Field::Null => Ok(None),
        Field::Known(value) => Ok(Some(value.clone())),
    }
}

impl CostConfig {
    /// What objects of this domain work with; nothing while the section is not wholly known.
    ///
    /// # Errors
    /// Never: that there are no credentials is told when an object store is opened.
    pub fn client(
        config: &Field<CostConfigPartial>,
        credentials: Result<Option<Credentials>>,
    ) -> Result<Option<Arc<Cost>>> {
        let unset = CostConfigPartial::default();
        let given = match config {
            Field::Unknown => return Ok(None),
            Field::Null => &unset,
            Field::Known(given) => given,
        };
        Ok(Self::read(given).ok().map(|config| Arc::new(Cost::new(config, credentials))))
    }

    fn read(given: &CostConfigPartial) -> std::result::Result<Self, NotKnown> {
        let s3 = match &given.s3 {
            Field::Unknown => return Err(NotKnown),
            Field::Null => None,
            Field::Known(s3) => Some(S3Server {
                endpoint: known(&s3.endpoint)?,
                region: known(&s3.region)?,
                force_path_style: known(&s3.force_path_style)?,
                ca_certificate: known(&s3.ca_certificate)?,
            }),
        };
        Ok(Self {
            artifacts: known(&given.artifacts)?,
            policy: known(&given.policy)?,
            spend: known(&given.spend)?,
            rates: known(&given.rates)?,
            approvals: known(&given.approvals)?,
            ledger: known(&given.ledger)?,
            s3,
            azure_account: known(&given.azure_account)?,
        })
    }
}
