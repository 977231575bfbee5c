//! Where a kill may strike, read off the log of a run that nothing struck.

use std::collections::{BTreeMap, BTreeSet};

use hybridops_lab::{Effect, Entry};

/// A request of a run, so told that it is found again in another run, and what is to happen there.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) method: String,
    /// Regular expression.
    pub(super) path: String,
    pub(super) nth: u64,
    pub(super) effect: Effect,
}

impl Point {
    pub(super) fn writes(&self) -> bool {
        self.method != "GET"
    }
}

/// Before and after each write. Between two writes the cluster stays as it is and nothing is kept, so of reads there is
/// one of each kind once something was written, and the first of all.
pub(super) fn points(log: &[Entry]) -> Vec<Point> {
    let mut found = Vec::new();
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut reads = BTreeSet::new();
    let mut written = false;
    for (number, entry) in log.iter().enumerate() {
        let (method, path) = (entry.method.clone(), pattern(&entry.path));
        let nth = counts.entry((method.clone(), path.clone())).or_default();
        *nth += 1;
        let point = |effect| Point { method: method.clone(), path: path.clone(), nth: *nth, effect };
        if method != "GET" {
            written = true;
            found.extend([point(Effect::KillClientBefore), point(Effect::KillClientAfter)]);
        } else if number == 0 || (written && reads.insert(path.clone())) {
            found.push(point(Effect::KillClientBefore));
        }
    }
    found
}

/// A path without the numbers and names that differ from run to run.
fn pattern(path: &str) -> String {
    let part = |part: &str| match part {
        part if part.starts_with("UPID:") => "[^/]+".to_owned(),
        part if part.parse::<u32>().is_ok() => "[0-9]+".to_owned(),
        part if part.starts_with("pve") => "pve[0-9]".to_owned(),
        part => part.replace('.', "\\."),
    };
    format!("^{}$", path.split('/').map(part).collect::<Vec<_>>().join("/"))
}
