//! An S3 server, WAL-G, and a workspace.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::Result;
use hybridops_lab::{RealError, S3, wal_g};
use tokio::runtime::Runtime;

use crate::archive;

/// What a test has.
pub(crate) struct Scene {
    pub(crate) ws: Workspace,
    pub(crate) s3: S3,
    pub(crate) walg: PathBuf,
    pub(crate) runtime: Runtime,
}

/// The secret that must be found nowhere.
pub(crate) const CANARY: &str = "canary-of-the-store-4711";

impl Scene {
    /// A scene; `None`, said aloud, where this machine cannot have it.
    pub(crate) fn start(test: &str) -> Result<Option<Self>> {
        if !terraform_or_skip(test)? {
            return Ok(None);
        }
        let skip = |what: &str| -> Result<Option<Self>> {
            writeln!(std::io::stderr(), "SKIPPED {test}: it needs {what}")?;
            Ok(None)
        };
        if !archive::possible() {
            return skip("PostgreSQL 15 and root");
        }
        let cache =
            std::env::var_os("HYBRIDOPS_LAB_CACHE").unwrap_or_else(|| "/var/cache/hybridops-lab".into());
        let cache = PathBuf::from(cache);
        let walg = match wal_g(&cache) {
            Ok(walg) => walg,
            Err(RealError::Needs(what)) => return skip(&what),
            Err(error) => return Err(error.into()),
        };
        // The front of the S3 server has a client, and that names no provider of its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let s3 = match runtime.block_on(S3::start(&cache, Ipv4Addr::LOCALHOST)) {
            Ok(s3) => s3,
            Err(RealError::Needs(what)) => return skip(&what),
            Err(error) => return Err(error.into()),
        };
        runtime.block_on(s3.make_bucket("walg"))?;
        let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
        ws.set_env("AWS_ACCESS_KEY_ID", "lab");
        ws.set_env("AWS_SECRET_ACCESS_KEY", CANARY);
        Ok(Some(Self { ws, s3, walg, runtime }))
    }

    /// The block that names the archive.
    pub(crate) fn storage(&self) -> String {
        format!(
            "storage = {{ s3 = {{ prefix = \"s3://walg/db01\", endpoint = \"{}\", force_path_style = true }} }}",
            self.s3.endpoint()
        )
    }
}
