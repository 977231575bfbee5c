//! The list of an add-on's objects, kept in the cluster: what was ever applied is found again and taken away.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use transport_ssh::Budget;

use super::manifests::{LABEL, ObjectId};
use super::release::CHARTS;
use crate::api::{ApiError, Apply, Delete, Kube, kinds};

/// What the cluster knows of an add-on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inventory {
    /// Every object that was or is about to be applied.
    pub(super) objects: BTreeSet<ObjectId>,
    /// Whether its creation never came to its end.
    pub(super) creating: bool,
    /// The job of the release that was there before the last change of it, until that change is seen through.
    pub(super) job_before: Option<String>,
}

const OBJECTS: &str = "objects.json";
const CREATING: &str = "creating";
const JOB_BEFORE: &str = "job-before";

fn name_of(addon: &str) -> String {
    format!("hybridops-addon-{addon}")
}

impl Inventory {
    /// Reads it; `None` where the cluster knows no such add-on.
    pub(super) async fn read(kube: &Kube, addon: &str, budget: &Budget) -> Result<Option<Self>, ApiError> {
        let name = name_of(addon);
        let Some(map) = kube.get(&kinds::CONFIG_MAP, Some(CHARTS), &name, budget).await? else {
            return Ok(None);
        };
        let entry = |key: &str| map.0.get("data").and_then(|data| data.get(key)).and_then(Value::as_str);
        let objects = serde_json::from_str(entry(OBJECTS).unwrap_or("[]")).map_err(|error| {
            let what = format!("reading ConfigMap {CHARTS}/{name}");
            ApiError::Unexpected { what, why: format!("`{OBJECTS}`: {error}") }
        })?;
        let job_before = entry(JOB_BEFORE).map(str::to_owned);
        Ok(Some(Self { objects, creating: entry(CREATING).is_some(), job_before }))
    }

    /// Writes it.
    pub(super) async fn write(&self, kube: &Kube, addon: &str, budget: &Budget) -> Result<(), ApiError> {
        let name = name_of(addon);
        let objects = serde_json::to_string_pretty(&self.objects).unwrap_or_else(|_| "[]".to_owned());
        let mut data = json!({OBJECTS: objects});
        if let Some(data) = data.as_object_mut() {
            if self.creating {
                data.insert(CREATING.to_owned(), "true".into());
            }
            if let Some(job) = &self.job_before {
                data.insert(JOB_BEFORE.to_owned(), job.as_str().into());
            }
        }
        let body = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": {"name": name, "namespace": CHARTS, "labels": {LABEL: addon}},
        });
        let how = Apply { force: true, dry_run: false };
        kube.apply(&kinds::CONFIG_MAP, Some(CHARTS), &name, &body, how, budget).await.map(drop)
    }

    /// Takes it away.
    pub(super) async fn remove(kube: &Kube, addon: &str, budget: &Budget) -> Result<(), ApiError> {
        let name = name_of(addon);
        kube.delete(&kinds::CONFIG_MAP, Some(CHARTS), &name, &Delete::default(), budget).await.map(drop)
    }
}
