//! Opens the store that a block names.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use objects::{BadPrefix, ConnectError, Connector, Counters, Credentials, Location, S3Server};
use tf_framework::{Diagnostics, Path};
use transport_ssh::Machine;

use super::archive::Cache;
use super::directory::Directory;
use super::object::Store;
use super::remote::Remote;
use super::storage::{S3Storage, ServerSideEncryption, Storage};

/// Opens stores with the credentials of this machine; each is opened once.
#[derive(Debug, Default)]
pub struct Stores {
    credentials: Credentials,
    open: Mutex<HashMap<String, Arc<dyn Store>>>,
    cache: Cache,
}

/// Where the directory of a file or SFTP storage is.
#[derive(Clone, Debug)]
pub enum Files {
    /// On this machine.
    Here,
    /// On a machine that is reached by a shell: the database's host for a file storage, the SFTP server for an SFTP
    /// storage.
    On(Machine),
    /// Nobody said.
    Unknown,
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// None of the storages is set.
    #[error("no storage is set: set exactly one of s3, gcs, azure, file and sftp")]
    None,
    /// Its prefix cannot be read.
    #[error(transparent)]
    Prefix(#[from] BadPrefix),
    /// There are no credentials for it.
    #[error(
        "there are no credentials for {place}: set {attributes} in the provider's `object_storage` section, or {variables}"
    )]
    Credentials {
        /// The prefix.
        place: String,
        /// What to set in the provider's configuration.
        attributes: &'static str,
        /// What to set in the environment.
        variables: &'static str,
    },
    /// The directory is on a machine, and nobody said how it is reached.
    #[error("{place} is a directory of a machine: set `machine` to say how it is reached")]
    Machine {
        /// The prefix.
        place: String,
    },
    /// The client cannot be set up.
    #[error("{place}: {source}")]
    Connect {
        /// The prefix.
        place: String,
        /// Why.
        source: ConnectError,
    },
    /// Its settings make no sense.
    #[error("{place}: {source}")]
    Settings {
        /// The prefix.
        place: String,
        /// Why.
        source: object_store::Error,
    },
}

impl OpenError {
    /// As Terraform shows it, of the storage block at `path`.
    pub fn diagnostics(&self, path: Path) -> Diagnostics {
        Diagnostics::error_at(path, "The store cannot be opened", format!("{self}."))
    }
}

/// Names of what credentials are made of, where there are none.
const S3_WANTED: (&str, &str) =
    ("`access_key_id` and `secret_access_key`", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
const GCS_WANTED: (&str, &str) = ("`google_credentials`", "GOOGLE_APPLICATION_CREDENTIALS");
const AZURE_WANTED: (&str, &str) =
    ("`azure_account_key` or `azure_sas_token`", "AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_SAS_TOKEN");

impl Stores {
    /// Stores that are opened with these credentials.
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, ..Self::default() }
    }

    /// The small objects of archives that were read before in this run.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The store of a block. Makes no request.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, storage: &Storage, files: &Files) -> Result<Arc<dyn Store>, OpenError> {
        let machine = match files {
            Files::Here => "here",
            Files::On(machine) => machine.name(),
            Files::Unknown => "unknown",
        };
        let key = format!("{machine} {storage:?}");
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = open.get(&key) {
            return Ok(Arc::clone(store));
        }
        let store = self.connect(storage, files)?;
        open.insert(key, Arc::clone(&store));
        Ok(store)
    }

    /// What was asked of the stores; empty before the first request.
    pub fn describe(&self) -> String {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told: Vec<String> = open
            .values()
            .filter(|store| store.counters().total() > 0)
            .map(|store| format!("{}: {}", store.place(), store.counters().describe()))
            .collect();
        told.sort();
        told.join("\n")
    }

    fn connect(&self, storage: &Storage, files: &Files) -> Result<Arc<dyn Store>, OpenError> {
        let location = storage.location().ok_or(OpenError::None)??;
        let place = location.to_string();
        let counters = Arc::new(Counters::default());
        let wanted =
            |(attributes, variables)| OpenError::Credentials { place: place.clone(), attributes, variables };
        let connector = |pem: Option<&str>| {
            Connector::new(pem, Arc::clone(&counters))
                .map_err(|source| OpenError::Connect { place: place.clone(), source })
        };
        let (built, prefix) = match (&location, &storage.s3, &storage.azure) {
            (Location::S3(bucket), Some(s3), _) => {
                let keys = self.credentials.s3.as_ref().ok_or_else(|| wanted(S3_WANTED))?;
                let connector = connector(s3.ca_certificate.as_deref())?;
                (objects::s3(&server(s3), bucket, keys, connector), &bucket.prefix)
            }
            (Location::Gcs(bucket), ..) => {
                let google = self.credentials.google.as_ref().ok_or_else(|| wanted(GCS_WANTED))?;
                (objects::gcs(bucket, google.expose(), connector(None)?), &bucket.prefix)
            }
            (Location::Azure(bucket), _, Some(azure)) => {
                let suffix = azure.endpoint_suffix.as_deref().unwrap_or("core.windows.net");
                let endpoint = format!("https://{}.blob.{suffix}", azure.account);
                let built =
                    objects::azure(&azure.account, bucket, endpoint, &self.credentials, connector(None)?);
                (built.ok_or_else(|| wanted(AZURE_WANTED))?, &bucket.prefix)
            }
            (Location::File(path) | Location::Sftp { path, .. }, ..) => {
                return match files {
                    Files::On(machine) => Ok(Arc::new(Directory::new(machine.clone(), path, &place))),
                    Files::Here if matches!(location, Location::File(_)) => {
                        Ok(Arc::new(Directory::here(path, &place)))
                    }
                    _ => Err(OpenError::Machine { place }),
                };
            }
            (Location::S3(_) | Location::Azure(_), ..) => return Err(OpenError::None),
        };
        let settings = |source| OpenError::Settings { place: place.clone(), source };
        let remote = Remote::new(built.map_err(settings)?, prefix, place.clone(), counters);
        Ok(Arc::new(remote.map_err(|error| settings(error.into()))?))
    }
}

