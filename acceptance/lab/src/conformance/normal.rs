//! Makes equal what differs by time, chance or host, and nothing else.

use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Map, Value, json};

/// (pattern, replacement) for text.
const RULES: &[(&str, &str)] = &[
    (r"UPID:([^:]*):[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:([^:]*):([^:]*):([^:]*):", "<UPID $1 $2 $3 $4>"),
    (r"\b[0-9a-f]{64}\b", "<sha256>"),
    (r"\b[0-9a-f]{40}\b", "<sha1>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"(?i)\bBC:24:11:(?:0[1-9a-f]|[1-9a-f][0-9a-f]):[0-9a-f]{2}:[0-9a-f]{2}\b", "<mac>"),
    (r"(?i)\bBC:24:11:00:(?:0[1-9a-f]|[1-9a-f][0-9a-f]):[0-9a-f]{2}\b", "<mac>"),
    (r"ctime=\d+", "ctime=<time>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<date>"),
    (r"\([\d.]+ [KMG]?B/s\)", "(<speed>)"),
    (r"Total bytes (read|written): .*", "Total bytes $1: <size>"),
    (r"archive file size: .*", "archive file size: <size>"),
    (r"vzdump-(lxc|qemu)-(\d+)-[\d_]+-[\d_]+", "vzdump-$1-$2-<stamp>"),
    (r"starting new backup job: vzdump (\d+).*", "starting new backup job: vzdump $1 <options in any order>"),
    (r"ssh_host_\w+_key", "ssh_host_<kind>_key"),
    (r"fe80::be24:11ff:fe[0-9a-f]{2}:[0-9a-f]{1,4}", "<link local address>"),
    (r"done: SHA256:\S+", "done: <fingerprint>"),
    (r"tmp_dwnl\.\d+", "tmp_dwnl.<pid>"),
    (r"pveupload-[0-9a-f]+", "pveupload-<id>"),
    (r"(?:10\.77\.0\.1:8099|127\.0\.0\.1:\d+)", "<artefacts>"),
    (r"^PVE:([^:]+):[0-9A-F]{8}::[A-Za-z0-9+/=]+$", "<ticket $1>"),
    (r"^[0-9A-F]{8}:[A-Za-z0-9+/]{43}$", "<csrf>"),
    (r"^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$", "<fingerprint>"),
];

/// Numbers that tell time, processes or load.
const MOVING: &[&str] = &[
    "starttime",
    "endtime",
    "pstart",
    "pid",
    "ctime",
    "uptime",
    "snaptime",
    "time",
    "localtime",
    "used",
    "avail",
    "used_fraction",
    "cpu",
    "netin",
    "netout",
    "wait",
];

/// Numbers of a host, which a stand-in has its own of.
const OF_HOST: &[&str] = &["mem", "maxmem", "disk", "maxdisk", "maxcpu", "total"];

/// Members of a machine's figures that move.
const OF_GUEST: &[&str] = &["mem"];

fn rules() -> &'static [(Regex, &'static str)] {
    static COMPILED: OnceLock<Vec<(Regex, &'static str)>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        RULES.iter().filter_map(|(pattern, with)| Regex::new(pattern).ok().map(|r| (r, *with))).collect()
    })
}

/// Text without what differs from run to run.
pub(super) fn text(value: &str) -> String {
    let mut value = value.to_owned();
    for (pattern, with) in rules() {
        value = pattern.replace_all(&value, *with).into_owned();
    }
    value
}

/// Whether a server makes such text up.
pub(super) fn made_up(value: &str) -> bool {
    text(value) != value
}

/// A log line that depends on speed, chance or contention.
fn is_noise(line: &str) -> bool {
    static PROGRESS: OnceLock<Option<Regex>> = OnceLock::new();
    let progress = PROGRESS.get_or_init(|| Regex::new(r"^ *\d+K [ .]").ok());
    let between =
        line.starts_with("transferred ") && !line.ends_with("(0.00%)") && !line.ends_with("(100.00%)");
    let contended = line == "trying to acquire lock..." || line == " OK";
    between || contended || progress.as_ref().is_some_and(|p| p.is_match(line))
}

/// An answer without what differs from run to run.
pub(super) fn answer(value: &Value) -> Value {
    if let Some(lines) = log_lines(value) {
        return json!({ "log": lines });
    }
    body(value, "")
}

