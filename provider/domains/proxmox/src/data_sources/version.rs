//! `hybridops_proxmox_version`.

use serde::Deserialize;
use tf_framework::{Computed, DataContext, DataSource, Diagnostics, Model, Result};

use crate::api::{Version, lenient};
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// Version of the Proxmox VE node that answers. During an upgrade the nodes of a cluster may differ.
#[derive(Debug, Clone, Model)]
pub struct VersionInfo {
    /// Whole version, `8.4.21`.
    pub version: Computed<String>,
    /// Release, `8.4`.
    pub release: Computed<String>,
    /// Short identifier of the sources it was built from.
    pub repoid: Computed<String>,
    /// First number of the version.
    pub major: Computed<u32>,
    /// Second number of the version.
    pub minor: Computed<u32>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient::text")]
    version: String,
    #[serde(default, deserialize_with = "lenient::text")]
    release: String,
    #[serde(default, deserialize_with = "lenient::text")]
    repoid: String,
}

impl DataSource for VersionInfo {
    const NAME: &'static str = "proxmox_version";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn read(cx: &mut DataContext<Self>, _: Self) -> Result<Self> {
        let px = cx.client()?;
        let answer: Answer = px
            .api
            .read(["version"], &budget(cx))
            .await
            .map_err(|error| failure("Reading the version failed", &error))?;
        let parsed = Version::parse(&answer.version, &answer.release).ok_or_else(|| {
            Diagnostics::error("Reading the version failed", format!("{:?} is no version.", answer.version))
        })?;
        Ok(Self {
            version: answer.version.into(),
            release: answer.release.into(),
            repoid: answer.repoid.into(),
            major: parsed.major.into(),
            minor: parsed.minor.into(),
        })
    }
}
