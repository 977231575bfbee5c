//! Finds the files, reads the flags behind them, refuses what nobody knows.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::Config;
use super::flags::{Kind, kind};
use crate::distribution::Layout;
use crate::logline;

/// What the process is started as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Agent,
    /// A command that reads a server's file and takes from it what it knows.
    Command,
}

/// The effective configuration: base file, then `.d` in the order of names, then the environment, then flags.
pub(crate) fn load(layout: &Layout, role: Role, arguments: &[String]) -> anyhow::Result<Config> {
    let flags = read_flags(role, arguments)?;
    let mut config = Config::default();
    for file in files(layout, &flags) {
        let text = std::fs::read_to_string(&file).with_context(|| format!("open {}", file.display()))?;
        config.overlay(&text).with_context(|| format!("error unmarshalling {}", file.display()))?;
    }
    let unknown: Vec<String> =
        config.values.keys().filter(|key| kind(key, role != Role::Agent).is_none()).cloned().collect();
    for key in unknown {
        // k3s pkg/configfilearg/parser.go strips for server and sub-commands; an agent's flags are parsed as they are.
        if role == Role::Agent {
            bail!("flag provided but not defined: -{key}");
        }
        logline::warn(format!("Unknown flag --{key} found in config.yaml, skipping"));
        config.values.remove(&key);
    }
    let program = layout.distribution.name().to_uppercase();
    for (variable, key) in [
        ("TOKEN", "token"),
        ("TOKEN_FILE", "token-file"),
        ("AGENT_TOKEN", "agent-token"),
        ("URL", "server"),
        ("NODE_NAME", "node-name"),
        ("DATA_DIR", "data-dir"),
    ] {
        if let Ok(value) = std::env::var(format!("{program}_{variable}")) {
            config.set(key, vec![value]);
        }
    }
    for (key, values) in flags.values {
        config.values.insert(key, values);
    }
    Ok(config)
}

fn files(layout: &Layout, flags: &Config) -> Vec<PathBuf> {
    let variable = format!("{}_CONFIG_FILE", layout.distribution.name().to_uppercase());
    let base = flags
        .text("config")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os(variable).map(PathBuf::from))
        .unwrap_or_else(|| layout.etc().join("config.yaml"));
    let mut found = Vec::new();
    if base.exists() {
        found.push(base.clone());
    }
    found.extend(beside(&base));
    found
}

fn beside(base: &Path) -> Vec<PathBuf> {
    let mut folder = base.as_os_str().to_owned();
    folder.push(".d");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"))
        .collect();
    found.sort();
    found
}

fn read_flags(role: Role, arguments: &[String]) -> anyhow::Result<Config> {
    let mut config = Config::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(flag) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
            continue;
        };
        let (name, given) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        let long = if role == Role::Command { of_command(name) } else { name.to_owned() };
        let name = short(&long);
        let value = match (kind(name, role != Role::Agent), given) {
            (None, _) => bail!("flag provided but not defined: -{name}"),
            (_, Some(value)) => value,
            (Some(Kind::Switch), None) => "true".to_owned(),
            (Some(Kind::Text | Kind::List), None) => match rest.next() {
                Some(value) => value.clone(),
                None => bail!("flag needs an argument: -{name}"),
            },
        };
        config.values.entry(name.to_owned()).or_default().push(value);
    }
    Ok(config)
}

/// Flags of sub-commands are named without what is clear from the command.
fn of_command(name: &str) -> String {
    match name {
        "name" | "dir" | "snapshot-retention" | "snapshot-compress" => {
            format!("etcd-snapshot-{}", name.trim_start_matches("snapshot-"))
        }
        "etcd-token" => "token".to_owned(),
        "etcd-server" => "server".to_owned(),
        s3 if s3 == "s3" || s3.starts_with("s3-") => format!("etcd-{s3}"),
        other => other.to_owned(),
    }
}

fn short(name: &str) -> &str {
    match name {
        "c" => "config",
        "d" => "data-dir",
        "t" => "token",
        "s" => "server",
        "i" => "node-ip",
        "snapshotter" => "snapshotter",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Distribution;

    #[test]
    fn flags_win_over_files_and_folders_over_the_base() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("config.yaml");
        std::fs::write(&base, "token: base\ntls-san: [a]\nnonsense: 1\n").unwrap();
        std::fs::create_dir(folder.path().join("config.yaml.d")).unwrap();
        std::fs::write(folder.path().join("config.yaml.d/50-x.yaml"), "token: later\ntls-san+: b\n").unwrap();
        std::fs::write(folder.path().join("config.yaml.d/60-x.txt"), "token: never\n").unwrap();
        let layout = Layout::new(Distribution::Rke2, None);
        let arguments = ["--config".to_owned(), base.display().to_string(), "--node-name=a".to_owned()];
        let config = load(&layout, Role::Server, &arguments).unwrap();
        assert_eq!(config.text("token"), Some("later"));
        assert_eq!(config.list("tls-san"), ["a", "b"]);
        assert_eq!(config.text("node-name"), Some("a"));
        assert_eq!(config.text("nonsense"), None);
        let refused = load(&layout, Role::Agent, &arguments).unwrap_err().to_string();
        assert!(refused.starts_with("flag provided but not defined: -"), "{refused}");
    }
}
