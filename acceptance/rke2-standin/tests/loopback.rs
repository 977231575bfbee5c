//! Servers as plain processes on loopback addresses, each in a folder that plays its machine. Needs etcd and etcdctl of
//! Debian 12 in `RKE2_STANDIN_TOOLS`, in the path, or in the laboratory's kept image; says aloud where they are missing.

#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const VERSION: &str = "v1.33.4+rke2r1";

/// Where etcd and etcdctl are.
fn tools() -> Option<PathBuf> {
    let named = std::env::var_os("RKE2_STANDIN_TOOLS").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let kept = "/var/cache/hybridops-lab/debian-12-kubernetes-unprivileged/usr/bin";
    let mut candidates = named.into_iter().chain(std::env::split_paths(&path)).chain([PathBuf::from(kept)]);
    let found = candidates.find(|folder| folder.join("etcd").is_file() && folder.join("etcdctl").is_file());
    if found.is_none() {
        eprintln!("SKIPPED: no etcd and etcdctl here; RKE2_STANDIN_TOOLS names their folder");
    }
    found
}

/// One machine that is a folder and an address.
struct Machine {
    root: PathBuf,
    program: PathBuf,
    distribution: &'static str,
    running: Option<Child>,
}

impl Machine {
    fn new(folder: &Path, distribution: &'static str, name: &str, address: &str, more: &str) -> Self {
        let tools = tools().unwrap();
        let root = folder.join(name);
        let etc = root.join("etc/rancher").join(distribution);
        fs::create_dir_all(&etc).unwrap();
        fs::create_dir_all(root.join("etc/rke2-standin/faults")).unwrap();
        let tools = tools.display();
        let settings = format!("etcd: {tools}/etcd\netcdctl: {tools}/etcdctl\nlearner_tick_ms: 100\n");
        fs::write(root.join("etc/rke2-standin/settings.yaml"), settings).unwrap();
        let config = format!("node-name: {name}\nnode-ip: {address}\nbind-address: {address}\n{more}");
        fs::write(etc.join("config.yaml"), config).unwrap();
        let program = root.join(distribution);
        let version = if distribution == "k3s" { "v1.33.4+k3s1" } else { VERSION };
        // Another process writes it: a file that a fork of this one holds open for writing cannot be started.
        let write = r#"cp "$1" "$2" && printf '\nRKE2-STANDIN %s\n' "$3" >>"$2""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", write, "sh", env!("CARGO_BIN_EXE_rke2-standin")]).arg(&program).arg(version);
        assert!(shell.status().unwrap().success());
        Self { root, program, distribution, running: None }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).env("RKE2_STANDIN_ROOT", &self.root);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn data(&self, path: &str) -> PathBuf {
        self.root.join("var/lib/rancher").join(self.distribution).join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.data(path)).unwrap()
    }

    fn start(&mut self, role: &str) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.root.join("log")).unwrap();
        let child = self.command(&[role]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.running = Some(child.unwrap());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.root.join("log")).unwrap_or_default()
    }

    /// Starts, and starts again when it ends, as systemd does, until it says to be up.
    fn bring_up(&mut self, role: &str) {
        let before = self.log().matches("is up and running").count();
        self.start(role);
        let begun = Instant::now();
        while self.log().matches("is up and running").count() == before {
            assert!(
                begun.elapsed() < Duration::from_secs(90),
                "{} is not up:\n{}",
                self.root.display(),
                self.log()
            );
            if self.running.as_mut().unwrap().try_wait().unwrap().is_some() {
                std::thread::sleep(Duration::from_secs(1));
                self.start(role);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops the unit, as systemd does: the main process alone.
    fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let ended = Command::new("kill").arg(child.id().to_string()).status().unwrap();
            assert!(ended.success());
            child.wait().unwrap();
        }
    }

    /// Ends what outlived the unit.
    fn kill_all(&mut self) {
        self.stop();
        assert!(self.run(&["standin-killall"]).status.success());
    }

    /// etcd's own tool; what etcd refuses for being young (5 s after a change of members) is tried again.
    fn etcdctl(&self, address: &str, words: &[&str]) -> String {
        for _ in 0..20 {
            match self.ask(address, words) {
                Err(refusal) if refusal.contains("unhealthy cluster") => {
                    std::thread::sleep(Duration::from_secs(1));
                }
                answer => return answer.unwrap(),
            }
        }
        panic!("etcd stays unhealthy");
    }

    fn ask(&self, address: &str, words: &[&str]) -> Result<String, String> {
        let tls = |file: &str| self.data(&format!("server/tls/etcd/{file}"));
        let output = Command::new(tools().unwrap().join("etcdctl"))
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &format!("https://{address}:2379"), "--cacert"])
            .arg(tls("server-ca.crt"))
            .arg("--cert")
            .arg(tls("client.crt"))
            .arg("--key")
            .arg(tls("client.key"))
            .args(words)
            .output()
            .unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = self.command(&["standin-killall"]).output();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// A refusal to start: exit code 1, and the reason as the last line.
fn refused(machine: &Machine, words: &[&str]) -> String {
    let output = machine.run(words);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = said(&output);
    let last = text.trim().lines().last().unwrap().to_owned();
    assert!(last.contains("level=fatal"), "{text}");
    last
}

