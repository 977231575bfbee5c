//! Package repositories and packages of a node.

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::config::store::{Section, unmodified};
use crate::pve::personality::Release;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::storage::sha1_hex;
use crate::pve::tasks;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/apt", index),
    ("GET", "/nodes/{node}/apt/repositories", repositories),
    ("POST", "/nodes/{node}/apt/repositories", switch),
    ("PUT", "/nodes/{node}/apt/repositories", add),
    ("GET", "/nodes/{node}/apt/versions", versions),
    ("GET", "/nodes/{node}/apt/update", updates),
    ("POST", "/nodes/{node}/apt/update", refresh),
];

/// A repository: handle of the API, or nothing; file; address; suite; component.
#[derive(Debug, Clone, Copy)]
struct Repository {
    handle: &'static str,
    file: &'static str,
    address: &'static str,
    component: &'static str,
    /// Present on a fresh installation, and then on.
    installed: bool,
}

const fn repository(
    handle: &'static str,
    file: &'static str,
    address: &'static str,
    component: &'static str,
    installed: bool,
) -> Repository {
    Repository { handle, file, address, component, installed }
}

const REPOSITORIES: &[Repository] = &[
    repository("", "debian", "http://deb.debian.org/debian", "main contrib", true),
    repository("", "debian", "http://security.debian.org/debian-security", "main contrib", true),
    repository(
        "enterprise",
        "pve-enterprise",
        "https://enterprise.proxmox.com/debian/pve",
        "pve-enterprise",
        true,
    ),
    repository(
        "no-subscription",
        "proxmox",
        "http://download.proxmox.com/debian/pve",
        "pve-no-subscription",
        false,
    ),
    repository("test", "proxmox", "http://download.proxmox.com/debian/pve", "pve-test", false),
    repository(
        "ceph-squid-enterprise",
        "ceph",
        "https://enterprise.proxmox.com/debian/ceph-squid",
        "enterprise",
        false,
    ),
    repository(
        "ceph-squid-no-subscription",
        "ceph",
        "http://download.proxmox.com/debian/ceph-squid",
        "no-subscription",
        false,
    ),
    repository("ceph-squid-test", "ceph", "http://download.proxmox.com/debian/ceph-squid", "test", false),
];

impl Repository {
    fn path(&self, release: Release) -> String {
        match (release, self.file) {
            (Release::V8_4, "debian") => "/etc/apt/sources.list".to_owned(),
            (Release::V8_4, file) => format!("/etc/apt/sources.list.d/{file}.list"),
            (Release::V9, file) => format!("/etc/apt/sources.list.d/{file}.sources"),
        }
    }

    fn suite(&self, release: Release) -> String {
        let name = if release == Release::V9 { "trixie" } else { "bookworm" };
        if self.address.ends_with("debian-security") { format!("{name}-security") } else { name.to_owned() }
    }

    /// Key of the setting that tells whether it is on.
    fn key(&self) -> String {
        format!("{}#{}", self.address, self.component)
    }

    /// On, off, or not there.
    fn status(&self, section: &Section) -> Option<bool> {
        match section.str(&self.key()) {
            Some(text) => Some(text == "1"),
            None => self.installed.then_some(true),
        }
    }
}

fn section(call: &Call) -> Section {
    let state = call.cluster.state();
    state.config.section(&format!("nodes/{}", call.node()), "apt").cloned().unwrap_or_default()
}

fn put(call: &Call, section: Section) {
    call.cluster.state().config.file_mut(&format!("nodes/{}", call.node())).insert("apt".into(), section);
}

fn digest(section: &Section) -> String {
    let all: String = REPOSITORIES.iter().map(|r| format!("{}={:?}\n", r.key(), r.status(section))).collect();
    sha1_hex(all.as_bytes())
}

fn index(_: &Call) -> Outcome {
    Ok(json!([{ "id": "changelog" }, { "id": "repositories" }, { "id": "update" }, { "id": "versions" }])
        .into())
}

