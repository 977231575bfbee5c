//! A site with an exporter (a double) and its Prometheus (a real one), and a central Prometheus that federates it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value as Json;
use tempfile::TempDir;

/// Longer than anything here should take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// Whether there is what the tests need; says aloud what is not.
pub(crate) fn possible(test: &str) -> Result<bool> {
    if !terraform_or_skip(test)? {
        return Ok(false);
    }
    if Command::new("prometheus").arg("--version").output().is_ok() {
        return Ok(true);
    }
    writeln!(std::io::stderr(), "SKIPPED {test}: there is no prometheus (apt-get install prometheus)")?;
    Ok(false)
}

/// A double of an exporter: serves whatever text it was given, until it is told to be dead.
pub(crate) struct Exporter {
    pub(crate) port: u16,
    dead: Arc<AtomicBool>,
}

impl Exporter {
    pub(crate) fn start(text: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let dead = Arc::new(AtomicBool::new(false));
        let (body, over) = (text.to_owned(), Arc::clone(&dead));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(std::io::Result::ok) {
                if !over.load(Ordering::SeqCst) {
                    let _ = answer(stream, &body);
                }
            }
        });
        Ok(Self { port, dead })
    }

    /// Connections are dropped without an answer from now on.
    pub(crate) fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }
}

fn answer(mut stream: TcpStream, body: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// A real Prometheus. Ended when dropped.
pub(crate) struct Prometheus {
    pub(crate) port: u16,
    child: Child,
    _data: TempDir,
}

impl Prometheus {
    /// Starts one with some scrape configurations, and a web configuration where there is one.
    pub(crate) fn start(scrapes: &str, web: Option<&str>) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("prometheus-").tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = data.path().join("prometheus.yml");
        let head = "global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n";
        fs::write(&config, format!("{head}{scrapes}"))?;
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(web) = web {
            let path = data.path().join("web.yml");
            fs::write(&path, web)?;
            command.arg(format!("--web.config.file={}", path.display()));
        }
        let child = command.spawn().context("prometheus cannot be started")?;
        let server = Self { port, child, _data: data };
        wait("a Prometheus to answer", || Ok(get(port, "/-/ready").is_ok()))?;
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What an ordinary query yields, which believes whatever it is told.
    pub(crate) fn naive(&self, name: &str) -> Result<Option<String>> {
        let answer: Json = serde_json::from_str(&get(self.port, &format!("/api/v1/query?query={name}"))?)?;
        let value = answer.pointer("/data/result/0/value/1").and_then(Json::as_str);
        Ok(value.map(str::to_owned))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    // What it answers while it still reads its data. A refusal is an answer.
    ensure!(!head.contains(" 503 "), "not ready");
    Ok(body.to_owned())
}

/// Waits for something to become true.
pub(crate) fn wait(what: &str, mut so: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !so()? {
        if start.elapsed() > PATIENCE {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(250));
    }
    Ok(())
}

/// The site, and the centre that federates it.
pub(crate) struct Scene {
    pub(crate) exporter: Exporter,
    pub(crate) site: Option<Prometheus>,
    pub(crate) centre: Prometheus,
}

impl Scene {
    pub(crate) fn start(text: &str) -> Result<Self> {
        let exporter = Exporter::start(text)?;
        let target = |port: u16| format!("    static_configs: [{{ targets: [\"127.0.0.1:{port}\"] }}]\n");
        let site = Prometheus::start(&format!("  - job_name: db\n{}", target(exporter.port)), None)?;
        let federate = format!(
            "  - job_name: site\n    honor_labels: true\n    metrics_path: /federate\n    params: {{ \"match[]\": ['{{job=\"db\"}}'] }}\n{}",
            target(site.port)
        );
        let centre = Prometheus::start(&federate, None)?;
        Ok(Self { exporter, site: Some(site), centre })
    }

    /// Waits until the centre knows a metric by a value.
    pub(crate) fn knows(&self, metric: &str, value: &str) -> Result<()> {
        wait(&format!("{metric} to be {value}"), || {
            Ok(self.centre.naive(metric).ok().flatten().as_deref() == Some(value))
        })
    }
}

/// A workspace that asks the centre.
pub(crate) fn workspace(url: &str, configuration: &str) -> Result<Workspace> {
    let ws = Workspace::ready(&[Provider::hybridops()?])?;
    ws.write(
        "provider.tf",
        &format!("provider \"hybridops\" {{\n  prometheus = {{ url = \"{url}\" }}\n}}\n"),
    )?;
    ws.write("main.tf", configuration)?;
    Ok(ws)
}
