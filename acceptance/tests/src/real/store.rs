//! An S3 store beside a laboratory.

use anyhow::{Result, bail};
use hybridops_lab::{RealGuests, S3};
use tokio::runtime::Runtime;

use super::ground;

/// The bucket that the store has.
pub const BUCKET: &str = "walg";

/// The S3 store, for threads that block.
#[derive(Debug)]
pub struct Store {
    s3: S3,
    runtime: &'static Runtime,
}

impl Store {
    /// Starts one with a bucket.
    ///
    /// # Errors
    /// This machine lacks what it needs, or it does not start.
    pub(crate) fn start(real: &RealGuests) -> Result<Self> {
        let runtime = ground::runtime()?;
        let s3 = runtime.block_on(S3::start(real.cache(), real.host()))?;
        runtime.block_on(s3.make_bucket(BUCKET))?;
        Ok(Self { s3, runtime })
    }

    /// The S3 server itself: its faults and its log.
    #[must_use]
    pub fn s3(&self) -> &S3 {
        &self.s3
    }

    /// Keys and sizes below a prefix.
    ///
    /// # Errors
    /// It does not answer.
    pub fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        Ok(self.runtime.block_on(self.s3.list(BUCKET, prefix))?)
    }

    /// An object that must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn object(&self, key: &str) -> Result<Vec<u8>> {
        match self.runtime.block_on(self.s3.object(BUCKET, key))? {
            Some(bytes) => Ok(bytes.to_vec()),
            None => bail!("the store has no {key}"),
        }
    }

    /// Puts an object behind everybody's back.
    ///
    /// # Errors
    /// It is not taken.
    pub fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        Ok(self.runtime.block_on(self.s3.put(BUCKET, key, bytes))?)
    }

    /// Removes an object behind everybody's back.
    ///
    /// # Errors
    /// It does not answer.
    pub fn delete(&self, key: &str) -> Result<()> {
        Ok(self.runtime.block_on(self.s3.delete(BUCKET, key))?)
    }

    /// The block `storage` of an archive below this folder.
    #[must_use]
    pub fn block(&self, folder: &str) -> String {
        format!(
            "{{ s3 = {{ prefix = \"s3://{BUCKET}/{folder}\", endpoint = \"{}\", force_path_style = true, max_retries = 1 }} }}",
            self.s3.endpoint()
        )
    }
}
