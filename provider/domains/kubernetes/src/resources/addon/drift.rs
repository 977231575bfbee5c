//! What differs in the cluster from what was applied.

use std::collections::BTreeSet;

use serde_json::Value;
use tf_framework::Result;

use super::manifests::{ObjectId, Wanted, own};
use super::target::Target;
use crate::api::{Apply, Object};

/// Differences of one object that are told.
const TOLD: usize = 5;

/// Compares objects with what they would be after an apply. Nothing is changed.
pub(super) async fn differences(
    target: &Target<'_>,
    wanted: &[Wanted],
    inventory: &BTreeSet<ObjectId>,
) -> Result<BTreeSet<String>> {
    let mut told = BTreeSet::new();
    let mut seen: Vec<ObjectId> = Vec::new();
    for wanted in wanted {
        let Some(kind) = target.kind(&wanted.id).await? else {
            told.insert(format!("{}: the cluster does not know its kind any more", wanted.id));
            seen.push(wanted.id.clone());
            continue;
        };
        let id = target.place(wanted, &kind);
        seen.push(id.clone());
        let Some(live) = target.live(&id).await?.filter(|object| !object.is_deleted()) else {
            told.insert(format!("{id}: is gone"));
            continue;
        };
        if let Some(failed) =
            live.condition("Failed").filter(|failed| failed.is_true() && id.kind == "HelmChart")
        {
            told.insert(format!("{id}: its installation failed: {}", failed.message));
        }
        let mut body = wanted.body.clone();
        own(&mut body, target.addon, id.namespace.as_deref());
        let how = Apply { force: true, dry_run: true };
        let tried =
            target.kube.apply(&kind, id.namespace.as_deref(), &id.name, &body, how, target.budget).await;
        match tried {
            Ok(tried) => told.extend(compared(&id, &live, &tried)),
            // A field that cannot be changed: the apply will say so, with the API's words.
            Err(error) if error.status().is_some() => {
                told.insert(format!("{id}: cannot be put right: {error}"));
            }
            Err(error) => return Err(target.failed(&format!("{id} could not be compared"), &error)),
        }
    }
    // What is secret is not at hand: it is there or not.
    for id in inventory.iter().filter(|id| !seen.iter().any(|other| other.same(id))) {
        if target.live(id).await?.is_none() {
            told.insert(format!("{id}: is gone"));
        }
    }
    Ok(told)
}

fn compared(id: &ObjectId, live: &Object, tried: &Object) -> Option<String> {
    let mut changes = Vec::new();
    let mut path = Vec::new();
    compare(&live.0, &tried.0, &mut path, &mut changes);
    if changes.is_empty() {
        return None;
    }
    let hidden = id.kind == "Secret";
    let mut told: Vec<String> = changes.iter().take(TOLD).map(|change| change.told(live, hidden)).collect();
    if changes.len() > TOLD {
        told.push(format!("and {} more", changes.len() - TOLD));
    }
    Some(format!("{id}: {}", told.join(", ")))
}

/// A field that an apply would change.
struct Change {
    path: Vec<String>,
    now: Option<Value>,
    applied: Option<Value>,
}

/// Fields that the API keeps for itself.
const OWN: &[&str] =
    &["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"];

fn compare(now: &Value, then: &Value, path: &mut Vec<String>, changes: &mut Vec<Change>) {
    match (now, then) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let kept = path.is_empty() && key == "status"
                    || path.len() == 1
                        && path.first().is_some_and(|first| first == "metadata")
                        && OWN.contains(&key.as_str());
                if kept {
                    continue;
                }
                path.push(key.clone());
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => compare(a, b, path, changes),
                    (a, b) => {
                        changes.push(Change { path: path.clone(), now: a.cloned(), applied: b.cloned() });
                    }
                }
                path.pop();
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (number, (a, b)) in a.iter().zip(b).enumerate() {
                let name = b.get("name").and_then(Value::as_str);
                path.push(name.map_or_else(|| format!("[{number}]"), |name| format!("[{name}]")));
                compare(a, b, path, changes);
                path.pop();
            }
        }
        (a, b) if a != b => {
            changes.push(Change { path: path.clone(), now: Some(a.clone()), applied: Some(b.clone()) });
        }
        _ => {}
    }
}

impl Change {
    fn told(&self, live: &Object, hidden: bool) -> String {
        let by = owner(live, &self.path).map(|by| format!(", by {by}")).unwrap_or_default();
        let path = self.path.join(".").replace(".[", "[");
        if hidden {
            return format!("{path} was changed{by}");
        }
        match (&self.now, &self.applied) {
            (None, Some(applied)) => format!("{path} was taken out{by}; applied {}", brief(applied)),
            (Some(now), None) => format!("{path} is {} and was not applied{by}", brief(now)),
            (now, applied) => {
                let (now, applied) = (now.as_ref().map(brief), applied.as_ref().map(brief));
                format!("{path} is {}{by}; applied {}", now.unwrap_or_default(), applied.unwrap_or_default())
            }
        }
    }
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        text
    } else {
        format!("{}…", text.chars().take(60).collect::<String>())
    }
}

/// Who wrote a field last: the manager that owns it, else the last one that is not us.
fn owner(live: &Object, path: &[String]) -> Option<String> {
    let others = live.list("/metadata/managedFields").iter();
    let mut others: Vec<&Value> = others
        .filter(|entry| entry.get("manager").and_then(Value::as_str) != Some(crate::api::MANAGER))
        .filter(|entry| entry.get("subresource").and_then(Value::as_str) != Some("status"))
        .collect();
    others.sort_by_key(|entry| entry.get("time").and_then(Value::as_str).unwrap_or_default());
    let owns = |entry: &&Value| {
        let Some(mut at) = entry.get("fieldsV1") else { return false };
        for key in path.iter().take_while(|key| !key.starts_with('[')) {
            match at.get(format!("f:{key}")) {
                Some(below) => at = below,
                None => return false,
            }
        }
        true
    };
    let found = others.iter().rev().copied().find(|entry| owns(entry))?;
    Some(found.get("manager")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_name_the_field_the_values_and_who_it_was() {
        let id = ObjectId::new("apps/v1", "Deployment", Some("x"), "web");
        let live = json!({"metadata": {"resourceVersion": "2", "managedFields": [
                {"manager": "hybridops", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
                {"manager": "kubectl", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]},
            "spec": {"replicas": 5, "containers": [{"name": "a", "image": "one"}]}, "status": {"x": 1}});
        let tried = json!({"metadata": {"resourceVersion": "3"},
            "spec": {"replicas": 2, "containers": [{"name": "a", "image": "two"}]}, "status": {}});
        let told = compared(&id, &Object(live.clone()), &Object(tried)).unwrap();
        assert_eq!(
            told,
            "Deployment.apps x/web: spec.containers[a].image is \"one\"; applied \"two\", spec.replicas is 5, by kubectl; \
             applied 2"
        );
        assert_eq!(compared(&id, &Object(live.clone()), &Object(live)), None);
    }

    #[test]
    fn what_is_in_a_secret_is_not_told() {
        let id = ObjectId::new("v1", "Secret", Some("x"), "s");
        let secret = |value: &str| Object(json!({"data": {"password": value}}));
        let told = compared(&id, &secret("Q0FOQVJZ"), &secret("T1RIRVI=")).unwrap();
        assert_eq!(told, "Secret x/s: data.password was changed");
    }
}
