//! `up`, `status`, `down`, `conformance`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use hybridops_lab::{Lab, LabConfig, NetBoxConfig, NetBoxVersion, Release, conformance};
use serde_json::{Value, json};

/// A laboratory of stand-ins on loopback. The Proxmox VE in it is a stand-in, not the product.
#[derive(Debug, Parser)]
#[command(name = "hybridops-lab", version)]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start the laboratory.
    Up(Up),
    /// Tell whether it runs, and its counts.
    Status(Place),
    /// Stop it.
    Down {
        #[command(flatten)]
        place: Place,
        /// Remove its directory, too.
        #[arg(long)]
        purge: bool,
    },
    /// Replay the recordings of a real server against the stand-in and print the differences.
    Conformance {
        /// Directory with the recordings.
        #[arg(long)]
        fixtures: Option<PathBuf>,
        /// Only this flow, or `netbox`.
        #[arg(long)]
        flow: Option<String>,
    },
    /// Reduce the API viewer's schema to the table the stand-in works from.
    ApiTable {
        /// The schema, as JSON.
        schema: PathBuf,
        /// The release it describes.
        #[arg(long, default_value = "8.4")]
        release: String,
    },
    /// Reduce NetBox's OpenAPI documents to the table its stand-in works from.
    NetboxTable {
        /// The documents, as JSON or packed with gzip, in the order of their versions.
        #[arg(required = true)]
        documents: Vec<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct Place {
    /// Where the laboratory is kept; $XDG_STATE_HOME/hybridops-lab, else ./.lab.
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Place {
    fn path(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| match std::env::var_os("XDG_STATE_HOME") {
            Some(home) if !home.is_empty() => PathBuf::from(home).join("hybridops-lab"),
            _ => PathBuf::from(".lab"),
        })
    }
}

#[derive(Debug, clap::Args)]
struct Up {
    #[command(flatten)]
    place: Place,
    /// Release to play: 8.4 or 9.
    #[arg(long, default_value = "8.4")]
    version: String,
    /// Node names.
    #[arg(long, value_delimiter = ',', default_value = "pve1,pve2,pve3")]
    nodes: Vec<String>,
    /// First port of the nodes' endpoints; random where not given.
    #[arg(long)]
    port: Option<u16>,
    /// Go on in the background.
    #[arg(long)]
    detach: bool,
    /// Image to put on the artefact server; may be repeated.
    #[arg(long)]
    seed_image: Vec<PathBuf>,
    /// Shortest time a task takes, in milliseconds.
    #[arg(long, default_value_t = 50)]
    task_millis: u64,
    /// Wait 3 s before every 401, as a real server does.
    #[arg(long)]
    slow_auth: bool,
    /// NetBox version to play beside, 4.1 to 4.7, or none.
    #[arg(long, default_value = "4.6")]
    netbox: String,
    /// Port of the NetBox stand-in; random where not given.
    #[arg(long)]
    netbox_port: Option<u16>,
    /// Guests are real LXC containers with systemd and sshd, and cloud-init in machines. Takes root; root file systems
    /// are made once and kept in this directory.
    #[arg(long, value_name = "CACHE", num_args = 0..=1, default_missing_value = "/var/cache/hybridops-lab")]
    real_guests: Option<PathBuf>,
}

/// Runs the command line.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Action::Up(up) if up.detach => detach(&up),
        Action::Up(up) => foreground(&up),
        Action::Status(place) => status(&place.path()),
        Action::Down { place, purge } => down(&place.path(), purge),
        Action::Conformance { fixtures, flow } => conform(fixtures, flow.as_deref()),
        Action::ApiTable { schema, release } => api_table(&schema, &release),
        Action::NetboxTable { documents } => netbox_table(&documents),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // The terminal is all there is to complain to.
            let _ = writeln!(std::io::stderr(), "hybridops-lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("cannot write to the terminal")
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

fn foreground(up: &Up) -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let dir = up.place.path();
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let dir = dir.canonicalize()?;
    if alive(&dir).is_some() {
        bail!("a laboratory already runs in {}", dir.display());
    }
    let release = Release::parse(&up.version).with_context(|| format!("no such release: {}", up.version))?;
    let netbox = match up.netbox.as_str() {
        "none" => None,
        version => {
            let version = NetBoxVersion::parse(version)
                .with_context(|| format!("no such NetBox version: {version}"))?;
            Some(NetBoxConfig { version, port: up.netbox_port, ..NetBoxConfig::default() })
        }
    };
    let config = LabConfig {
        dir: Some(dir.clone()),
        netbox,
        real_guests: up.real_guests.clone(),
        release,
        nodes: up.nodes.clone(),
        port: up.port,
        seed_images: up.seed_image.clone(),
        task_duration: Duration::from_millis(up.task_millis),
        auth_delay: if up.slow_auth { Duration::from_secs(3) } else { Duration::ZERO },
        ..LabConfig::default()
    };
    runtime()?.block_on(async {
        let lab = Lab::start(config).await?;
        let description = json!({
            "pid": std::process::id(), "control": lab.control_url(), "endpoints": lab.endpoints(),
            "artefacts": lab.artefact_url(""), "netbox": lab.netbox_url(),
        });
        std::fs::write(dir.join("lab.json"), serde_json::to_vec_pretty(&description)?)?;
        say(&format!("Proxmox VE stand-in {} up: {}", up.version, lab.endpoints().join(" ")))?;
        say(&format!("artefacts: {}  control: {}", lab.artefact_url(""), lab.control_url()))?;
        if let Some(netbox) = lab.netbox() {
            say(&format!(
                "NetBox stand-in {} up: {}  token: {}",
                netbox.version(),
                netbox.url(),
                netbox.token()
            ))?;
        }
        say(&format!("source {}", dir.join("env").display()))?;
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            () = lab.stopped() => {}
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        lab.stop();
        let _ = std::fs::remove_file(dir.join("lab.json"));
        Ok(ExitCode::SUCCESS)
    })
}

fn detach(up: &Up) -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let dir = up.place.path();
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    if alive(&dir).is_some() {
        bail!("a laboratory already runs in {}", dir.display());
    }
    let log = std::fs::File::create(dir.join("lab.log"))?;
    let arguments = std::env::args_os().skip(1).filter(|a| a != "--detach");
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .context("cannot start the background process")?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if alive(&dir).is_some() {
            say(std::fs::read_to_string(dir.join("lab.log"))?.trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(status) = child.try_wait()? {
            bail!(
                "the laboratory ended at once ({status}): {}",
                std::fs::read_to_string(dir.join("lab.log"))?
            );
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    bail!("the laboratory did not come up; see {}", dir.join("lab.log").display())
}

/// Control URL and process id of a laboratory that answers.
fn alive(dir: &Path) -> Option<(String, Value)> {
    let text = std::fs::read(dir.join("lab.json")).ok()?;
    let control = serde_json::from_slice::<Value>(&text).ok()?.get("control")?.as_str()?.to_owned();
    let status = call(&control, "status", false).ok()?;
    Some((control, status))
}

fn call(control: &str, path: &str, post: bool) -> anyhow::Result<Value> {
    let url = format!("{control}/{path}");
    runtime()?.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        let request = if post { client.post(&url) } else { client.get(&url) };
        Ok(request.send().await?.error_for_status()?.json().await?)
    })
}

fn status(dir: &Path) -> anyhow::Result<ExitCode> {
    let Some((control, status)) = alive(dir) else {
        say(&format!("no laboratory runs in {}", dir.display()))?;
        return Ok(ExitCode::from(3));
    };
    say(&serde_json::to_string_pretty(&status)?)?;
    say(&serde_json::to_string_pretty(&call(&control, "counts", false)?)?)?;
    Ok(ExitCode::SUCCESS)
}

fn down(dir: &Path, purge: bool) -> anyhow::Result<ExitCode> {
    match alive(dir) {
        None => say(&format!("no laboratory runs in {}", dir.display()))?,
        Some((control, status)) => {
            call(&control, "stop", true)?;
            let pid = status.get("pid").and_then(Value::as_u64).unwrap_or_default();
            let deadline = Instant::now() + Duration::from_secs(10);
            while is_running(pid) {
                if Instant::now() > deadline {
                    bail!("process {pid} does not end");
                }
                std::thread::sleep(Duration::from_millis(30));
            }
            say("down")?;
        }
    }
    if purge && dir.join("artefacts").is_dir() {
        std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a process lives; one that has ended and waits for its parent does not count.
fn is_running(pid: u64) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()) != Some("Z")
}

fn conform(fixtures: Option<PathBuf>, flow: Option<&str>) -> anyhow::Result<ExitCode> {
    let Some(fixtures) = fixtures.or_else(conformance::fixtures) else {
        bail!("no recordings found; name their directory with --fixtures");
    };
    let mut unexplained = 0;
    if flow != Some("netbox") {
        let report = runtime()?.block_on(conformance::replay(&fixtures, flow))?;
        say(&report.to_string())?;
        unexplained += report.unexplained();
    }
    // NetBox's recordings are one story and are replayed together.
    if let Some(fixtures) = conformance::netbox::fixtures().filter(|_| flow.is_none_or(|f| f == "netbox")) {
        let report = runtime()?.block_on(conformance::netbox::replay(&fixtures))?;
        say(&report.to_string())?;
        unexplained += report.unexplained();
    }
    Ok(if unexplained == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn api_table(schema: &Path, release: &str) -> anyhow::Result<ExitCode> {
    let text =
        std::fs::read_to_string(schema).with_context(|| format!("cannot read {}", schema.display()))?;
    write!(std::io::stdout(), "{}", hybridops_lab::api_table(&text, release)?)
        .context("cannot write to the terminal")?;
    Ok(ExitCode::SUCCESS)
}

fn netbox_table(documents: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let texts = documents.iter().map(|path| {
        let cannot = || format!("cannot read {}", path.display());
        let bytes = std::fs::read(path).with_context(cannot)?;
        let mut text = String::new();
        if path.extension().is_some_and(|e| e == "gz") {
            std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut text)
                .with_context(cannot)?;
        } else {
            text = String::from_utf8(bytes).with_context(cannot)?;
        }
        Ok(text)
    });
    let texts = texts.collect::<anyhow::Result<Vec<String>>>()?;
    write!(std::io::stdout(), "{}", hybridops_lab::netbox_table(&texts)?)
        .context("cannot write to the terminal")?;
    Ok(ExitCode::SUCCESS)
}
