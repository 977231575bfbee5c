//! The recordings of a real NetBox, given to the client as answers.

use std::path::{Path, PathBuf};

use domain_netbox::api::{Error, Etag, FaultKind, NetBox, Object, Settings};
use serde_json::{Map, Value};
use transport_rest::Budget;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The exchanges of a file; nothing where the recordings are absent.
fn exchanges(file: &str) -> Vec<Value> {
    let Some(folder) = recordings() else {
        eprintln!("SKIPPED: the recordings of NetBox (shared/fixtures/netbox) are not here");
        return Vec::new();
    };
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let mut recording: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(recording["exchanges"].take()).unwrap()
}

fn recordings() -> Option<PathBuf> {
    let below = |shared: PathBuf| Some(shared.join("fixtures/netbox")).filter(|folder| folder.is_dir());
    let named = std::env::var_os("HYBRIDOPS_SHARED").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared"));
    named.into_iter().chain(above).find_map(below)
}

/// Every file of exchanges with whole bodies.
fn all() -> Vec<Value> {
    let Some(folder) = recordings() else { return exchanges("") };
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let names = names.iter().filter_map(|name| name.to_str());
    let whole = |name: &&str| {
        let whole = [
            "crud-",
            "errors",
            "auth",
            "bulk",
            "etag",
            "cascade",
            "changelog",
            "allocation",
            "semantics",
            "list",
        ];
        name.ends_with(".json") && whole.iter().any(|start| name.starts_with(start))
    };
    names.filter(whole).flat_map(exchanges).collect()
}

fn answer(exchange: &Value) -> ResponseTemplate {
    let response = &exchange["response"];
    let template = ResponseTemplate::new(u16::try_from(response["status"].as_u64().unwrap()).unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let media = response["headers"].get("Content-Type").map(text).unwrap_or_default();
    let template = match &response["body"] {
        Value::Null => template,
        Value::String(page) => template.set_body_raw(page.clone(), &media),
        json => template.set_body_raw(json.to_string(), &media),
    };
    let headers = response["headers"].as_object().into_iter().flatten();
    headers
        .filter(|(name, _)| *name != "Content-Type")
        .fold(template, |template, (name, value)| template.insert_header(name.as_str(), text(value).as_str()))
}

/// Makes the recorded call with the client, and lets it have the recorded answer.
async fn replay(exchange: &Value) -> Result<(), Error> {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer(exchange)).mount(&server).await;
    let settings = Settings {
        delete_patience: std::time::Duration::ZERO,
        ..Settings::new(server.uri().parse().unwrap())
    };
    let (client, budget) = (NetBox::new(settings).unwrap(), Budget::unlimited());
    let request = &exchange["request"];
    let path = request["path"].as_str().unwrap().split('?').next().unwrap();
    let path = path.trim_start_matches("/api/").trim_matches('/');
    let (collection, id) = match path.rsplit_once('/') {
        Some((collection, id)) => (collection, id.parse::<u64>().ok()),
        None => (path, None),
    };
    let body = || request["body"].as_object().cloned().unwrap_or_else(Map::new);
    match (request["method"].as_str().unwrap(), id) {
        ("GET", Some(id)) => client.read(collection, id, &[], &budget).await.map(drop),
        ("GET", None) => client.list(path, &[], Some(10), &budget).await.map(drop),
        ("POST", _) => client.create(path, body(), None, &budget).await.map(drop),
        ("PATCH" | "PUT", Some(id)) => client.update(collection, id, body(), None, &budget).await.map(drop),
        ("DELETE", Some(id)) => client.delete(collection, id, None, &budget).await.map(drop),
        ("DELETE", None) => client.delete(path, 1, None, &budget).await.map(drop),
        _ => client.create(path, body(), None, &budget).await.map(drop),
    }
}