#[test]
fn servers_join_one_by_one_and_come_back_from_a_snapshot() {
    if tools().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut a = Machine::new(folder.path(), "rke2", "a", "127.71.0.1", "token: secret\nnonsense: 1\n");
    a.bring_up("server");
    let log = a.log();
    let mut at = 0;
    for line in [
        "Unknown flag --nonsense found in config.yaml, skipping",
        "Starting rke2 v1.33.4+rke2r1",
        "Pod for etcd is synced",
        "Connection to etcd is ready",
        "Kube API server is now running",
        "rke2 is up and running",
    ] {
        at += log.get(at..).unwrap().find(line).unwrap_or_else(|| panic!("{line} does not follow in\n{log}"));
    }
    let token = a.read("server/token");
    let join =
        |token: &str, more: &str| format!("server: https://127.71.0.1:9345\ntoken: {}\n{more}", token.trim());

    let other = format!("K10{}{}", "0".repeat(64), &token[67..]);
    let stranger = Machine::new(folder.path(), "rke2", "s", "127.71.0.9", &join(&other, ""));
    assert!(refused(&stranger, &["server"]).contains("token CA hash does not match"));
    let wrong = Machine::new(folder.path(), "rke2", "w", "127.71.0.8", &join("wrong", ""));
    assert!(refused(&wrong, &["server"]).contains("401 Unauthorized"));
    let differs =
        Machine::new(folder.path(), "rke2", "p", "127.71.0.7", &join(&token, "cluster-cidr: 10.99.0.0/16\n"));
    let output = differs.run(&["server"]);
    assert!(said(&output).contains("critical configuration mismatched: cluster-cidr"));
    assert!(said(&output).contains("critical configuration value mismatch between servers"));

    let mut b = Machine::new(folder.path(), "rke2", "b", "127.71.0.2", &join(&token, ""));
    b.bring_up("server");
    let members = a.etcdctl("127.71.0.1", &["member", "list", "-w", "json"]);
    let members: Value = serde_json::from_str(&members).unwrap();
    assert_eq!(members["members"].as_array().unwrap().len(), 2);
    assert!(members["members"].as_array().unwrap().iter().all(|member| member["isLearner"] != true));

    // etcd and the API outlive the unit, and a start finds them again.
    a.stop();
    assert_eq!(
        a.etcdctl("127.71.0.1", &["endpoint", "health", "-w", "json"]).matches("\"health\":true").count(),
        1
    );
    a.bring_up("server");
    let saved = a.run(&["etcd-snapshot", "save", "--name", "before"]);
    assert!(saved.status.success(), "{}", said(&saved));
    let snapshot = fs::read_dir(a.data("server/db/snapshots")).unwrap().next().unwrap().unwrap().path();
    assert!(snapshot.file_name().unwrap().to_string_lossy().starts_with("before-a-"));
    assert!(said(&a.run(&["etcd-snapshot", "ls"])).contains("file://"));
    a.etcdctl("127.71.0.1", &["put", "/after", "the snapshot"]);

    b.kill_all();
    a.kill_all();
    let path = format!("--cluster-reset-restore-path={}", snapshot.display());
    assert!(refused(&b, &["server", "--cluster-reset", &path]).contains("while server URL is set"));
    let mut new = Machine::new(folder.path(), "rke2", "n", "127.71.0.3", "");
    let wrong = refused(&new, &["server", "--token=wrong", "--cluster-reset", &path]);
    assert!(wrong.contains("encrypted with different token"), "{wrong}");
    let short = new.root.join("short");
    let bytes = fs::read(&snapshot).unwrap();
    fs::write(&short, &bytes[..bytes.len() - 4096]).unwrap();
    let cut = format!("--cluster-reset-restore-path={}", short.display());
    assert!(refused(&new, &["server", "--token=secret", "--cluster-reset", &cut]).contains("corrupt"));
    let reset = new.run(&["server", "--token=secret", "--cluster-reset", &path]);
    assert!(reset.status.success(), "{}", said(&reset));
    assert!(said(&reset).contains("membership has been reset, restart without --cluster-reset"));
    assert!(refused(&new, &["server", "--cluster-reset"]).contains("was previously reset"));
    new.bring_up("server");
    assert_eq!(new.read("server/token"), token, "the authorities came out of the snapshot");
    assert_eq!(new.etcdctl("127.71.0.3", &["get", "/after"]), "");
    assert!(!new.data("server/db/reset-flag").exists());
    new.kill_all();
}

#[test]
fn a_removed_server_of_k3s_comes_back_as_another_member() {
    if tools().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut x = Machine::new(folder.path(), "k3s", "x", "127.71.1.1", "token: secret\ncluster-init: true\n");
    x.bring_up("server");
    let join = format!("server: https://127.71.1.1:6443\ntoken: {}\n", x.read("server/token").trim());
    let mut y = Machine::new(folder.path(), "k3s", "y", "127.71.1.2", &join);
    y.bring_up("server");
    let members = x.etcdctl("127.71.1.1", &["member", "list"]);
    let id =
        members.lines().find(|line| line.contains(", y-")).unwrap().split(',').next().unwrap().to_owned();
    x.etcdctl("127.71.1.1", &["member", "remove", &id]);
    let begun = Instant::now();
    while !y.log().contains("this node has been removed from the cluster please restart k3s") {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", y.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(y.data("server/db/etcd/tombstone").exists());
    y.stop();
    y.bring_up("server");
    let members = x.etcdctl("127.71.1.1", &["member", "list"]);
    assert_eq!(members.lines().count(), 2, "{members}");
    assert!(!members.contains(&id), "{members}");
}
