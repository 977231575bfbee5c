//! What the API fills in at creation and keeps at updates (kubernetes/pkg/registry/**/strategy.go and
//! pkg/apis/**/defaults.go, as far as clients can see it).

use serde_json::{Value, json};

use super::Settings;
use super::api::Place;
use super::kinds::Kind;
use super::objects::{self, at, name, number, set, text, unset};
use super::status::{ApiResult, Status};

/// Names as upstream accepts them: DNS subdomains, path segments for roles.
pub(crate) fn check_name(kind: &Kind, name: &str) -> ApiResult<()> {
    let subdomain = name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        });
    let segment = !matches!(name, "." | "..") && !name.contains(['/', '%']);
    let valid = if kind.group == "rbac.authorization.k8s.io" { segment } else { subdomain };
    if valid {
        return Ok(());
    }
    let why = format!(
        "Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
    );
    Err(Status::invalid(&kind.qualified_kind(), name, "metadata.name", &why))
}

/// Types whose specification is counted in `metadata.generation`.
fn counts_generation(kind: &Kind) -> bool {
    kind.custom
        || matches!(
            kind.resource.as_str(),
            "deployments"
                | "daemonsets"
                | "statefulsets"
                | "replicasets"
                | "jobs"
                | "poddisruptionbudgets"
                | "ingresses"
                | "networkpolicies"
                | "customresourcedefinitions"
        )
}

fn fill(object: &mut Value, path: &[&str], value: Value) {
    if at(object, path).is_null() {
        set(object, path, value);
    }
}

pub(crate) fn on_create(kind: &Kind, object: &mut Value, settings: &Settings) -> ApiResult<()> {
    if counts_generation(kind) {
        set(object, &["metadata", "generation"], json!(1));
    }
    // A status sent at creation is not taken: strategies reset it. Nodes keep theirs: the kubelet registers with it.
    if kind.has("status") && !matches!(kind.resource.as_str(), "nodes" | "pods") {
        unset(object, &["status"]);
    }
    match kind.resource.as_str() {
        "namespaces" => {
            set(object, &["spec", "finalizers"], json!(["kubernetes"]));
            set(object, &["status"], json!({ "phase": "Active" }));
            let own = name(object).to_owned();
            set(object, &["metadata", "labels", "kubernetes.io/metadata.name"], json!(own));
        }
        "secrets" => secret(object)?,
        "pods" => pod(object, settings),
        "services" => service(object),
        "deployments" | "replicasets" | "statefulsets" | "daemonsets" | "jobs" => workload(kind, object)?,
        "persistentvolumeclaims" => {
            set(object, &["status"], json!({ "phase": "Pending" }));
            fill(object, &["spec", "volumeMode"], json!("Filesystem"));
            add_finalizer(object, "kubernetes.io/pvc-protection");
        }
        "persistentvolumes" => {
            set(object, &["status"], json!({ "phase": "Available" }));
            add_finalizer(object, "kubernetes.io/pv-protection");
        }
        "storageclasses" => {
            fill(object, &["reclaimPolicy"], json!("Delete"));
            fill(object, &["volumeBindingMode"], json!("Immediate"));
        }
        "customresourcedefinitions" => definition(object)?,
        _ => {}
    }
    validate(kind, object)
}

fn add_finalizer(object: &mut Value, finalizer: &str) {
    let mut all = objects::list(object, &["metadata", "finalizers"]).to_vec();
    if !all.iter().any(|known| known == finalizer) {
        all.push(json!(finalizer));
        set(object, &["metadata", "finalizers"], Value::Array(all));
    }
}

/// `stringData` becomes `data`.
fn secret(object: &mut Value) -> ApiResult<()> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let plain = object.as_object_mut().and_then(|map| map.remove("stringData"));
    for (key, value) in plain.as_ref().and_then(Value::as_object).into_iter().flatten() {
        set(object, &["data", key], json!(engine.encode(value.as_str().unwrap_or_default())));
    }
    for (key, value) in at(object, &["data"]).as_object().into_iter().flatten() {
        if value.as_str().is_none_or(|text| engine.decode(text).is_err()) {
            return Err(Status::bad_request(format!(
                "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data in data.{key}"
            )));
        }
    }
    fill(object, &["type"], json!("Opaque"));
    Ok(())
}

fn pod(object: &mut Value, _settings: &Settings) {
    for (path, value) in [
        (["spec", "restartPolicy"], json!("Always")),
        (["spec", "terminationGracePeriodSeconds"], json!(30)),
        (["spec", "schedulerName"], json!("default-scheduler")),
        (["spec", "serviceAccountName"], json!("default")),
        (["status", "phase"], json!("Pending")),
        (["status", "qosClass"], json!("BestEffort")),
    ] {
        fill(object, &path, value);
    }
    // plugin/pkg/admission/defaulttolerationseconds
    let mut tolerations = objects::list(object, &["spec", "tolerations"]).to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covered = tolerations.iter().any(|toleration| {
            let (found, effect) = (text(toleration, &["key"]), text(toleration, &["effect"]));
            (found == key || (found.is_empty() && toleration["operator"] == "Exists"))
                && matches!(effect, "" | "NoExecute")
        });
        if !covered {
            tolerations.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
            }));
        }
    }
    set(object, &["spec", "tolerations"], Value::Array(tolerations));
}

