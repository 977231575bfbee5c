//! `/version` and the root index.

use serde_json::json;

use super::Route;
use crate::pve::call::Call;
use crate::pve::reply::Outcome;

pub(super) const ROUTES: &[Route] = &[("GET", "/version", version), ("GET", "/", index)];

pub(crate) fn version(call: &Call) -> Outcome {
    let p = call.cluster.personality();
    Ok(json!({ "release": p.release, "repoid": p.repoid, "version": p.version }).into())
}

fn index(_: &Call) -> Outcome {
    let names = ["version", "cluster", "nodes", "storage", "access", "pools"];
    Ok(json!(names.map(|n| json!({ "subdir": n }))).into())
}