/// What the client needs to know of a block.
fn server(s3: &S3Storage) -> S3Server<'_> {
    let by_key_service = s3.server_side_encryption == Some(ServerSideEncryption::AwsKms);
    S3Server {
        region: s3.region(),
        endpoint: s3.endpoint.as_deref(),
        in_path: s3.force_path_style.unwrap_or(false),
        kms_key_id: s3.kms_key_id.as_deref().filter(|_| by_key_service),
    }
}

#[cfg(test)]
mod tests {
    use transport_base::{Budget, Secret};
    use wiremock::matchers::{header, method};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::store::{AzureStorage, Condition, StoreError};

    #[tokio::test]
    async fn azure_is_asked_by_tag() {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(201).insert_header("etag", "\"0x1\"");
        let condition =
            |name: &'static str, value: &'static str| Mock::given(method("PUT")).and(header(name, value));
        condition("if-none-match", "*")
            .respond_with(answer.clone())
            .up_to_n_times(1)
            .expect(1)
            .mount(&server)
            .await;
        condition("if-none-match", "*").respond_with(ResponseTemplate::new(409)).mount(&server).await;
        condition("if-match", "\"0x1\"").respond_with(answer).expect(1).mount(&server).await;
        condition("if-match", "\"0x0\"")
            .respond_with(ResponseTemplate::new(412))
            .expect(1)
            .mount(&server)
            .await;
        let azure = AzureStorage {
            prefix: "azure://walg/db01".into(),
            account: "account".into(),
            endpoint_suffix: None,
        };
        let Ok(Location::Azure(bucket)) = Location::azure(&azure.prefix) else { panic!("an Azure prefix") };
        let key = Credentials { azure_key: Some(Secret::new("c2VjcmV0")), ..Credentials::default() };
        let counters = Arc::new(Counters::default());
        let connector = Connector::new(None, Arc::clone(&counters)).unwrap();
        let built = objects::azure(&azure.account, &bucket, server.uri(), &key, connector).unwrap().unwrap();
        let store = Remote::new(built, &bucket.prefix, "azure://walg/db01".into(), counters).unwrap();
        let budget = Budget::unlimited();
        let put = |condition| store.put("hybridops/epoch.json", "x".into(), condition, &budget);
        let version = put(Condition::Absent).await.unwrap();
        assert!(matches!(put(Condition::Absent).await, Err(StoreError::Changed { .. })));
        put(Condition::Over(&version)).await.unwrap();
        let mut stale = version.clone();
        stale.tag = Some("\"0x0\"".into());
        assert!(matches!(put(Condition::Over(&stale)).await, Err(StoreError::Changed { .. })));
        assert_eq!(store.counters().describe(), "PUT 4");
    }
}