fn service(object: &mut Value) {
    fill(object, &["spec", "type"], json!("ClusterIP"));
    fill(object, &["spec", "sessionAffinity"], json!("None"));
    set(object, &["status"], json!({ "loadBalancer": {} }));
    for port in object["spec"]["ports"].as_array_mut().into_iter().flatten() {
        let number = port["port"].clone();
        fill(port, &["protocol"], json!("TCP"));
        fill(port, &["targetPort"], number);
    }
}

fn workload(kind: &Kind, object: &mut Value) -> ApiResult<()> {
    match kind.resource.as_str() {
        "deployments" => {
            fill(object, &["spec", "replicas"], json!(1));
            fill(object, &["spec", "strategy", "type"], json!("RollingUpdate"));
            if object["spec"]["strategy"]["type"] == "RollingUpdate" {
                fill(object, &["spec", "strategy", "rollingUpdate", "maxSurge"], json!("25%"));
                fill(object, &["spec", "strategy", "rollingUpdate", "maxUnavailable"], json!("25%"));
            }
            fill(object, &["spec", "revisionHistoryLimit"], json!(10));
            fill(object, &["spec", "progressDeadlineSeconds"], json!(600));
        }
        "replicasets" => fill(object, &["spec", "replicas"], json!(1)),
        "statefulsets" => {
            fill(object, &["spec", "replicas"], json!(1));
            fill(object, &["spec", "podManagementPolicy"], json!("OrderedReady"));
            fill(object, &["spec", "updateStrategy", "type"], json!("RollingUpdate"));
        }
        "daemonsets" => fill(object, &["spec", "updateStrategy", "type"], json!("RollingUpdate")),
        _ => {
            fill(object, &["spec", "backoffLimit"], json!(6));
            fill(object, &["spec", "completions"], json!(1));
            fill(object, &["spec", "parallelism"], json!(1));
            if objects::labels(&object["spec"]["template"])
                .is_none_or(|labels| !labels.contains_key("job-name"))
            {
                let own = name(object).to_owned();
                let uid = objects::uid(object).to_owned();
                let labels = ["spec", "template", "metadata", "labels"];
                for (key, value) in [
                    ("job-name", &own),
                    ("batch.kubernetes.io/job-name", &own),
                    ("controller-uid", &uid),
                    ("batch.kubernetes.io/controller-uid", &uid),
                ] {
                    let mut path = labels.to_vec();
                    path.push(key);
                    set(object, &path, json!(value));
                }
                fill(object, &["spec", "selector"], json!({ "matchLabels": { "controller-uid": uid } }));
            }
        }
    }
    Ok(())
}

/// apiextensions-apiserver establishes a definition a moment later; here it is served with its creation.
fn definition(object: &mut Value) -> ApiResult<()> {
    let expected =
        format!("{}.{}", text(object, &["spec", "names", "plural"]), text(object, &["spec", "group"]));
    if name(object) != expected {
        let why = format!("Invalid value: \"{}\": must be spec.names.plural+\".\"+spec.group", name(object));
        return Err(Status::invalid("CustomResourceDefinition", name(object), "metadata.name", &why));
    }
    let kind = text(object, &["spec", "names", "kind"]).to_owned();
    fill(object, &["spec", "names", "listKind"], json!(format!("{kind}List")));
    fill(object, &["spec", "names", "singular"], json!(kind.to_lowercase()));
    let stored: Vec<Value> = objects::list(object, &["spec", "versions"])
        .iter()
        .filter(|version| version["storage"] == true)
        .map(|version| version["name"].clone())
        .collect();
    let names = object["spec"]["names"].clone();
    set(object, &["status"], json!({ "acceptedNames": names, "storedVersions": stored, "conditions": [] }));
    objects::set_condition(object, "NamesAccepted", "True", "NoConflicts", "no conflicts found");
    objects::set_condition(
        object,
        "Established",
        "True",
        "InitialNamesAccepted",
        "the initial names have been accepted",
    );
    // customresourcecleanup.apiextensions.k8s.io: the instances go before the definition.
    add_finalizer(object, "customresourcecleanup.apiextensions.k8s.io");
    Ok(())
}

fn validate(kind: &Kind, object: &Value) -> ApiResult<()> {
    let refuse =
        |field: &str, why: &str| Err(Status::invalid(&kind.qualified_kind(), name(object), field, why));
    match kind.resource.as_str() {
        "deployments" | "replicasets" | "statefulsets" | "daemonsets" => {
            let selector = at(object, &["spec", "selector"]);
            if selector.is_null() {
                return refuse("spec.selector", "Required value");
            }
            let labels = at(object, &["spec", "template", "metadata", "labels"]).as_object();
            if !super::selectors::Labels::of_object(selector).matches(labels) {
                return refuse(
                    "spec.template.metadata.labels",
                    "Invalid value: `selector` does not match template `labels`",
                );
            }
            if objects::list(object, &["spec", "template", "spec", "containers"]).is_empty() {
                return refuse("spec.template.spec.containers", "Required value");
            }
        }
        "pods" if objects::list(object, &["spec", "containers"]).is_empty() => {
            return refuse("spec.containers", "Required value");
        }
        _ => {}
    }
    Ok(())
}

