//! The client against recordings of a real server: every answer we can get decodes, every refusal is sorted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "helpers of tests"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain_proxmox::api::{
    ClusterOptions, Exit, GuestConfig, GuestStatus, Inventory, Kind, NetworkInterface, Node, Pending,
    Permissions, Storage, StorageConfig, TaskEntry, TaskStatus, Upid, UrlMetadata, Version, Volume,
    VolumeInfo, classify_answer, classify_task,
};
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// `shared/fixtures/pve`, beside the repository or named by the environment.
fn recordings() -> Option<PathBuf> {
    let named = std::env::var_os("HYBRIDOPS_SHARED").map(PathBuf::from);
    let above = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = above.ancestors().map(|directory| directory.join("shared")).collect::<Vec<_>>();
    named.into_iter().chain(beside).map(|shared| shared.join("fixtures/pve")).find(|pve| pve.is_dir())
}

struct Exchange {
    file: String,
    method: Method,
    /// Below `/api2/json`, without the query.
    path: String,
    query: String,
    status: u16,
    reason: String,
    json: Value,
}

fn exchanges() -> Vec<Exchange> {
    let Some(directory) = recordings() else {
        eprintln!("SKIPPED: no recordings (shared/fixtures/pve) beside this repository");
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".json") || name == "apischema.json" {
            continue;
        }
        let flow: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for exchange in flow["exchanges"].as_array().unwrap() {
            found.extend(read(&name, exchange));
        }
    }
    assert!(found.len() > 500, "the recordings are incomplete: {} exchanges", found.len());
    found
}

fn read(file: &str, exchange: &Value) -> Option<Exchange> {
    let request = &exchange["request"];
    let path = request["path"].as_str()?.strip_prefix("/api2/json")?;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let line = exchange["response"]["status_line"].as_str()?;
    let mut words = line.splitn(3, ' ').skip(1);
    Some(Exchange {
        file: file.to_owned(),
        method: request["method"].as_str()?.parse().ok()?,
        path: path.to_owned(),
        query: query.to_owned(),
        status: words.next()?.parse().ok()?,
        reason: words.next().unwrap_or_default().to_owned(),
        json: exchange["response"].get("json").cloned().unwrap_or_default(),
    })
}

/// The answer's words as the client joins them.
fn words(exchange: &Exchange) -> String {
    let message = exchange.json["message"].as_str().unwrap_or(&exchange.reason);
    let mut words = message.replace('\n', " ").trim().to_owned();
    for (field, fault) in exchange.json["errors"].as_object().into_iter().flatten() {
        words.push_str(&format!("; {field}: {}", fault.as_str().unwrap_or_default().trim()));
    }
    words
}

#[test]
fn every_recorded_refusal_has_a_kind() {
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut unknown = Vec::new();
    for exchange in exchanges() {
        let status = StatusCode::from_u16(exchange.status).unwrap();
        let text = words(&exchange);
        match classify_answer(&exchange.method, &exchange.path, status, &text) {
            None => assert!(exchange.status < 300, "{} {text}", exchange.status),
            Some(Kind::Unclassified) => unknown.push(format!(
                "{}: {} {} {} {text}",
                exchange.file, exchange.method, exchange.path, exchange.status
            )),
            Some(kind) => *kinds.entry(kind).or_default() += 1,
        }
    }
    assert!(unknown.is_empty(), "no rule for:\n{}", unknown.join("\n"));
    if !kinds.is_empty() {
        for kind in [Kind::Missing, Kind::AlreadyExists, Kind::Forbidden, Kind::RootOnly, Kind::Modified] {
            assert!(kinds.contains_key(&kind), "no recording of {kind:?}");
        }
        for kind in
            [Kind::LockTimeout, Kind::NodeUnreachable, Kind::NodeTimeout, Kind::Locked, Kind::AgentDown]
        {
            assert!(kinds.contains_key(&kind), "no recording of {kind:?}");
        }
    }
}

