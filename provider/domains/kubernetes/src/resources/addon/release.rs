//! The HelmChart of an add-on: the catalogue's data, and over it what the configuration says.

use serde_json::{Map, Value, json};
use tf_framework::{Diagnostics, Path, Result};

use super::catalogue::{Entry, Preset};
use super::manifests::{ObjectId, Wanted};
use super::model::{Chart, FailurePolicy, KubernetesAddon};
use crate::yaml;

/// The namespace in which the controllers of both distributions look for charts.
pub(super) const CHARTS: &str = "kube-system";

/// Key of the secret values in their Secret.
const VALUES_KEY: &str = "values.yaml";

/// Name of the Secret with the secret values of a release.
pub(super) fn values_name(addon: &str) -> String {
    format!("hybridops-values-{addon}")
}

/// The namespace that an add-on is in where the configuration names none.
pub(super) fn usual_namespace(entry: Option<&Entry>) -> &'static str {
    entry.map_or("default", |entry| entry.namespace)
}

/// The objects by which a release is asked for: its secret values, where there are any in the configuration, and the
/// HelmChart. Empty for an add-on without a chart.
pub(super) fn objects(addon: &KubernetesAddon, namespace: &str) -> Result<Vec<Wanted>> {
    let secret = if has_release(addon) { secret_values(addon)? } else { None };
    Ok(secret.into_iter().chain(helm_chart(addon, namespace)?).collect())
}

/// Whether an add-on has a chart at all.
pub(super) fn has_release(addon: &KubernetesAddon) -> bool {
    addon.chart.is_some() || addon.catalogue.is_some()
}

/// The HelmChart, where the add-on has a chart.
pub(super) fn helm_chart(addon: &KubernetesAddon, namespace: &str) -> Result<Option<Wanted>> {
    if !has_release(addon) {
        return Ok(None);
    }
    let entry = addon.catalogue.and_then(Preset::entry);
    let chart = addon.chart.clone().unwrap_or_else(|| Chart { retries: 3, ..Chart::default() });
    let id = ObjectId::new("helm.cattle.io/v1", "HelmChart", Some(CHARTS), &addon.name);
    let body = json!({
        "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart",
        "metadata": {"name": addon.name, "namespace": CHARTS},
        "spec": spec(addon, &chart, entry, namespace)?,
    });
    Ok(Some(Wanted { id, body, secret: false }))
}

/// The Secret of secret values.
fn secret_values(addon: &KubernetesAddon) -> Result<Option<Wanted>> {
    use base64::Engine as _;
    if addon.values_secret_version.is_none() {
        return Ok(None);
    }
    let path = Path::root().attribute("values_secret");
    let Some(values) = addon.values_secret.get() else {
        return Err(Diagnostics::error_at(
            path,
            "The secret values are not there",
            "`values_secret_version` is set, so `values_secret` must be, too: it is never stored, and needed by each apply.",
        ));
    };
    if !yaml::document(values).is_ok_and(|values| values.is_object() || values.is_null()) {
        return Err(Diagnostics::error_at(
            path,
            "The secret values cannot be read",
            "They must be a YAML mapping.",
        ));
    }
    let name = values_name(&addon.name);
    let body = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": name, "namespace": CHARTS},
        "data": {VALUES_KEY: base64::engine::general_purpose::STANDARD.encode(values)},
    });
    let id = ObjectId::new("v1", "Secret", Some(CHARTS), &name);
    Ok(Some(Wanted { id, body, secret: true }))
}