/// Brings what a client sent in line with what it may change through this path.
pub(crate) fn on_update(place: Place<'_>, old: &Value, new: &mut Value, subresource: &str) -> ApiResult<()> {
    let kind = place.kind;
    let version = text(new, &["metadata", "resourceVersion"]);
    if !version.is_empty() && version != text(old, &["metadata", "resourceVersion"]) {
        return Err(Status::modified(&kind.qualified(), place.name));
    }
    let given = objects::uid(new);
    if !given.is_empty() && given != objects::uid(old) {
        let why = format!(
            "Precondition failed: UID in precondition: {given}, UID in object meta: {}",
            objects::uid(old)
        );
        return Err(Status::conflict(&kind.qualified(), place.name, &why));
    }
    for key in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "resourceVersion",
        "generateName",
    ] {
        match at(old, &["metadata", key]) {
            Value::Null => unset(new, &["metadata", key]),
            kept => set(new, &["metadata", key], kept.clone()),
        }
    }
    new["apiVersion"] = json!(kind.api_version());
    new["kind"] = json!(kind.kind);
    keep_other_parts(kind, old, new, subresource);
    if kind.resource == "secrets" {
        secret(new)?;
        if old["immutable"] == true && old["data"] != new["data"] {
            return Err(Status::invalid(
                "Secret",
                place.name,
                "data",
                "Forbidden: field is immutable when `immutable` is set",
            ));
        }
        if old["type"] != new["type"] {
            return Err(Status::invalid("Secret", place.name, "type", "field is immutable"));
        }
    }
    check_immutable(place, old, new)?;
    if counts_generation(kind) && specification(kind, old) != specification(kind, new) {
        let generation = number(old, &["metadata", "generation"]).unwrap_or(0) + 1;
        set(new, &["metadata", "generation"], json!(generation));
    }
    Ok(())
}

/// The status changes through `/status` alone, everything else not through it.
fn keep_other_parts(kind: &Kind, old: &Value, new: &mut Value, subresource: &str) {
    let keep = |new: &mut Value, key: &str| match old.get(key) {
        Some(value) => new[key] = value.clone(),
        None => unset(new, &[key]),
    };
    match subresource {
        "" if kind.has("status") => keep(new, "status"),
        "status" => {
            let keys: Vec<String> = old
                .as_object()
                .into_iter()
                .flatten()
                .chain(new.clone().as_object().into_iter().flatten())
                .map(|(key, _)| key.clone())
                .filter(|key| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata" | "status"))
                .collect();
            for key in keys {
                keep(new, &key);
            }
            if kind.custom {
                let managed = at(new, &["metadata", "managedFields"]).clone();
                keep(new, "metadata");
                if !managed.is_null() {
                    set(new, &["metadata", "managedFields"], managed);
                }
            }
        }
        _ => {}
    }
    if kind.resource == "namespaces" && subresource.is_empty() {
        keep(new, "spec");
    }
    if kind.resource == "customresourcedefinitions" && subresource.is_empty() {
        keep(new, "status");
    }
}

/// What counts for the generation: everything but metadata and status.
fn specification(kind: &Kind, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(map) = object.as_object_mut() {
        map.remove("metadata");
        if kind.has("status") {
            map.remove("status");
        }
    }
    object
}

fn check_immutable(place: Place<'_>, old: &Value, new: &Value) -> ApiResult<()> {
    let fields: &[&[&str]] = match place.kind.resource.as_str() {
        "deployments" | "replicasets" | "daemonsets" => &[&["spec", "selector"]],
        "statefulsets" => &[
            &["spec", "selector"],
            &["spec", "serviceName"],
            &["spec", "podManagementPolicy"],
            &["spec", "volumeClaimTemplates"],
        ],
        "jobs" => &[&["spec", "selector"], &["spec", "template"], &["spec", "completions"]],
        "storageclasses" => &[&["provisioner"], &["parameters"], &["reclaimPolicy"], &["volumeBindingMode"]],
        "clusterrolebindings" | "rolebindings" => &[&["roleRef"]],
        "persistentvolumeclaims" => &[&["spec", "storageClassName"], &["spec", "accessModes"]],
        _ => &[],
    };
    for path in fields {
        let (before, after) = (at(old, path), at(new, path));
        // A field the API filled in may be missing in what comes back.
        if before != after && !before.is_null() && !after.is_null() {
            let why = format!("Invalid value: {after}: field is immutable");
            return Err(Status::invalid(&place.kind.qualified_kind(), place.name, &path.join("."), &why));
        }
    }
    Ok(())
}