#[test]
fn refusals_mean_what_they_meant_on_the_real_server() {
    // Beginning of the words, and the kind a person reading them would choose.
    let expected: &[(&str, Kind)] = &[
        ("Configuration file '", Kind::Missing),
        ("unable to find configuration file for VM", Kind::Missing),
        ("storage 'nosuch' does not exist", Kind::Missing),
        ("volume_size_info on 'local:iso/none.iso'", Kind::Missing),
        ("unable to create VM 600 - VM 600 already exists", Kind::AlreadyExists),
        ("unable to create VM 301: config file already exists", Kind::AlreadyExists),
        ("CT 601 already exists", Kind::AlreadyExists),
        ("Parameter verification failed.; vmid: VM 100 already exists", Kind::AlreadyExists),
        ("Parameter verification failed.; vmid: property is missing", Kind::Invalid),
        ("checksum mismatch (file change by other user?)", Kind::Modified),
        ("detected modified configuration", Kind::Modified),
        ("can't lock file '/run/lock/lxc/pve-config-310.lock'", Kind::LockTimeout),
        ("CT is locked (backup)", Kind::Locked),
        ("CT 310 already running", Kind::Running),
        ("VM 200 is running - destroy failed", Kind::Running),
        ("unable to destroy CT 100 - container is running", Kind::Running),
        ("CT 100 not running", Kind::NotRunning),
        ("can't remove VM 200 - protection mode enabled", Kind::Protected),
        ("you can't convert a template to a template", Kind::IsTemplate),
        ("only root can set 'args' config", Kind::RootOnly),
        ("Only root can pass arbitrary filesystem paths", Kind::RootOnly),
        ("Permission check failed (mount point type bind is only allowed", Kind::RootOnly),
        ("Permission check failed (URI '/access/password' not available", Kind::RootOnly),
        ("Permission check failed (/vms/100, VM.Audit)", Kind::Forbidden),
        ("QEMU guest agent is not running", Kind::AgentDown),
        ("Linked clone feature is not supported", Kind::Unsupported),
        ("hostname lookup 'nosuchnode' failed", Kind::NodeUnreachable),
        ("create storage failed: storage 'nfs1' is not online", Kind::StorageOffline),
        ("invalid server response: '404 File not found'", Kind::DownloadFailed),
    ];
    let exchanges = exchanges();
    if exchanges.is_empty() {
        return;
    }
    for (start, kind) in expected {
        let hits: Vec<&Exchange> =
            exchanges.iter().filter(|e| e.status >= 300 && words(e).starts_with(start)).collect();
        assert!(!hits.is_empty(), "no recording begins with {start:?}");
        for hit in hits {
            let status = StatusCode::from_u16(hit.status).unwrap();
            let seen = classify_answer(&hit.method, &hit.path, status, &words(hit));
            assert_eq!(seen, Some(*kind), "{} {} {}", hit.method, hit.path, words(hit));
        }
    }
}

#[test]
fn every_recorded_exit_text_has_a_kind() {
    let mut unknown = Vec::new();
    let mut seen = 0;
    for exchange in exchanges() {
        let data = exchange.json["data"].clone();
        let tasks = data.as_array().cloned().unwrap_or_else(|| vec![data]);
        for task in tasks.iter().filter(|task| task.get("upid").is_some()) {
            let Some(text) = task.get("exitstatus").or(task.get("status")).and_then(Value::as_str) else {
                continue;
            };
            if text.eq_ignore_ascii_case("running") || text == "stopped" {
                continue;
            }
            seen += 1;
            match Exit::read(text) {
                Exit::Failed(text) if classify_task(&text) == Kind::Unclassified => unknown.push(text),
                _ => {}
            }
        }
    }
    unknown.sort();
    unknown.dedup();
    assert!(unknown.is_empty(), "no rule for:\n{}", unknown.join("\n"));
    assert!(seen > 50 || recordings().is_none(), "only {seen} exit texts");
}

fn decode<T: DeserializeOwned>(data: &Value) -> Result<(), String> {
    serde_json::from_value::<T>(data.clone()).map(drop).map_err(|error| error.to_string())
}

type Decoder = fn(&Value) -> Result<(), String>;

