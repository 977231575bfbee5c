//! What a server brings with it is applied: each manifest of its folder, and the charts among them. A service that is new says
//! nothing about these: the controllers come to them later, and their jobs can fail.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use transport_ssh::Budget;

use super::asked::Asked;
use crate::api::{Condition, Kube, Object, Selector, kinds};
use crate::errors::Error;

/// The namespace of add-ons and packaged charts.
const SYSTEM: &str = "kube-system";
/// What an object belongs to.
const OWNER: &str = "objectset.rio.cattle.io/owner-gvk";
/// The hash of all that a release is made of: on the template of its job, and shortened on the release.
const HASH: &str = "helmcharts.helm.cattle.io/configHash";
/// How long the controller of charts may take to see a change, in seconds.
const MOMENT: i64 = 30;
/// Letters of a hash that a label can have.
const LABEL: usize = 63;

/// Something that is not there yet: by what it is known, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) name: String,
    pub(super) why: String,
}

/// The first that is not applied or not installed, manifests before charts; `but` is not counted.
///
/// # Errors
/// The machine or the API does not answer.
pub(super) async fn missing(
    asked: &Asked,
    kube: &Kube,
    but: &BTreeSet<String>,
    budget: &Budget,
) -> Result<Option<Missing>, Error> {
    let counts = |missing: &Missing| !but.contains(&missing.name);
    match late(asked, kube, budget).await?.into_iter().find(counts) {
        None => Ok(charts(kube, budget).await?.into_iter().find(counts)),
        late => Ok(late),
    }
}

/// Names of what is missing already, before anything is changed: nobody waits for it afterwards.
pub(super) async fn before(asked: &Asked, kube: &Kube, budget: &Budget) -> Result<BTreeSet<String>, Error> {
    let all = late(asked, kube, budget).await?.into_iter().chain(charts(kube, budget).await?);
    Ok(all.map(|missing| missing.name).collect())
}

/// Manifests of the machine that are not applied.
async fn late(asked: &Asked, kube: &Kube, budget: &Budget) -> Result<Vec<Missing>, Error> {
    let data = asked.distribution().data_dir();
    let sums =
        asked.run.script("reading the manifests", include_str!("scripts/manifests.sh"), &[data]).await?;
    let addons = kube.list(&kinds::ADD_ON, Some(SYSTEM), &Selector::default(), budget).await?;
    Ok(manifests(&sums, &addons))
}

/// The name of a file's add-on: the file's own up to the first dot, where the API takes it.
fn addon_of(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?.split('.').next()?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let valid = !name.is_empty() && !name.starts_with('-') && !name.ends_with('-') && name.chars().all(plain);
    valid.then_some(name)
}

/// Manifests that are not applied as they are: the add-on has another sum, or is not there.
fn manifests(sums: &str, addons: &[Object]) -> Vec<Missing> {
    let applied: BTreeMap<&str, &str> =
        addons.iter().map(|addon| (addon.name(), addon.text("/spec/checksum"))).collect();
    let files = sums.lines().filter_map(|line| line.split_once("  "));
    let late = files.filter_map(|(sum, path)| {
        let name = addon_of(path)?;
        (applied.get(name) != Some(&sum)).then(|| Missing {
            name: format!("manifest {name}"),
            why: format!("the manifest {path} to be applied (as AddOn {SYSTEM}/{name})"),
        })
    });
    late.collect()
}

/// Charts out of manifests whose release is not that of their job, or not deployed.
async fn charts(kube: &Kube, budget: &Budget) -> Result<Vec<Missing>, Error> {
    let charts = kube.list(&kinds::HELM_CHART, None, &Selector::default(), budget).await?;
    let mut jobs: BTreeMap<String, Vec<Object>> = BTreeMap::new();
    let mut missing = Vec::new();
    for chart in charts
        .iter()
        .filter(|chart| chart.annotation(OWNER).is_some_and(|owner| owner.ends_with("Kind=Addon")))
    {
        let space = chart.namespace().unwrap_or(SYSTEM);
        if !jobs.contains_key(space) {
            let all = kube.list(&kinds::JOB, Some(space), &Selector::default(), budget).await?;
            jobs.insert(space.to_owned(), all);
        }
        let name = format!("helm-install-{}", chart.name());
        let job = jobs.get(space).and_then(|all| all.iter().find(|job| job.name() == name));
        let target = match chart.text("/spec/targetNamespace") {
            "" => space,
            target => target,
        };
        let releases = Selector::labels(format!("owner=helm,name={}", chart.name()));
        let releases = kube.list_metadata(&kinds::SECRET, Some(target), &releases, budget).await?;
        if let Some(why) = standing(chart, job, &releases, now()) {
            let name = format!("chart {}", chart.name());
            missing.push(Missing { why: format!("the {name} to be installed ({why})"), name });
        }
    }
    Ok(missing)
}

/// Whether a chart was changed since its job was made, a moment ago: what is changed may be nothing that takes another job.
fn is_behind(chart: &Object, job: &Object, now: i64) -> bool {
    let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp);
    let fields =
        chart.list("/metadata/managedFields").iter().filter(|one| one.pointer("/fieldsV1/f:spec").is_some());
    let changed = fields.filter_map(|one| time(one.get("time")?.as_str()?)).max();
    let made = time(job.text("/metadata/creationTimestamp"));
    changed.zip(made).is_some_and(|(changed, made)| changed > made && now < changed + MOMENT)
}

