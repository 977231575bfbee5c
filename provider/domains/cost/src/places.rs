//! Places of documents: paths, and addresses of object stores.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cost_engine::files::Source;
use cost_engine::ledger::Ledger;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use objects::{BadPrefix, Bucket, ConnectError, Connector, Counters, Credentials, Location};
use tf_framework::Value;

use crate::config::CostConfig;

/// Where artefacts are unless something else is set.
pub(crate) const ARTIFACTS: &str = "output/artifacts/cost";

/// Why a place cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// Its address cannot be read.
    #[error(transparent)]
    Address(#[from] BadPrefix),
    /// There are no credentials for it.
    #[error(
        "there are no credentials for {place}: set {wanted} in the provider's `object_storage` section, or in the environment"
    )]
    Credentials {
        /// The place.
        place: String,
        /// What is missing.
        wanted: &'static str,
    },
    /// The account is not told.
    #[error("{0} is a container of an account: set `azure_account` in the provider's `cost` section")]
    Account(String),
    /// The client cannot be set up.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Its settings make no sense.
    #[error("{place}: {source}")]
    Settings {
        /// The place.
        place: String,
        /// Why.
        source: object_store::Error,
    },
    /// The directory cannot be made.
    #[error("the directory {path} cannot be made: {source}", path = path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// An address with a scheme, taken apart; nothing where it is a path.
fn address(text: &str) -> Option<Result<Location, BadPrefix>> {
    let (scheme, _) = text.split_once("://")?;
    Some(match scheme {
        "gs" => Location::gcs(text),
        "azure" => Location::azure(text),
        // Its message names the form that most will want.
        _ => Location::s3(text),
    })
}

/// Whether a text names a place.
pub(crate) fn is_location(value: &Value) -> Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    if text.is_empty() {
        return Err("must not be empty; leave it out instead".to_owned());
    }
    address(text).map_or(Ok(()), |read| read.map(drop).map_err(|error| error.to_string()))
}

/// Opens places with what the provider configured.
pub(crate) struct Opener<'a> {
    pub(crate) config: &'a CostConfig,
    pub(crate) credentials: &'a Credentials,
}

impl Opener<'_> {
    /// The place of documents. Makes no request.
    pub(crate) fn source(&self, text: &str) -> Result<Source, PlaceError> {
        match address(text) {
            None => Ok(Source::Directory(PathBuf::from(text))),
            Some(location) => {
                let (store, folder) = self.bucket(&location?)?;
                Ok(Source::Store(store, folder))
            }
        }
    }

    /// The ledger of an environment; nothing where its directory is not there yet and shall not be made.
    pub(crate) fn ledger(&self, text: &str, env: &str, make: bool) -> Result<Option<Ledger>, PlaceError> {
        if let Some(location) = address(text) {
            let (store, folder) = self.bucket(&location?)?;
            return Ok(Some(Ledger::new(store, &folder, env)));
        }
        let path = Path::new(text);
        if make {
            let failed = |source| PlaceError::Directory { path: path.to_owned(), source };
            std::fs::create_dir_all(path).map_err(failed)?;
        } else if !path.is_dir() {
            return Ok(None);
        }
        let settings = |source| PlaceError::Settings { place: text.to_owned(), source };
        let store = LocalFileSystem::new_with_prefix(path).map_err(settings)?;
        // What was reserved is on the disk before anything is made with it.
        let store = store.with_fsync(true);
        Ok(Some(Ledger::new(Arc::new(store), &object_store::path::Path::default(), env)))
    }

    fn bucket(
        &self,
        location: &Location,
    ) -> Result<(Arc<dyn ObjectStore>, object_store::path::Path), PlaceError> {
        let place = location.to_string();
        let wanted = |wanted| PlaceError::Credentials { place: place.clone(), wanted };
        let server = self.config.s3.as_ref();
        let ca = server.and_then(|s3| s3.ca_certificate.as_deref());
        let connector = |ca: Option<&str>| Connector::new(ca, Arc::new(Counters::default()));
        let (built, bucket): (objects::Built, &Bucket) = match location {
            Location::S3(bucket) => {
                let keys = self.credentials.s3.as_ref();
                let keys = keys.ok_or_else(|| wanted("`access_key_id` and `secret_access_key`"))?;
                let settings = objects::S3Server {
                    region: server.and_then(|s3| s3.region.as_deref()).unwrap_or("us-east-1"),
                    endpoint: server.and_then(|s3| s3.endpoint.as_deref()),
                    in_path: server.and_then(|s3| s3.force_path_style).unwrap_or(false),
                    kms_key_id: None,
                };
                (objects::s3(&settings, bucket, keys, connector(ca)?), bucket)
            }
            Location::Gcs(bucket) => {
                let google = self.credentials.google.as_ref();
                let google = google.ok_or_else(|| wanted("`google_credentials`"))?;
                (objects::gcs(bucket, google.expose(), connector(None)?), bucket)
            }
            Location::Azure(container) => {
                let account = self.config.azure_account.as_deref();
                let account = account.ok_or_else(|| PlaceError::Account(place.clone()))?;
                let endpoint = format!("https://{account}.blob.core.windows.net");
                let built = objects::azure(account, container, endpoint, self.credentials, connector(None)?);
                (built.ok_or_else(|| wanted("`azure_account_key` or `azure_sas_token`"))?, container)
            }
            Location::File(path) | Location::Sftp { path, .. } => {
                return Err(PlaceError::Account(path.clone()));
            }
        };
        let store = built.map_err(|source| PlaceError::Settings { place: place.clone(), source })?;
        Ok((store, object_store::path::Path::from(bucket.prefix.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_paths_or_addresses() {
        let told = |text: &str| is_location(&Value::from(text));
        for good in ["cost", "/srv/cost/policy.json", "s3://bucket/cost", "gs://bucket", "azure://box/a/b"] {
            assert!(told(good).is_ok(), "{good}");
        }
        for bad in ["", "http://example.com/policy.json", "s3://B/x", "s3://bucket/../x"] {
            assert!(told(bad).is_err(), "{bad}");
        }
    }
}
