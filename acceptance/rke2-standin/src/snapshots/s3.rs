//! Snapshots in S3 with what is known of them as metadata of the object (k3s pkg/etcd/s3/s3.go).

use anyhow::Context as _;
use futures::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{Attribute, Attributes, GetOptions, ObjectStore, ObjectStoreExt as _, PutOptions};

use super::S3Options;
use super::file::made_at;

/// A folder of a bucket.
pub(crate) struct Store {
    store: AmazonS3,
    folder: String,
    program: &'static str,
}

/// One snapshot there.
#[derive(Debug, Clone)]
pub(crate) struct InStore {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) made: i64,
    pub(crate) node: String,
    pub(crate) token_hash: String,
}

impl Store {
    /// The store some options name.
    pub(crate) fn open(options: &S3Options, program: &'static str) -> anyhow::Result<Self> {
        anyhow::ensure!(!options.bucket.is_empty(), "s3 bucket name was not set");
        let scheme = if options.insecure { "http" } else { "https" };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&options.bucket)
            .with_region(if options.region.is_empty() { "us-east-1" } else { &options.region })
            .with_access_key_id(&options.access_key)
            .with_secret_access_key(&options.secret_key)
            .with_virtual_hosted_style_request(false)
            .with_allow_http(options.insecure);
        if !options.endpoint.is_empty() {
            builder = builder.with_endpoint(format!("{scheme}://{}", options.endpoint));
        }
        if !options.session_token.is_empty() {
            builder = builder.with_token(&options.session_token);
        }
        let mut client = object_store::ClientOptions::new()
            .with_allow_http(options.insecure)
            .with_allow_invalid_certificates(options.skip_ssl_verify);
        if !options.endpoint_ca.is_empty() {
            let pem = std::fs::read(&options.endpoint_ca).or_else(|_| {
                use base64::Engine as _;
                base64::engine::general_purpose::STANDARD
                    .decode(&options.endpoint_ca)
                    .map_err(std::io::Error::other)
            })?;
            client = client.with_root_certificate(object_store::Certificate::from_pem(&pem)?);
        }
        let retry = object_store::RetryConfig {
            max_retries: 1,
            retry_timeout: std::time::Duration::from_secs(10),
            ..object_store::RetryConfig::default()
        };
        let store = builder.with_client_options(client).with_retry(retry).build().context("s3")?;
        Ok(Self { store, folder: options.folder.trim_matches('/').to_owned(), program })
    }

    fn key(&self, name: &str) -> Key {
        if self.folder.is_empty() { Key::from(name) } else { Key::from(format!("{}/{name}", self.folder)) }
    }

    /// Uploads a snapshot.
    pub(crate) async fn put(
        &self,
        name: &str,
        bytes: Vec<u8>,
        node: &str,
        cluster: &str,
        token_hash: &str,
    ) -> anyhow::Result<()> {
        let mut attributes = Attributes::new();
        for (key, value) in [("cluster-id", cluster), ("node-name", node), ("token-hash", token_hash)] {
            let key = format!("{}-{key}", self.program);
            attributes.insert(Attribute::Metadata(key.into()), value.to_owned().into());
        }
        let options = PutOptions { attributes, ..PutOptions::default() };
        self.store.put_opts(&self.key(name), bytes.into(), options).await?;
        Ok(())
    }

    /// The bytes of a snapshot.
    pub(crate) async fn get(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        Ok(self.store.get(&self.key(name)).await?.bytes().await?.to_vec())
    }

    /// Deletes a snapshot; whether it was there.
    pub(crate) async fn delete(&self, name: &str) -> anyhow::Result<bool> {
        let key = self.key(name);
        match self.store.head(&key).await {
            Ok(_) => {
                self.store.delete(&key).await?;
                Ok(true)
            }
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Every snapshot in the folder, the oldest first.
    pub(crate) async fn list(&self) -> anyhow::Result<Vec<InStore>> {
        let prefix = (!self.folder.is_empty()).then(|| Key::from(self.folder.as_str()));
        let metas: Vec<_> = self.store.list(prefix.as_ref()).try_collect().await?;
        let mut found = Vec::new();
        for meta in metas {
            let Some(name) = meta.location.filename().map(str::to_owned) else { continue };
            let Some(made) = made_at(&name) else { continue };
            if self.key(&name) != meta.location {
                continue;
            }
            let options = GetOptions { head: true, ..GetOptions::default() };
            let answer = self.store.get_opts(&meta.location, options).await?;
            let of = |key: &str| {
                let key = Attribute::Metadata(format!("{}-{key}", self.program).into());
                answer.attributes.get(&key).map(|value| value.as_ref().to_owned()).unwrap_or_default()
            };
            found.push(InStore {
                size: meta.size,
                made,
                node: of("node-name"),
                token_hash: of("token-hash"),
                name,
            });
        }
        found.sort_by(|one, other| (one.made, &one.name).cmp(&(other.made, &other.name)));
        Ok(found)
    }
}
