//! Endpoints that are no types: the root, the status, object types, the check of a token.

use serde_json::{Map, Value, json};

use super::page::{Sizes, parameter};
use super::refusal::Refusal;
use super::store::Store;
use super::table::{Kind, Type};

/// Apps, as the root lists them.
fn apps(store: &Store) -> Vec<String> {
    let mut apps: Vec<String> = store.table.types.iter().map(|t| t.app().to_owned()).collect();
    apps.sort();
    apps.dedup();
    apps
}

/// `/api/`
pub(crate) fn root(store: &Store, base: &str) -> Value {
    let mut links: Map<String, Value> =
        apps(store).into_iter().map(|app| (app.clone(), json!(format!("{base}/api/{app}/")))).collect();
    links.insert("status".to_owned(), json!(format!("{base}/api/status/")));
    links.insert("plugins".to_owned(), json!(format!("{base}/api/plugins/")));
    Value::Object(links)
}

/// `/api/dcim/`
pub(crate) fn app(store: &Store, base: &str, app: &str) -> Option<Value> {
    let types = store.table.types.iter().filter(|t| t.app() == app);
    let links: Map<String, Value> = types
        .filter_map(|t| Some((t.path.strip_prefix(app)?.trim_start_matches('/').to_owned(), t)))
        .map(|(name, t)| (name, json!(format!("{base}/api/{}/", t.path))))
        .collect();
    (!links.is_empty()).then_some(Value::Object(links))
}

/// `/api/status/`
pub(crate) fn status(store: &Store) -> Value {
    let version = store.table.version.full();
    json!({
        "django-version": "6.0.8", "hostname": "hybridops-lab", "installed_apps": {},
        "netbox-version": version, "netbox-full-version": version, "plugins": { "lab": "1.0" },
        "python-version": "3.12.1", "rq-workers-running": 0,
    })
}

fn object_type(id: usize, base: &str, path: &str, t: &Type) -> Value {
    let (app, model) = t.facts.model.split_once('.').unwrap_or_default();
    let shown = match app {
        "ipam" | "dcim" | "vpn" => app.to_uppercase(),
        _ => app.chars().take(1).flat_map(char::to_uppercase).chain(app.chars().skip(1)).collect(),
    };
    let title: Vec<String> = t
        .facts
        .name
        .split(' ')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |f| f.to_uppercase().chain(letters).collect())
        })
        .collect();
    let has = |kind: Kind| t.fields.iter().any(|f| f.kind == kind);
    let mut features = vec!["change_logging"];
    features.extend(has(Kind::CustomFields).then_some("custom_fields"));
    features.extend(has(Kind::Tags).then_some("tags"));
    json!({
        "id": id, "url": format!("{base}/api/{path}/{id}/"), "display": format!("{shown} > {}", title.join(" ")),
        "app_label": app, "app_name": shown, "model": model, "model_name": t.facts.name,
        "model_name_plural": format!("{}s", t.facts.name), "public": true, "features": features,
        "is_plugin_model": t.path.starts_with("plugins/"), "rest_api_endpoint": format!("/api/{}/", t.path),
        "description": "",
    })
}

/// `/api/core/object-types/`: all, or the one with an id.
pub(crate) fn object_types(
    store: &Store,
    base: &str,
    path: &str,
    id: Option<u64>,
    query: &super::filter::Query,
    sizes: Sizes,
) -> Result<Value, Refusal> {
    let mut types: Vec<&Type> =
        store.table.types.iter().filter(|t| !t.path.ends_with("/object-types")).collect();
    types.sort_by(|a, b| a.facts.model.cmp(&b.facts.model));
    let all = types.iter().enumerate().map(|(at, t)| object_type(at + 1, base, path, t));
    if let Some(id) = id {
        return all.into_iter().find(|o| o["id"] == id).ok_or_else(|| Refusal::gone("ObjectType"));
    }
    let fits = |o: &Value| {
        ["app_label", "model", "id"].iter().all(|name| {
            parameter(query, name)
                .is_none_or(|wanted| o[*name] == wanted || o[*name].as_u64() == wanted.parse().ok())
        })
    };
    let found: Vec<Value> = all.filter(fits).collect();
    let limit = parameter(query, "limit").and_then(|l| l.parse::<usize>().ok()).unwrap_or(sizes.usual);
    let limit = if limit == 0 { sizes.most } else { limit.min(sizes.most) };
    let offset = parameter(query, "offset").and_then(|o| o.parse::<usize>().ok()).unwrap_or_default();
    let next = (offset + limit < found.len()).then(|| {
        let rest: String = query
            .iter()
            .filter(|(n, _)| n != "limit" && n != "offset")
            .map(|(n, v)| format!("{n}={v}&"))
            .collect();
        format!("{base}/api/{path}/?{rest}limit={limit}&offset={}", offset + limit)
    });
    let part: Vec<&Value> = found.iter().skip(offset).take(limit).collect();
    Ok(json!({ "count": found.len(), "next": next, "previous": null, "results": part }))
}