/// Method, path pattern (`*` is one segment) and the type the client decodes.
const DECODERS: &[(&str, &str, Decoder)] = &[
    ("GET", "/version", decode::<Version>),
    ("GET", "/nodes", decode::<Vec<Node>>),
    ("GET", "/nodes/*/network", decode::<Vec<NetworkInterface>>),
    ("GET", "/nodes/*/storage", decode::<Vec<Storage>>),
    ("GET", "/nodes/*/storage/*/status", decode::<Storage>),
    ("GET", "/nodes/*/storage/*/content", decode::<Vec<Volume>>),
    ("GET", "/nodes/*/storage/*/content/*", decode::<VolumeInfo>),
    ("DELETE", "/nodes/*/storage/*/content/*", decode::<Option<Upid>>),
    ("POST", "/nodes/*/storage/*/download-url", decode::<Upid>),
    ("POST", "/nodes/*/storage/*/upload", decode::<Upid>),
    ("GET", "/nodes/*/query-url-metadata", decode::<UrlMetadata>),
    ("GET", "/storage", decode::<Vec<StorageConfig>>),
    ("GET", "/storage/*", decode::<StorageConfig>),
    ("GET", "/cluster/resources", decode::<Inventory>),
    ("GET", "/cluster/options", decode::<ClusterOptions>),
    ("GET", "/cluster/tasks", decode::<Vec<TaskEntry>>),
    ("GET", "/nodes/*/tasks", decode::<Vec<TaskEntry>>),
    ("GET", "/nodes/*/tasks/*/status", decode::<TaskStatus>),
    ("GET", "/access/permissions", decode::<Permissions>),
    ("POST", "/nodes/*/qemu", decode::<Upid>),
    ("POST", "/nodes/*/lxc", decode::<Upid>),
    ("GET", "/nodes/*/qemu/*/config", decode::<GuestConfig>),
    ("GET", "/nodes/*/lxc/*/config", decode::<GuestConfig>),
    ("POST", "/nodes/*/qemu/*/config", decode::<Option<Upid>>),
    ("PUT", "/nodes/*/lxc/*/config", decode::<Option<Upid>>),
    ("GET", "/nodes/*/qemu/*/pending", decode::<Pending>),
    ("GET", "/nodes/*/lxc/*/pending", decode::<Pending>),
    ("GET", "/nodes/*/qemu/*/status/current", decode::<GuestStatus>),
    ("GET", "/nodes/*/lxc/*/status/current", decode::<GuestStatus>),
    ("POST", "/nodes/*/qemu/*/status/*", decode::<Upid>),
    ("POST", "/nodes/*/lxc/*/status/*", decode::<Upid>),
    ("POST", "/nodes/*/qemu/*/clone", decode::<Upid>),
    ("POST", "/nodes/*/qemu/*/template", decode::<Option<Upid>>),
    ("POST", "/nodes/*/lxc/*/template", decode::<Option<Upid>>),
    ("PUT", "/nodes/*/qemu/*/resize", decode::<Option<Upid>>),
    ("PUT", "/nodes/*/lxc/*/resize", decode::<Option<Upid>>),
    ("PUT", "/nodes/*/qemu/*/cloudinit", decode::<Option<Value>>),
    ("DELETE", "/nodes/*/qemu/*", decode::<Upid>),
    ("DELETE", "/nodes/*/lxc/*", decode::<Upid>),
    ("DELETE", "/nodes/*/tasks/*", decode::<Option<Value>>),
];

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(&path).all(|(part, segment)| *part == "*" || part == segment)
}

#[test]
fn every_recorded_answer_of_our_calls_decodes() {
    let mut used: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let exchanges = exchanges();
    for exchange in exchanges.iter().filter(|exchange| exchange.status == 200) {
        let decoder = DECODERS
            .iter()
            .find(|(method, pattern, _)| exchange.method == *method && fits(pattern, &exchange.path));
        let Some((method, pattern, decode)) = decoder else { continue };
        *used.entry((method, pattern)).or_default() += 1;
        if let Err(error) = decode(&exchange.json["data"]) {
            panic!(
                "{}: {} {}?{}: {error}\n{}",
                exchange.file, exchange.method, exchange.path, exchange.query, exchange.json
            );
        }
    }
    if exchanges.is_empty() {
        return;
    }
    let unused: Vec<_> =
        DECODERS.iter().filter(|(method, pattern, _)| !used.contains_key(&(*method, *pattern))).collect();
    assert!(
        unused.is_empty(),
        "no recording of {:?}",
        unused.iter().map(|(m, p, _)| (m, p)).collect::<Vec<_>>()
    );
}

#[test]
fn what_a_recorded_configuration_says() {
    let exchanges = exchanges();
    let config = |vmid: &str| {
        let path = format!("/nodes/pve/qemu/{vmid}/config");
        let hit = exchanges
            .iter()
            .filter(|e| e.method == Method::GET && e.path == path && e.status == 200)
            .find(|e| e.json["data"].get("scsi0").is_some())?;
        serde_json::from_value::<GuestConfig>(hit.json["data"].clone()).ok()
    };
    let Some(linked) = config("303") else {
        assert!(exchanges.is_empty(), "the recording of guest 303 is missing");
        return;
    };
    let disk = linked.property("scsi0", Some("file")).unwrap().unwrap();
    let volume: domain_proxmox::api::VolumeId = disk.get("file").unwrap().parse().unwrap();
    assert!(volume.is_linked());
    assert_eq!((volume.vmid(), volume.format()), (Some(303), Some("qcow2")));
    assert_eq!(linked.smbios_uuid().as_deref(), Some("61bbd7e4-c098-4638-90e3-89e42c8905c2"));
    assert_eq!(linked.number("memory"), Some(256));
    assert!(linked.digest().is_some());
    let net = domain_proxmox::api::Nic::parse(linked.get("net0").unwrap()).unwrap();
    assert_eq!((net.model.as_str(), net.options.get("bridge")), ("virtio", Some("vmbr0")));
}
