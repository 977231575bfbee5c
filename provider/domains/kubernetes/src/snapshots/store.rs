//! Snapshots in an S3 bucket, read without any server.

use std::io::Write as _;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{Attribute, Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use objects::{Bucket, Connector, Counters, Credentials, S3Server};
use tempfile::NamedTempFile;
use transport_ssh::{Budget, told};

use super::error::SnapshotError;
use super::listing::Snapshot;
use super::name::SnapshotName;
use crate::distribution::Distribution;
use crate::spec::SnapshotS3;

/// Requests at the same time.
const AT_ONCE: usize = 16;

/// A folder of a bucket with snapshots.
#[derive(Debug)]
pub(crate) struct Store {
    inner: Arc<dyn ObjectStore>,
    folder: String,
    place: String,
    distribution: Distribution,
}

impl Store {
    /// Opens the folder that a block names. Makes no request.
    ///
    /// # Errors
    /// There are no credentials, or the settings make no sense.
    pub(crate) fn open(
        s3: &SnapshotS3,
        distribution: Distribution,
        credentials: &Credentials,
    ) -> Result<Self, SnapshotError> {
        let folder = s3.folder.as_deref().unwrap_or_default().trim_matches('/').to_owned();
        let place = place(&s3.bucket, &folder);
        let bad = |problem: String| SnapshotError::Settings { place: place.clone(), problem };
        let keys = credentials.s3.as_ref().ok_or_else(|| {
            bad("there are no credentials: set `access_key_id` and `secret_access_key` in the provider's \
                 `object_storage` section, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                .to_owned())
        })?;
        if s3.skip_ssl_verify == Some(true) {
            return Err(bad("with `skip_ssl_verify` nobody knows who answers, and a restore must know: give its authority \
                            as `ca_certificate`"
                .to_owned()));
        }
        let connector = Connector::new(s3.ca_certificate.as_deref(), Arc::new(Counters::default()));
        let connector = connector.map_err(|error| bad(told(&error)))?;
        let endpoint = s3.endpoint.as_deref().map(|endpoint| address(endpoint, s3.insecure == Some(true)));
        let server = S3Server {
            region: s3.region.as_deref().unwrap_or("us-east-1"),
            endpoint: endpoint.as_deref(),
            in_path: endpoint.is_some(),
            kms_key_id: None,
        };
        let bucket = Bucket { name: s3.bucket.clone(), prefix: folder.clone() };
        let inner = objects::s3(&server, &bucket, keys, connector).map_err(|error| bad(told(&error)))?;
        Ok(Self { inner, folder, place, distribution })
    }

    /// The folder, as messages name it.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// All snapshots in the folder with what their metadata say; one request for each beside the listing.
    ///
    /// # Errors
    /// The store does not answer, or refuses.
    pub(crate) async fn list(&self, budget: &Budget) -> Result<Vec<Snapshot>, SnapshotError> {
        let folder = Path::from(self.folder.as_str());
        let folder = (!self.folder.is_empty()).then_some(&folder);
        let what = || format!("listing {}", self.place);
        let listed = budget.run(what, self.inner.list(folder).try_collect::<Vec<_>>()).await?;
        let listed = listed.map_err(|error| failed(what(), &error))?;
        let named = listed.into_iter().filter_map(|meta| Some((self.name(&meta)?, meta)));
        let looked = stream::iter(named.collect::<Vec<_>>())
            .map(|(name, meta)| self.look(name, meta))
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>();
        budget.run(what, looked).await?
    }

    /// The name of the snapshot that an object is; nothing for what lies deeper, as its metadata folder does.
    fn name(&self, meta: &ObjectMeta) -> Option<SnapshotName> {
        let rest = meta.location.as_ref().strip_prefix(self.folder.as_str())?;
        rest.strip_prefix('/').unwrap_or(rest).parse().ok()
    }

    async fn look(&self, name: SnapshotName, meta: ObjectMeta) -> Result<Snapshot, SnapshotError> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        let what = || format!("looking at {name} in {}", self.place);
        let head =
            self.inner.get_opts(&meta.location, options).await.map_err(|error| failed(what(), &error))?;
        let own = |key: &str| {
            let key = format!("{}-{key}", self.distribution.name());
            head.attributes.get(&Attribute::Metadata(key.into())).map(|value| value.as_ref().to_owned())
        };
        Ok(Snapshot {
            node: own("node-name").unwrap_or_default(),
            location: format!("{}/{name}", self.place),
            at: name.at(),
            size: meta.size,
            token_hash: own("token-hash"),
            cluster_id: own("cluster-id"),
            error: None,
            name: name.to_string(),
        })
    }

    /// Brings a snapshot to a file of this machine that is gone with it. Tells how much arrived.
    ///
    /// # Errors
    /// It is not there, or does not arrive whole.
    pub(crate) async fn fetch(
        &self,
        name: &str,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
        budget: &Budget,
    ) -> Result<NamedTempFile, SnapshotError> {
        let what = || format!("reading {name} from {}", self.place);
        let answer = match budget.run(what, self.inner.get(&self.path(name))).await? {
            Err(Error::NotFound { .. }) => return Err(self.missing(name, budget).await),
            answer => answer.map_err(|error| failed(what(), &error))?,
        };
        let size = answer.meta.size;
        let (mut arrived, mut file) = (0, NamedTempFile::new()?);
        let mut pieces = answer.into_stream();
        while let Some(piece) = budget.run(what, pieces.next()).await? {
            let piece = piece.map_err(|error| failed(what(), &error))?;
            arrived += piece.len() as u64;
            file.write_all(&piece)?;
            progress(arrived, size);
        }
        file.flush()?;
        Ok(file)
    }

    /// Deletes a snapshot and what its metadata folder has of it; one that is not there is no failure.
    ///
    /// # Errors
    /// The store does not answer, or refuses.
    pub(crate) async fn delete(&self, name: &str, budget: &Budget) -> Result<(), SnapshotError> {
        for path in [self.path(name), self.path(&format!(".metadata/{name}"))] {
            let what = || format!("deleting {path}");
            match budget.run(what, self.inner.delete(&path)).await? {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(what(), &error)),
            }
        }
        Ok(())
    }

    fn path(&self, name: &str) -> Path {
        let key = if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) };
        Path::from(key)
    }

    async fn missing(&self, name: &str, budget: &Budget) -> SnapshotError {
        match self.list(budget).await {
            Ok(there) => SnapshotError::Missing {
                name: name.to_owned(),
                place: self.place.clone(),
                there: super::listing::newest(&there),
            },
            Err(error) => error,
        }
    }
}