#[tokio::test]
async fn every_recorded_refusal_is_understood() {
    let mut seen = 0;
    for exchange in all() {
        let status = exchange["response"]["status"].as_u64().unwrap();
        let (method, name) =
            (exchange["request"]["method"].as_str().unwrap(), exchange["name"].as_str().unwrap());
        // A read of an object that is gone is an answer, and so is its deletion.
        let answers = status == 404 && (method == "GET" || method == "DELETE");
        if status < 400 || (answers && exchange["response"]["body"].is_object()) {
            continue;
        }
        seen += 1;
        let error = replay(&exchange).await.unwrap_err();
        let told = exchange["response"]["body"]["detail"].as_str();
        let proper = match status {
            400 => !error.faults().is_empty(),
            403 => matches!(error, Error::Forbidden(_) | Error::Unauthenticated { .. }),
            404 if exchange["response"]["body"].is_string() => matches!(error, Error::NotTheApi(_)),
            404 => error.is_gone(),
            409 => matches!(error, Error::Blocked(_) | Error::Exhausted { .. }),
            412 => matches!(error, Error::Changed { current: Some(_), .. }),
            500 => error.is_duplicate() || matches!(error, Error::Rejected(_)),
            _ => matches!(error, Error::Rejected(_)),
        };
        assert!(proper, "{name}: {status}: {error:?}");
        if let (Some(told), false) = (told, matches!(error, Error::Blocked(_) | Error::Changed { .. })) {
            assert!(error.to_string().contains(told), "{name}: {error}");
        }
    }
    assert!(seen >= 50 || recordings().is_none(), "{seen} refusals");
}

#[tokio::test]
async fn recorded_refusals_mean_what_they_say() {
    let expected = [
        ("validation: missing required", "name", FaultKind::Missing),
        ("duplicate slug and name", "slug", FaultKind::Duplicate),
        ("unique together __all__", "", FaultKind::Duplicate),
        ("FK by attributes: none", "tenant", FaultKind::ReferenceNotFound),
        ("FK by attributes: many", "tenant", FaultKind::ReferenceAmbiguous),
        ("FK by attributes: bad attr", "tenant", FaultKind::ReferenceAttribute),
        ("choice as label", "status", FaultKind::InvalidChoice),
        ("unknown custom field", "custom_fields.bogus", FaultKind::UnknownCustomField),
        ("bad custom field value", "custom_fields.cf_int", FaultKind::Other),
        ("JSON null body", "", FaultKind::Other),
    ];
    let recorded = exchanges("errors.json");
    for (name, path, kind) in expected {
        let Some(exchange) = recorded.iter().find(|exchange| exchange["name"] == name) else {
            assert!(recorded.is_empty(), "{name} is not recorded");
            return;
        };
        let error = replay(exchange).await.unwrap_err();
        let fits = |fault: &domain_netbox::api::Fault| {
            let told = fault.to_string();
            fault.kind == kind
                && (told.starts_with(&format!("{path}: ")) || path.is_empty() && fault.path.is_empty())
        };
        assert!(error.faults().iter().any(fits), "{name}: {:?}", error.faults());
    }
    for exchange in recorded.iter().filter(|exchange| exchange["response"]["status"] == 409) {
        let error = replay(exchange).await.unwrap_err();
        let Error::Blocked(blocked) = &error else { panic!("{error:?}") };
        let count: usize = blocked.detail.split(' ').find_map(|word| word.parse().ok()).unwrap();
        assert_eq!(blocked.blockers.len(), count, "{error}");
    }
}

#[test]
fn an_object_s_state_is_the_recorded_etag() {
    let mut compared = 0;
    for exchange in all() {
        let etag = exchange["response"]["headers"].get("ETag").and_then(Value::as_str);
        let object = Object::from_json(exchange["response"]["body"].clone());
        if let (Some(etag), Some(object)) = (etag, object)
            && object.last_updated.is_some()
        {
            assert_eq!(object.etag(), Some(Etag::new(etag)), "{}", exchange["name"]);
            compared += 1;
        }
    }
    assert!(compared >= 100 || recordings().is_none(), "{compared} compared");
}

#[test]
fn objects_tell_their_path() {
    for exchange in all().iter().filter(|exchange| exchange["response"]["status"] == 201) {
        let Some(object) = Object::from_json(exchange["response"]["body"].clone()) else { continue };
        let request = exchange["request"]["path"].as_str().unwrap();
        if let Some(path) = object.path().filter(|_| !request.contains("available-")) {
            let below = request.trim_start_matches("/api/").trim_matches('/');
            assert!(below.starts_with(&path), "{below} {path}");
        }
    }
}
