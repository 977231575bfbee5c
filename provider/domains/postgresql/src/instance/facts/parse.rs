//! From what the script said to facts. Tolerant of what is missing; a torn answer is an error.

use std::collections::BTreeMap;

use super::{Account, Cluster, Content, Control, Data, Facts, Marker, Os, Package, Server};

/// Reads the answer of the script.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn parse(said: &str) -> Result<Facts, String> {
    let sections = sections(said)?;
    let of = |name: &str| sections.get(name).map(String::as_str).unwrap_or_default();
    let (memory, processors) = limits(of("limits"));
    let files = sections
        .iter()
        .filter_map(|(name, text)| Some((name.strip_prefix("file.")?.to_owned(), text.clone())));
    let facts = Facts {
        os: os(of("os")),
        memory,
        processors,
        packages: packages(of("packages")),
        account: account(of("account")),
        clusters: of("clusters").lines().filter_map(cluster).collect(),
        data: data(of("data"), sections.get("marker").map(String::as_str)),
        control: control(of("control")),
        files: files.collect(),
        server: server(of("server"))?,
        sections: BTreeMap::new(),
    };
    Ok(Facts { sections, ..facts })
}

/// The sections by name, each line without the space before it.
fn sections(said: &str) -> Result<BTreeMap<String, String>, String> {
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut current: Option<&str> = None;
    let mut ended = false;
    for line in said.lines() {
        if let Some(name) = line.strip_prefix('@') {
            ended = name == "end";
            current = Some(name);
            sections.entry(name.to_owned()).or_default();
        } else if let (Some(name), Some(text)) = (current, line.strip_prefix(' '))
            && let Some(section) = sections.get_mut(name)
        {
            section.push_str(text);
            section.push('\n');
        }
    }
    sections.remove("end");
    if ended { Ok(sections) } else { Err("it was cut off".to_owned()) }
}

fn os(text: &str) -> Os {
    let value = |name: &str| {
        let line = text.lines().filter_map(|line| line.split_once('=')).find(|(key, _)| *key == name);
        line.map(|(_, value)| value.trim_matches('"').to_owned()).unwrap_or_default()
    };
    Os {
        id: value("ID"),
        version: value("VERSION_ID"),
        codename: value("VERSION_CODENAME"),
        architecture: value("ARCHITECTURE"),
        glibc: value("GLIBC").trim_start_matches("glibc ").to_owned(),
        systemd: value("SYSTEMD") == "1",
        now: value("NOW").parse().unwrap_or_default(),
        host: value("HOST"),
    }
}

/// Lines of words, each behind its first word.
fn words<'a>(text: &'a str, first: &'static str) -> impl Iterator<Item = Vec<&'a str>> {
    text.lines().filter_map(move |line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(first)).then(|| words.collect())
    })
}

fn first<T: std::str::FromStr>(words: &[&str]) -> Option<T> {
    words.first()?.parse().ok()
}

fn limits(text: &str) -> (u64, u32) {
    let least = |name: &'static str| words(text, name).filter_map(|words| first::<u64>(&words)).min();
    let total = least("total_kib").unwrap_or_default().saturating_mul(1024);
    // `max`, or a number beyond all memory, is no limit.
    let memory =
        least("limit_bytes").filter(|limit| *limit > 0 && (*limit < total || total == 0)).unwrap_or(total);
    let processors = least("processors").unwrap_or(1);
    let quota = words(text, "cpu_max").filter_map(|words| {
        let (quota, period) = (first::<u64>(&words)?, words.get(1)?.parse::<u64>().ok()?);
        (quota > 0 && period > 0).then(|| quota.div_ceil(period))
    });
    let processors = quota.min().map_or(processors, |quota| quota.min(processors)).max(1);
    (memory, u32::try_from(processors).unwrap_or(u32::MAX))
}

fn packages(text: &str) -> BTreeMap<String, Package> {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for package in words(text, "package") {
        // `ii`: wanted and installed, `hi`: held and installed.
        if let [name, status, version] = package.as_slice()
            && status.get(1..2) == Some("i")
        {
            let package = packages.entry((*name).to_owned()).or_default();
            package.installed = Some((*version).to_owned());
            package.held |= status.starts_with('h');
        }
    }
    for candidate in words(text, "candidate") {
        if let [name, version] = candidate.as_slice() {
            packages.entry((*name).to_owned()).or_default().candidate = Some((*version).to_owned());
        }
    }
    for held in words(text, "held") {
        if let Some(package) = held.first().and_then(|name| packages.get_mut(*name)) {
            package.held = true;
        }
    }
    packages
}

