//! What stands beside the guests of Proxmox VE, through the real `terraform` against the stand-in cluster: functions,
//! tokens for one run, snapshots, data sources and actions.
//!
//! Actions need Terraform 1.14: `HYBRIDOPS_TERRAFORM_NEXT` names one; without it those tests are skipped aloud.

mod actions;
mod data_sources;
mod examples;
mod functions;
mod query;
mod scene;
mod snapshot;
mod token;

/// Begins a test: a scene, or the end of the test where what it needs is missing.
macro_rules! begin {
    () => {
        $crate::begin!(hybridops_lab::LabConfig::default())
    };
    ($config:expr) => {{
        fn here() {}
        if !$crate::scene::ready(std::any::type_name_of_val(&here))? {
            return Ok(());
        }
        $crate::scene::Scene::start($config, None)?
    }};
}
use begin;