fn spec(
    addon: &KubernetesAddon,
    chart: &Chart,
    entry: Option<&'static Entry>,
    namespace: &str,
) -> Result<Map<String, Value>> {
    let mut spec = Map::new();
    let mut set = |key: &str, value: Value| drop(spec.insert(key.to_owned(), value));
    if let Some(content) = &chart.content {
        set("chartContent", content.as_str().into());
    } else {
        let name =
            chart.chart.as_deref().or(entry.map(|entry| entry.chart)).ok_or_else(|| missing("chart"))?;
        let usual = entry.map(|entry| entry.version).filter(|_| chart.chart.is_none());
        let version = chart.version.as_deref().or(usual).ok_or_else(|| missing("version"))?;
        set("chart", name.into());
        set("version", version.into());
        let usual = entry.and_then(|entry| entry.repo).filter(|_| chart.chart.is_none());
        if let Some(repo) = chart.repo.as_deref().or(usual) {
            set("repo", repo.into());
        }
    }
    if let Some(authority) = &chart.repo_ca {
        set("repoCA", authority.as_str().into());
    }
    set("targetNamespace", namespace.into());
    set("createNamespace", true.into());
    let policy = chart.failure_policy.or(entry.map(|entry| entry.failure_policy));
    set("failurePolicy", policy.unwrap_or(FailurePolicy::Abort).as_str().into());
    set("backOffLimit", chart.retries.into());
    if let Some(timeout) = &chart.timeout {
        set("timeout", timeout.as_str().into());
    }
    if chart.take_ownership {
        set("takeOwnership", true.into());
    }
    let values = values(chart.values.as_deref(), entry, addon.values_secret_version)?;
    if !values.is_empty() {
        set("valuesContent", values.into());
    }
    if addon.values_secret_version.is_some() {
        set("valuesSecrets", json!([{"name": values_name(&addon.name), "keys": [VALUES_KEY]}]));
    }
    Ok(spec)
}

fn missing(what: &'static str) -> Diagnostics {
    let path = Path::root().attribute("chart").attribute(what);
    Diagnostics::error_at(
        path,
        format!("The chart has no {what}"),
        format!("Set `chart.{what}`, or `catalogue` to an add-on whose {what} is known."),
    )
}

/// The values of a release: the user's own text where that is all, otherwise both merged. The version of the secret values
/// stands in it as a comment, so that the release is upgraded when they change.
fn values(own: Option<&str>, entry: Option<&'static Entry>, secret_version: Option<i64>) -> Result<String> {
    let note =
        secret_version.map(|version| format!("# secret values, version {version}\n")).unwrap_or_default();
    let usual = entry.map_or("", |entry| entry.values);
    let text = match (usual, own.unwrap_or_default()) {
        ("", own) => own.to_owned(),
        (usual, "") => usual.to_owned(),
        (usual, own) => {
            let unreadable = |error: String| {
                let path = Path::root().attribute("chart").attribute("values");
                Diagnostics::error_at(path, "The values cannot be read", error)
            };
            let mut merged = yaml::document(usual).map_err(|error| unreadable(error.to_string()))?;
            merge(&mut merged, yaml::document(own).map_err(|error| unreadable(error.to_string()))?);
            // JSON is YAML.
            serde_json::to_string_pretty(&merged).map_err(|error| unreadable(error.to_string()))?
        }
    };
    Ok(format!("{note}{text}"))
}

/// Puts values over others, as Helm does: mappings are merged, null takes away, all else replaces.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (_, Value::Null) => {}
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                if value.is_null() {
                    under.insert(key, value);
                } else {
                    merge(under.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (under, over) => *under = over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_values_stand_over_those_of_the_catalogue() {
        let entry = Preset::ArgoCd.entry();
        let text = values(Some("crds: {keep: true}\nx: [1]\n"), entry, Some(3)).unwrap();
        assert!(text.starts_with("# secret values, version 3\n"), "{text}");
        let merged = yaml::document(&text).unwrap();
        assert_eq!(merged.pointer("/crds"), Some(&json!({"install": true, "keep": true})));
        assert_eq!(merged.get("x"), Some(&json!([1])));
        assert_eq!(values(Some("a: 1 # why\n"), None, None).unwrap(), "a: 1 # why\n");
    }
}
