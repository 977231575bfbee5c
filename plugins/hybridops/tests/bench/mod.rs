//! A directory with the published documents, and the program run in it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const ENGINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../provider/domains/cost/engine/testdata");

/// What a run came to.
// Each program of tests uses a part of it.
#[allow(dead_code)]
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) struct Bench {
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
}

#[allow(dead_code)]
impl Bench {
    /// The published case, as of March 2026.
    pub(crate) fn published() -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap(), env: Vec::new() };
        let name = "cost-run-gha-18273645-1.json";
        bench.write(
            &format!("artifacts/dr-aks/{name}"),
            &std::fs::read_to_string(format!("{ENGINE}/{name}")).unwrap(),
        );
        bench.write("policy.json", &std::fs::read_to_string(format!("{ENGINE}/policy.json")).unwrap());
        bench.spend("2026-03-30T06:00:00Z", &[("2026-03", "372.40"), ("2026-04", "0")]);
        bench
    }

    /// The same case as of now: what is judged for real is judged by the clock.
    pub(crate) fn now() -> Self {
        let bench = Self::published();
        let now = jiff::Timestamp::now();
        let text =
            |moment: jiff::Timestamp| jiff::Timestamp::from_second(moment.as_second()).unwrap().to_string();
        let place = "artifacts/dr-aks/cost-run-gha-18273645-1.json";
        bench.flip(place, "2026-03-30T20:05:11Z", &text(now));
        bench.flip(place, "2026-04-06T20:05:11Z", &text(now + std::time::Duration::from_secs(86_400)));
        let next_year = jiff::Timestamp::now() + std::time::Duration::from_secs(400 * 86_400);
        bench.flip("policy.json", "2026-12-31T23:59:59Z", &text(next_year));
        bench.flip("policy.json", "\"warnAt\": \"400.00\",", "");
        // Windows are the hour that has begun, so that they lie in this month.
        let month = now.to_string().get(..7).unwrap().to_owned();
        bench.spend(&text(now), &[(&month, "372.40")]);
        bench
    }

    /// With more in the environment.
    pub(crate) fn with_env(mut self, env: &[(String, String)]) -> Self {
        self.env.extend_from_slice(env);
        self
    }

    /// The arguments of a decision about the hour that has begun: each takes 19.01028.
    pub(crate) fn decide_now(&self, by: &str) -> Vec<String> {
        let start = format!("{}:00:00Z", jiff::Timestamp::now().to_string().get(..13).unwrap());
        [
            "decide",
            "--action",
            "failover",
            "--env",
            "prod",
            "--component",
            "dr-aks",
            "--purpose",
            "dr",
            "--hours",
            "1",
            "--window-start",
            &start,
            "--requested-by",
            by,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    pub(crate) fn spend(&self, as_of: &str, actual: &[(&str, &str)]) {
        let entries: Vec<String> = actual
            .iter()
            .map(|(period, actual)| {
                format!(r#"{{"budget":"prod-dr","period":"{period}","actual":"{actual}"}}"#)
            })
            .collect();
        let text = format!(
            r#"{{"schema":"hybridops.cost-spend","schemaVersion":"1.0.0","currency":"EUR","asOf":"{as_of}","spend":[{}]}}"#,
            entries.join(",")
        );
        self.write("spend.json", &text);
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let place = self.path(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.path(path)).unwrap();
    }

    /// Changes a part of a file.
    pub(crate) fn flip(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{from} is not in {path}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Temporary files that nobody removed.
    pub(crate) fn leftovers(&self, path: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(path)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with('.')).collect()
    }

    /// Runs `hybridops cost …`.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        finish(self.start(args))
    }

    pub(crate) fn start(&self, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_hybridops"))
            .arg("cost")
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HYBRIDOPS_COST_POLICY", "policy.json")
            .env("HYBRIDOPS_COST_SPEND", "spend.json")
            .env("HYBRIDOPS_COST_ARTIFACTS", "artifacts")
            .envs(self.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What a Python script says to an input; `None` where there is no Python, which is said aloud.
    #[allow(clippy::print_stderr)]
    pub(crate) fn python(&self, script: &str, input: &str) -> Option<String> {
        let child = Command::new("python3")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("SKIPPED: python3 is not installed");
            return None;
        };
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let ran = finish(child);
        assert_eq!(ran.code, 0, "{ran:?}");
        Some(ran.out)
    }
}

/// Waits for a program to end.
pub(crate) fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