/// How a chart stands that is not installed as it is; nothing where it is.
fn standing(chart: &Object, job: Option<&Object>, releases: &[Object], now: i64) -> Option<String> {
    let revision =
        |secret: &&Object| secret.labels().get("version").and_then(|version| version.parse::<u64>().ok());
    let newest = releases.iter().max_by_key(revision).map(Object::labels).unwrap_or_default();
    let status = newest.get("status").map_or("", String::as_str);
    let Some(job) = job else {
        // A job whose release is there may have been cleared away.
        return (status != "deployed").then(|| "it has no job yet".to_owned());
    };
    if job.is_deleted() || is_behind(chart, job, now) {
        return Some("its job is made anew".to_owned());
    }
    let failed = job.number("/status/failed").unwrap_or_default();
    if let Some(condition) =
        [chart, job].into_iter().find_map(|it| it.condition("Failed").filter(Condition::is_true))
    {
        return Some(format!("its job failed: {}", condition.message));
    }
    if job.number("/status/succeeded") < Some(1) {
        let pods = if failed > 0 { format!(", {failed} of its pods failed") } else { String::new() };
        return Some(format!("its job helm-install-{} has not ended{pods}", chart.name()));
    }
    let hash = job.text("/spec/template/metadata/annotations/helmcharts.helm.cattle.io~1configHash");
    let hash: String = hash.trim_start_matches("SHA256=").chars().take(LABEL).collect();
    let known = newest.get(HASH).map_or("", String::as_str);
    if !hash.is_empty() && !known.is_empty() && known != hash {
        return Some("its release is older than its job".to_owned());
    }
    (!status.is_empty() && status != "deployed").then(|| format!("its release is {status}"))
}

fn now() -> i64 {
    i64::try_from(crate::host::journal::now()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn addon(name: &str, checksum: &str) -> Object {
        Object(
            json!({"metadata": {"name": name, "namespace": "kube-system"}, "spec": {"checksum": checksum}}),
        )
    }

    #[test]
    fn a_manifest_is_applied_when_its_sum_is_the_add_ons() {
        let sums = "aa  /m/rke2-coredns.yaml\nbb  /m/metrics/reader.v1.yaml\ncc  /m/Not_A_Name.yaml\ndd  /m/new.json\n";
        let late =
            manifests(sums, &[addon("rke2-coredns", "aa"), addon("reader", "old"), addon("other", "x")]);
        let names: Vec<&str> = late.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["manifest reader", "manifest new"]);
        assert!(
            manifests(sums, &[addon("rke2-coredns", "aa"), addon("reader", "bb"), addon("new", "dd")])
                .is_empty()
        );
    }

    fn how(job: Option<Value>, release: Option<(&str, &str)>) -> Option<String> {
        let chart = Object(json!({"metadata": {"name": "dns"}}));
        let releases = release.map(|(status, hash)| {
            Object(json!({"metadata": {"labels": {"version": "2", "status": status, HASH: hash}}}))
        });
        let older =
            Object(json!({"metadata": {"labels": {"version": "1", "status": "superseded", HASH: "0"}}}));
        let releases: Vec<Object> = releases.into_iter().chain([older]).collect();
        standing(&chart, job.map(Object).as_ref(), &releases, 0)
    }

    #[test]
    fn a_chart_that_was_just_changed_gets_another_job() {
        let fields = json!([{"time": "1970-01-01T00:01:40Z", "fieldsV1": {"f:spec": {}}},
            {"time": "1970-01-01T00:09:00Z", "fieldsV1": {"f:status": {}}}]);
        let chart = Object(json!({"metadata": {"name": "dns", "managedFields": fields}}));
        let job =
            |made: &str| Object(json!({"metadata": {"creationTimestamp": made}, "status": {"succeeded": 1}}));
        let older = job("1970-01-01T00:01:00Z");
        assert!(is_behind(&chart, &older, 110));
        assert!(!is_behind(&chart, &older, 130), "it takes no other job");
        assert!(!is_behind(&chart, &job("1970-01-01T00:01:41Z"), 110));
        let going = Object(
            json!({"metadata": {"deletionTimestamp": "1970-01-01T00:01:00Z"}, "status": {"succeeded": 1}}),
        );
        assert_eq!(standing(&Object(json!({})), Some(&going), &[], 0).unwrap(), "its job is made anew");
    }

    #[test]
    fn a_chart_is_installed_when_the_release_of_its_job_is_deployed() {
        let job = |status: Value| {
            let template = json!({"metadata": {"annotations": {HASH: "SHA256=AB"}}});
            Some(json!({"spec": {"template": template}, "status": status}))
        };
        assert_eq!(how(job(json!({"succeeded": 1})), Some(("deployed", "AB"))), None);
        assert_eq!(how(None, Some(("deployed", "AB"))), None);
        let said = |job, release| how(job, release).unwrap();
        assert_eq!(said(None, None), "it has no job yet");
        assert_eq!(
            said(job(json!({"succeeded": 1})), Some(("deployed", "CD"))),
            "its release is older than its job"
        );
        assert_eq!(said(job(json!({"succeeded": 1})), Some(("failed", "AB"))), "its release is failed");
        assert!(said(job(json!({"failed": 3})), Some(("deployed", "AB"))).contains("3 of its pods failed"));
        let gave_up =
            json!({"conditions": [{"type": "Failed", "status": "True", "message": "BackoffLimitExceeded"}]});
        assert!(said(job(gave_up), None).contains("BackoffLimitExceeded"));
    }
}