fn account(text: &str) -> Account {
    let number = |name: &'static str| words(text, name).find_map(|words| first(&words));
    let taken = |name: &'static str, kind: &str| -> Vec<String> {
        let others = words(text, name).filter_map(|words| first::<String>(&words));
        others.filter(|who| who != "postgres").map(|who| format!("{kind} {who}")).collect()
    };
    let mut others = taken("has_user", "user");
    others.extend(taken("has_group", "group"));
    Account { user: number("user"), group: number("group"), taken: others }
}

fn cluster(line: &str) -> Option<Cluster> {
    let mut words = line.split_whitespace();
    let (version, name, port, status) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (_owner, directory) = (words.next()?, words.next()?);
    Some(Cluster {
        version: version.parse().ok()?,
        name: name.to_owned(),
        port: port.parse().ok()?,
        status: status.to_owned(),
        data_directory: directory.to_owned(),
    })
}

fn data(text: &str, marker: Option<&str>) -> Data {
    let has = |word: &str| text.lines().any(|line| line == word);
    let after = |word: &'static str| -> Vec<String> {
        let lines = text.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '));
        lines.map(str::to_owned).collect()
    };
    let stat = words(text, "stat").next().unwrap_or_default();
    let entries = after("entry");
    let version = after("version").first().and_then(|version| version.trim().parse().ok());
    let content = match (stat.is_empty(), version, entries.is_empty()) {
        (true, ..) if has("no_directory") => Content::Foreign(vec!["(no directory)".to_owned()]),
        (true, ..) => Content::Missing,
        (_, Some(version), _) => Content::Cluster(version),
        (_, None, true) => Content::Empty,
        (_, None, false) => Content::Foreign(entries),
    };
    let read = marker.map(|text| serde_json::from_str::<Marker>(text.trim()));
    let (marker, marker_fault) = match read {
        None => (None, None),
        Some(Ok(marker)) => (Some(marker), None),
        Some(Err(error)) => (None, Some(error.to_string())),
    };
    Data {
        content,
        user: stat.first().and_then(|text| text.parse().ok()),
        group: stat.get(1).and_then(|text| text.parse().ok()),
        mode: stat.get(2).and_then(|text| u32::from_str_radix(text, 8).ok()),
        mounted: has("mounted"),
        marker,
        marker_fault,
        signals: after("signal"),
        postmaster_alive: has("postmaster_alive"),
        configured: has("configured"),
    }
}

/// Lines of `pg_controldata` that tell what recovery needs, and the settings they are of.
const NEEDS: [(&str, &str); 5] = [
    ("max_connections setting", "max_connections"),
    ("max_worker_processes setting", "max_worker_processes"),
    ("max_wal_senders setting", "max_wal_senders"),
    ("max_prepared_xacts setting", "max_prepared_transactions"),
    ("max_locks_per_xact setting", "max_locks_per_transaction"),
];

fn control(text: &str) -> Option<Control> {
    let value = |name: &str| {
        let line = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| *key == name);
        line.map(|(_, value)| value.trim())
    };
    let needs =
        NEEDS.iter().filter_map(|(line, name)| Some(((*name).to_owned(), value(line)?.parse().ok()?)));
    Some(Control {
        system_identifier: value("Database system identifier")?.parse().ok()?,
        state: value("Database cluster state").unwrap_or_default().to_owned(),
        timeline: value("Latest checkpoint's TimeLineID")
            .and_then(|text| text.parse().ok())
            .unwrap_or_default(),
        checksums: value("Data page checksum version").is_some_and(|version| version != "0"),
        wal_segment_bytes: value("Bytes per WAL segment")
            .and_then(|text| text.parse().ok())
            .unwrap_or_default(),
        needs: needs.collect(),
    })
}

/// A server that does not answer leaves a message, or nothing.
fn server(text: &str) -> Result<Option<Server>, String> {
    let Some(json) = text.lines().find(|line| line.starts_with('{')) else { return Ok(None) };
    serde_json::from_str(json).map(Some).map_err(|error| format!("what the server says of itself: {error}"))
}

#[cfg(test)]
mod tests;