/// Lines of a task log, noise left out; the numbering goes with it.
fn log_lines(value: &Value) -> Option<Vec<String>> {
    let data = value.get("data")?.as_array()?;
    value.get("total")?;
    if data.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = Vec::new();
    for item in data {
        item.get("n")?;
        let line = item.get("t")?.as_str()?;
        let line = text(line);
        if !is_noise(&line) && lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    Some(lines)
}

fn body(value: &Value, key: &str) -> Value {
    match value {
        Value::String(s) if matches!(key, "content" | "privs") => {
            let mut parts: Vec<&str> = s.split(',').collect();
            parts.sort_unstable();
            json!(parts.join(","))
        }
        Value::String(s) => json!(text(s)),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|v| body(v, "")).collect();
            items.sort_by_key(identity);
            Value::Array(items)
        }
        Value::Object(map) => object(map),
        other => other.clone(),
    }
}

fn object(map: &Map<String, Value>) -> Value {
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
    let of_host = matches!(kind, "node" | "storage" | "dir") || map.contains_key("level");
    let of_guest = map.contains_key("vmid") && map.contains_key("maxmem");
    // What a file system inside shows of its disk is not the disk's size.
    let mounted = of_guest && kind == "lxc" && map.get("status").is_some_and(|s| s == "running");
    map.iter()
        .map(|(key, value)| {
            let moving = MOVING.contains(&key.as_str())
                || (of_host && OF_HOST.contains(&key.as_str()))
                || (of_guest && OF_GUEST.contains(&key.as_str()))
                || (mounted && matches!(key.as_str(), "disk" | "maxdisk"));
            let value = if moving && value.is_number() { json!("<number>") } else { body(value, key) };
            (key.clone(), value)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// Lists have no order worth the name: sort them by what names their items.
fn identity(item: &Value) -> String {
    const NAMES: &[&str] = &[
        "volid", "id", "vmid", "key", "userid", "roleid", "groupid", "tokenid", "storage", "iface", "name",
        "subdir", "path", "poolid",
    ];
    let found = NAMES.iter().find_map(|n| item.get(n));
    found.map_or_else(|| item.to_string(), |v| format!("{v}{item}"))
}

/// Differences between two normalised values, as `where: recorded -> actual`.
pub(super) fn differences(recorded: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk("", recorded, actual, &mut found);
    found
}

fn walk(at: &str, recorded: &Value, actual: &Value, found: &mut Vec<String>) {
    match (recorded, actual) {
        (Value::Object(r), Value::Object(a)) => {
            for (key, value) in r {
                match a.get(key) {
                    Some(other) => walk(&format!("{at}.{key}"), value, other, found),
                    None => found.push(format!("{at}.{key}: {value} -> missing")),
                }
            }
            for (key, value) in a.iter().filter(|(k, _)| !r.contains_key(*k)) {
                found.push(format!("{at}.{key}: missing -> {value}"));
            }
        }
        (Value::Array(r), Value::Array(a)) if r.len() == a.len() => {
            for (index, (value, other)) in r.iter().zip(a).enumerate() {
                walk(&format!("{at}[{index}]"), value, other, found);
            }
        }
        _ if recorded == actual => {}
        _ => found.push(format!("{at}: {recorded} -> {actual}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_taken_out_and_facts_stay() {
        assert_eq!(
            text("UPID:pve:000008F7:0005AE2D:6B0138B8:qmcreate:300:root@pam!tf:"),
            "<UPID pve qmcreate 300 root@pam!tf>"
        );
        assert_eq!(text("virtio=BC:24:11:C9:6C:82,bridge=vmbr0"), "virtio=<mac>,bridge=vmbr0");
        assert_eq!(text("virtio=BC:24:11:00:00:01,bridge=vmbr0"), "virtio=BC:24:11:00:00:01,bridge=vmbr0");
    }

    #[test]
    fn a_changed_fact_is_a_difference() {
        let a = answer(&json!({ "data": { "memory": "256", "digest": "a".repeat(40) } }));
        let b = answer(&json!({ "data": { "memory": "512", "digest": "b".repeat(40) } }));
        assert_eq!(differences(&a, &b), [".data.memory: \"256\" -> \"512\""]);
        let missing = answer(&json!({ "data": { "digest": "b".repeat(40) } }));
        assert_eq!(differences(&a, &missing).len(), 1);
    }
}