/// Repositories that are there, by file.
fn files(release: Release, section: &Section) -> Vec<(String, Vec<(&'static Repository, bool)>)> {
    let mut files: Vec<(String, Vec<(&Repository, bool)>)> = Vec::new();
    for repository in REPOSITORIES {
        let Some(on) = repository.status(section) else { continue };
        let path = repository.path(release);
        match files.iter_mut().find(|(known, _)| *known == path) {
            Some((_, list)) => list.push((repository, on)),
            None => files.push((path, vec![(repository, on)])),
        }
    }
    files
}

fn repositories(call: &Call) -> Outcome {
    let release = call.cluster.config.release;
    let section = section(call);
    let kind = if release == Release::V9 { "sources" } else { "list" };
    let files: Vec<Value> = files(release, &section)
        .into_iter()
        .map(|(path, list)| {
            let shown: Vec<Value> = list
                .iter()
                .map(|(r, on)| {
                    json!({ "Enabled": u8::from(*on), "FileType": kind, "Types": ["deb"], "URIs": [r.address],
                            "Suites": [r.suite(release)],
                            "Components": r.component.split(' ').collect::<Vec<_>>() })
                })
                .collect();
            json!({ "path": path, "file-type": kind, "repositories": shown, "digest": [] })
        })
        .collect();
    let standard: Vec<Value> = REPOSITORIES
        .iter()
        .filter(|r| !r.handle.is_empty())
        .map(|r| json!({ "handle": r.handle, "name": r.handle, "status": r.status(&section).map(u8::from) }))
        .collect();
    Ok(json!({ "files": files, "errors": [], "infos": [], "digest": digest(&section),
               "standard-repos": standard })
    .into())
}

/// Turns a repository of a file on or off.
fn switch(call: &Call) -> Outcome {
    let mut section = section(call);
    unmodified(&digest(&section), call.params.str("digest"))?;
    let path = call.params.need("path")?;
    let files = files(call.cluster.config.release, &section);
    let Some((_, list)) = files.iter().find(|(known, _)| known == path) else {
        return Err(Refusal::died(format!("invalid path - {path}")));
    };
    let index = call.params.number("index").and_then(|i| usize::try_from(i).ok());
    let Some((repository, _)) = index.and_then(|i| list.get(i)) else {
        return Err(Refusal::died(format!("invalid index - {}", call.params.need("index")?)));
    };
    if call.params.str("enabled").is_some() {
        section.set(&repository.key(), if call.params.flag("enabled") { "1" } else { "0" });
    }
    put(call, section);
    Ok(Answer::null())
}

/// Adds one of the standard repositories.
fn add(call: &Call) -> Outcome {
    let mut section = section(call);
    unmodified(&digest(&section), call.params.str("digest"))?;
    let handle = call.params.need("handle")?;
    let Some(repository) = REPOSITORIES.iter().find(|r| r.handle == handle && !handle.is_empty()) else {
        return Err(Refusal::died(format!("unknown repository handle '{handle}'")));
    };
    section.set(&repository.key(), "1");
    put(call, section);
    Ok(Answer::null())
}

fn versions(call: &Call) -> Outcome {
    let p = call.cluster.personality();
    let package = |name: &str, version: &str| {
        json!({ "Package": name, "Version": version, "OldVersion": version, "CurrentState": "Installed",
                "Arch": "amd64", "Title": name, "Section": "admin", "Priority": "optional", "Origin": "Proxmox",
                "Description": name })
    };
    Ok(json!([package("pve-manager", p.version), package("pve-qemu-kvm", p.qemu)]).into())
}

fn updates(_: &Call) -> Outcome {
    Ok(json!([]).into())
}

fn refresh(call: &Call) -> Outcome {
    let upid = tasks::spawn(&call.cluster, &call.principal, call.node(), "aptupdate", "", |worker| {
        worker.log("starting apt-get update");
        worker.work()
    });
    Ok(Answer::from(upid))
}
