//! The client of a bucket, made of where it is and what it is read with.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{ObjectStore, RetryConfig};

use crate::connect::Connector;
use crate::credentials::{Credentials, S3Keys};
use crate::location::Bucket;

/// The client of a bucket.
pub type Built = object_store::Result<Arc<dyn ObjectStore>>;

/// How an S3 server wants to be asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct S3Server<'a> {
    /// Region of the bucket.
    pub region: &'a str,
    /// Address of the server where it is not Amazon's.
    pub endpoint: Option<&'a str>,
    /// Whether the bucket stands in the path of an address instead of its host name.
    pub in_path: bool,
    /// Key of the server's key service that objects are encrypted with.
    pub kms_key_id: Option<&'a str>,
}

fn retry() -> RetryConfig {
    RetryConfig { max_retries: 5, retry_timeout: Duration::from_secs(60), ..RetryConfig::default() }
}

/// A bucket of S3.
///
/// # Errors
/// Its settings make no sense.
pub fn s3(server: &S3Server<'_>, bucket: &Bucket, keys: &S3Keys, connector: Connector) -> Built {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(server.region)
        .with_access_key_id(keys.id.expose())
        .with_secret_access_key(keys.secret.expose())
        .with_virtual_hosted_style_request(!server.in_path)
        .with_allow_http(true)
        .with_retry(retry())
        .with_http_connector(connector);
    if let Some(token) = &keys.session_token {
        builder = builder.with_token(token.expose());
    }
    if let Some(endpoint) = server.endpoint {
        builder = builder.with_endpoint(host_style(endpoint, bucket, server.in_path));
    }
    if let Some(key) = server.kms_key_id {
        builder = builder.with_sse_kms_encryption(key);
    }
    Ok(Arc::new(builder.build()?))
}

/// The address as the client wants it: with the bucket in the host name where it is not in the path.
fn host_style(endpoint: &str, bucket: &Bucket, in_path: bool) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    match endpoint.split_once("://") {
        Some((scheme, host)) if !in_path => format!("{scheme}://{}.{host}", bucket.name),
        _ => endpoint.to_owned(),
    }
}

/// A bucket of Google Cloud Storage, read with the JSON text of a service account's key or a path to it.
///
/// # Errors
/// Its settings make no sense.
pub fn gcs(bucket: &Bucket, google: &str, connector: Connector) -> Built {
    let builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(&bucket.name)
        .with_retry(retry())
        .with_http_connector(connector);
    let builder = if google.trim_start().starts_with('{') {
        builder.with_service_account_key(google)
    } else {
        builder.with_application_credentials(google)
    };
    Ok(Arc::new(builder.build()?))
}

/// A container of an Azure storage account; nothing where there are no credentials for it.
///
/// # Errors
/// Its settings make no sense.
pub fn azure(
    account: &str,
    container: &Bucket,
    endpoint: String,
    credentials: &Credentials,
    connector: Connector,
) -> Option<Built> {
    let builder = MicrosoftAzureBuilder::new()
        .with_account(account)
        .with_container_name(&container.name)
        .with_endpoint(endpoint)
        .with_allow_http(true)
        .with_retry(retry())
        .with_http_connector(connector);
    let builder = match (&credentials.azure_key, &credentials.azure_sas) {
        (Some(key), _) => builder.with_access_key(key.expose()),
        (None, Some(sas)) => {
            let pairs: Vec<(String, String)> =
                url::form_urlencoded::parse(sas.expose().trim_start_matches('?').as_bytes())
                    .into_owned()
                    .collect();
            builder.with_sas_authorization(pairs)
        }
        (None, None) => return None,
    };
    Some(builder.build().map(|store| Arc::new(store) as Arc<dyn ObjectStore>))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_stand_where_they_are_wanted() {
        let bucket = Bucket { name: "walg".into(), prefix: String::new() };
        assert_eq!(host_style("https://s3.example.com/", &bucket, true), "https://s3.example.com");
        assert_eq!(host_style("https://s3.example.com", &bucket, false), "https://walg.s3.example.com");
    }
}
