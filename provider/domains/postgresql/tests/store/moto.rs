//! The S3 server of the tests: moto, which is real enough for ranges, listings and, one request at a time, for conditional
//! writes: it looks and writes in two steps, so that on a busy machine two threads both make the same object.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use domain_postgresql::store::{Credentials, Files, S3Keys, S3Storage, Storage, Store, Stores};
use std::sync::Arc;
use transport_ssh::Secret;

/// Starts the server with one thread; the port is its argument.
const ONE_THREAD: &str = "
import sys, werkzeug.serving, moto.server
run = werkzeug.serving.run_simple
moto.server.run_simple = lambda *args, **named: run(*args, **{**named, 'threaded': False})
moto.server.main(['-H', '127.0.0.1', '-p', sys.argv[1]])
";

/// A server that ends with the test.
pub(crate) struct Moto {
    child: Child,
    /// Its address.
    pub(crate) endpoint: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    /// Starts one with a bucket `walg`; `None` where it is not installed, which is said aloud.
    pub(crate) async fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("python3")
            .args(["-c", ONE_THREAD, &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("SKIPPED: python3 is not installed, nothing is tried on S3");
            return None;
        };
        let mut moto = Self { child, endpoint: format!("http://127.0.0.1:{port}") };
        let client = reqwest_client();
        for _ in 0..300 {
            if moto.child.try_wait().unwrap().is_some() {
                eprintln!("SKIPPED: moto is not installed, nothing is tried on S3");
                return None;
            }
            let made = client.put(format!("{}/walg", moto.endpoint)).send().await;
            if made.is_ok_and(|answer| answer.status().is_success()) {
                return Some(moto);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("moto_server did not start");
    }
}

fn reqwest_client() -> reqwest::Client {
    let tls = transport_rest::client_config(
        &transport_rest::Trust::Insecure,
        transport_rest::HttpVersions::Http1Only,
    );
    reqwest::Client::builder().tls_backend_preconfigured(tls.unwrap()).no_proxy().build().unwrap()
}

pub(crate) fn storage(endpoint: &str, prefix: &str) -> Storage {
    let s3 = S3Storage {
        prefix: prefix.to_owned(),
        endpoint: Some(endpoint.to_owned()),
        region: None,
        force_path_style: Some(true),
        ca_certificate: None,
        server_side_encryption: None,
        kms_key_id: None,
        storage_class: None,
        object_lock_period: None,
        object_lock_mode: None,
        max_retries: None,
    };
    Storage { s3: Some(s3), gcs: None, azure: None, file: None, sftp: None }
}

pub(crate) fn open(endpoint: &str, prefix: &str) -> Arc<dyn Store> {
    let keys = S3Keys { id: Secret::new("id"), secret: Secret::new("secret"), session_token: None };
    let stores = Stores::new(Credentials { s3: Some(keys), ..Credentials::default() });
    stores.open(&storage(endpoint, prefix), &Files::Unknown).unwrap()
}