fn place(bucket: &str, folder: &str) -> String {
    if folder.is_empty() { format!("s3://{bucket}") } else { format!("s3://{bucket}/{folder}") }
}

/// The address of a server that may be given as host and port.
fn address(endpoint: &str, insecure: bool) -> String {
    match endpoint.split_once("://") {
        Some(_) => endpoint.to_owned(),
        None if insecure => format!("http://{endpoint}"),
        None => format!("https://{endpoint}"),
    }
}

/// What a store said, without the body of its answer, which may repeat what it was asked with.
fn failed(what: String, error: &Error) -> SnapshotError {
    let text = told(error);
    let cut = text.find("<?xml").or_else(|| text.find("<Error")).unwrap_or(text.len());
    let (before, body) = text.split_at(cut);
    let code =
        body.split_once("<Code>").and_then(|(_, rest)| Some(rest.split_once("</")?.0)).unwrap_or_default();
    SnapshotError::Store { what, problem: format!("{}{code}", before.trim_end()) }
}

#[cfg(test)]
mod tests {
    use transport_base::Secret;
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    fn s3(endpoint: &str) -> SnapshotS3 {
        SnapshotS3 {
            bucket: "snapshots".into(),
            folder: Some("platform/".into()),
            endpoint: Some(endpoint.trim_start_matches("http://").into()),
            insecure: Some(true),
            ..SnapshotS3::default()
        }
    }

    fn credentials() -> Credentials {
        let keys =
            objects::S3Keys { id: Secret::new("id"), secret: Secret::new("canary"), session_token: None };
        Credentials { s3: Some(keys), ..Credentials::default() }
    }

    const LIST: &str = r#"<?xml version="1.0"?><ListBucketResult><Name>snapshots</Name><IsTruncated>false</IsTruncated>
        <Contents><Key>platform/etcd-snapshot-a-1763778000</Key><LastModified>2025-11-22T02:20:01.000Z</LastModified>
        <ETag>"1"</ETag><Size>1056</Size></Contents>
        <Contents><Key>platform/.metadata/etcd-snapshot-a-1763778000</Key><LastModified>2025-11-22T02:20:01.000Z</LastModified>
        <ETag>"2"</ETag><Size>3</Size></Contents>
        <Contents><Key>platform/README</Key><LastModified>2025-11-22T02:20:01.000Z</LastModified>
        <ETag>"3"</ETag><Size>3</Size></Contents></ListBucketResult>"#;

    #[tokio::test]
    async fn a_bucket_is_listed_with_its_metadata() {
        let server = MockServer::start().await;
        let answer = |body: &'static str| ResponseTemplate::new(200).set_body_string(body);
        Mock::given(method("GET")).and(path("/snapshots")).respond_with(answer(LIST)).mount(&server).await;
        let head = ResponseTemplate::new(200)
            .insert_header("x-amz-meta-rke2-token-hash", "1ec1c26b50d5")
            .insert_header("x-amz-meta-rke2-cluster-id", "7d1c")
            .insert_header("x-amz-meta-rke2-node-name", "a")
            .insert_header("last-modified", "Sat, 22 Nov 2025 02:20:01 GMT")
            .insert_header("etag", "\"1\"")
            .set_body_bytes([0; 1056]);
        let key = path("/snapshots/platform/etcd-snapshot-a-1763778000");
        Mock::given(method("HEAD")).and(key).respond_with(head).expect(2).mount(&server).await;
        let store = Store::open(&s3(&server.uri()), Distribution::Rke2, &credentials()).unwrap();
        let listed = store.list(&Budget::unlimited()).await.unwrap();
        let [only] = listed.as_slice() else { panic!("one snapshot: {listed:?}") };
        assert_eq!((only.node.as_str(), only.size, only.at), ("a", 1056, 1_763_778_000));
        assert_eq!(
            (only.cluster_id.as_deref(), only.token_hash.as_deref()),
            (Some("7d1c"), Some("1ec1c26b50d5"))
        );
        assert_eq!(only.location, "s3://snapshots/platform/etcd-snapshot-a-1763778000");
        let missing = store.fetch("etcd-snapshot-a-1", &|_, _| {}, &Budget::unlimited()).await.unwrap_err();
        assert!(missing.to_string().contains("the newest are etcd-snapshot-a-1763778000"), "{missing}");
    }

    #[test]
    fn what_cannot_be_opened_is_said() {
        let none = Store::open(&s3("http://x"), Distribution::Rke2, &Credentials::default()).unwrap_err();
        assert!(none.to_string().contains("object_storage"), "{none}");
        let blind = SnapshotS3 { skip_ssl_verify: Some(true), ..s3("http://x") };
        assert!(Store::open(&blind, Distribution::Rke2, &credentials()).is_err());
        assert_eq!(address("s3.example.com", false), "https://s3.example.com");
    }
}
