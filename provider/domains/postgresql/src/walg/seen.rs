//! What the machine has of ours, as the facts tell it.

use std::collections::BTreeMap;

/// What the machine has.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seen {
    /// The program.
    pub(crate) program: Program,
    /// Files of scripts and units by path: SHA-256, and mode and owner.
    pub(crate) files: BTreeMap<String, (String, String)>,
    /// Timers by name: whether they are enabled and active.
    pub(crate) timers: BTreeMap<String, bool>,
    /// WAL-G's configuration, secrets masked; nothing where there is none that can be read.
    pub(crate) config: Option<BTreeMap<String, String>>,
    /// Mode and owner of it.
    pub(crate) config_mode: String,
    /// Variables of the scripts' file.
    pub(crate) instance: BTreeMap<String, String>,
    /// Files of the directory of keys.
    pub(crate) keys: Vec<String>,
    /// What the scripts left, by file.
    pub(crate) results: Results,
}

/// The program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Program {
    /// Where it is, links followed; nothing where there is none.
    pub(crate) path: Option<String>,
    /// Its SHA-256.
    pub(crate) sha256: String,
    /// What it says to `--version`.
    pub(crate) version: String,
    /// SHA-256 of the file it came in; nothing where it was changed since.
    pub(crate) origin: Option<String>,
}

/// What the scripts left.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Results {
    /// The last file that was to be archived.
    pub(crate) archive: Option<ArchiveResult>,
    /// The last run of the backup.
    pub(crate) backup: Option<BackupResult>,
    /// The last run that made one.
    pub(crate) backup_ok: Option<BackupResult>,
    /// Why nothing is archived, where that is so.
    pub(crate) archiving_off: Option<String>,
    /// Mode and owner of the directory they are in.
    pub(crate) directory: String,
}

/// How archiving a file ended.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub(crate) struct ArchiveResult {
    /// `ok`, `failed`, `refused`, `conflict`.
    pub(crate) result: String,
    /// The file.
    pub(crate) file: String,
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// Failures in a row.
    pub(crate) failures: u64,
    /// Why it was not archived.
    pub(crate) reason: String,
}

/// How a run of the backup ended.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub(crate) struct BackupResult {
    /// `ok`, `failed`, `skipped`.
    pub(crate) result: String,
    /// Names the run.
    pub(crate) run: String,
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// How long it took, in seconds.
    pub(crate) seconds: i64,
    /// Why there is no backup.
    pub(crate) reason: String,
    /// The backup.
    pub(crate) name: Option<String>,
    /// Where it begins.
    pub(crate) start_lsn: Option<String>,
    /// Where it is consistent.
    pub(crate) finish_lsn: Option<String>,
    /// First segment it needs.
    pub(crate) first: Option<String>,
    /// Last segment it needs.
    pub(crate) last: Option<String>,
    /// When it was finished, RFC 3339.
    pub(crate) finish_time: Option<String>,
    /// Bytes in the archive.
    pub(crate) compressed: Option<u64>,
    /// Bytes of the files.
    pub(crate) uncompressed: Option<u64>,
}

/// Reads the sections of the facts. What is not there, or cannot be read, is not there.
pub(crate) fn seen(sections: &BTreeMap<String, String>) -> Seen {
    let of = |name: &str| sections.get(name).map(String::as_str).unwrap_or_default();
    Seen {
        program: program(of("walg.program")),
        files: of("walg.files").lines().filter_map(file).collect(),
        timers: of("walg.timers").lines().filter_map(timer).collect(),
        config: sections.get("walg.config").and_then(|text| serde_json::from_str(text).ok()),
        config_mode: of("walg.config_mode").trim().to_owned(),
        instance: of("walg.instance").lines().filter_map(variable).collect(),
        keys: of("walg.keys").lines().map(str::to_owned).collect(),
        results: results(of("walg.state")),
    }
}

fn program(text: &str) -> Program {
    let value = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(|v| v.trim().to_owned())
    };
    Program {
        path: value("path"),
        sha256: value("sha256").unwrap_or_default(),
        version: value("version").unwrap_or_default(),
        origin: value("origin").filter(|origin| !origin.is_empty()),
    }
}

fn file(line: &str) -> Option<(String, (String, String))> {
    let mut words = line.splitn(3, ' ');
    let (sha256, mode, path) = (words.next()?, words.next()?, words.next()?);
    Some((path.to_owned(), (sha256.to_owned(), mode.to_owned())))
}

fn timer(line: &str) -> Option<(String, bool)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    Some((name.to_owned(), words.next() == Some("enabled") && words.next() == Some("active")))
}

/// `export NAME='value'`, as we write it.
fn variable(line: &str) -> Option<(String, String)> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
    Some((name.to_owned(), value.replace(r"'\''", "'")))
}

fn results(text: &str) -> Results {
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let json = |name: &str| value(name);
    Results {
        archive: json("archive.json").and_then(|text| serde_json::from_str(text).ok()),
        backup: json("backup.json").and_then(|text| serde_json::from_str(text).ok()),
        backup_ok: json("backup-ok.json").and_then(|text| serde_json::from_str(text).ok()),
        archiving_off: value("archiving-off").map(|text| text.trim().to_owned()),
        directory: value("directory").unwrap_or_default().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn results_are_read() {
        let sections = BTreeMap::from([(
            "walg.state".to_owned(),
            "archive.json {\"result\":\"conflict\",\"file\":\"000000010000000000000003\",\"time\":1795286375,\"seconds\":0,\"failures\":3,\"reason\":\"other contents\"} \n\
             archiving-off it was set back \ndirectory 750:postgres\n"
                .to_owned(),
        )]);
        let results = seen(&sections).results;
        let archive = results.archive.expect("a result");
        assert_eq!((archive.result.as_str(), archive.failures), ("conflict", 3));
        assert_eq!(results.archiving_off.as_deref(), Some("it was set back"));
        assert_eq!(results.directory, "750:postgres");
    }

    proptest! {
        #[test]
        fn nothing_a_machine_says_breaks_it(name in "walg\\.[a-z]+", text in "\\PC*") {
            let _ = seen(&BTreeMap::from([(name, text)]));
        }
    }
}
