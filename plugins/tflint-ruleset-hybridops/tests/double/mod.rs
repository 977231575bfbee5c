//! A double of tflint, for tests only: starts the plugin, speaks the host's side of the protocol, answers what rules ask
//! from sources that a test gives it, and takes down what they find. It expands no `count` and knows one function.

#![allow(dead_code, unused_imports, unreachable_pub, clippy::expect_used, clippy::panic)]

mod evaluate;
mod module;
mod runner;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tfplugin_proto::plugin::ConnInfo;
use tfplugin_proto::plugin::grpc_broker_client::GrpcBrokerClient;
use tfplugin_proto::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin_proto::tflint::rule_set_client::RuleSetClient;
use tfplugin_proto::tflint::{apply_config, apply_global_config, check, runner_server};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::process::{Child, Command};
use tonic::transport::{Channel, Endpoint, Server};

pub use module::Sources;
use runner::Runner;
pub use runner::{Finding, Seen};

const PATIENCE: Duration = Duration::from_secs(20);

/// What a test wants of a session.
#[derive(Clone, Default)]
pub struct Wanted<'t> {
    /// The files of the module.
    pub files: &'t [(&'t str, &'t str)],
    /// The block of the plugin, as written in `.tflint.hcl`.
    pub plugin: &'t str,
    /// The blocks of rules, by name.
    pub rules: &'t [(&'t str, &'t str)],
    /// `--only`.
    pub only: &'t [&'t str],
    /// `disabled_by_default`.
    pub disabled_by_default: bool,
    /// `--fix`.
    pub fix: bool,
    /// Path of the module; empty for the root.
    pub module: &'t [&'t str],
    /// Variables whose values are sensitive.
    pub sensitive: &'t [&'t str],
}

/// The plugin as it runs, with a connection to it.
pub struct Plugin {
    pub child: Child,
    pub line: String,
    pub channel: Channel,
    pub rules: RuleSetClient<Channel>,
    directory: tempfile::TempDir,
    next: u32,
}

/// The plugin's program with what tflint puts into its environment.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tflint-ruleset-hybridops"));
    command
        .env_clear()
        .env("TFLINT_RULESET_PLUGIN", "5adSn1bX8nrDfgBqiAqqEkC6OE1h3iD8SqbMc5UUONx8x3xCF0KlPDsBRNDjoYDP")
        .env("PLUGIN_PROTOCOL_VERSIONS", "11")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

impl Plugin {
    pub async fn start() -> Self {
        let mut child = program().spawn().expect("the plugin starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        within(stdout.read_line(&mut line)).await.expect("a line");
        let line = line.trim_end().to_owned();
        let socket = line.split('|').nth(3).expect("an address").to_owned();
        let channel = within(connect(Path::new(&socket))).await;
        let directory = tempfile::tempdir().expect("a directory");
        let rules = RuleSetClient::new(channel.clone());
        Self { child, line, channel, rules, directory, next: 1 }
    }

    /// What tflint does for one module, from configuration to the last finding.
    pub async fn inspect(&mut self, wanted: &Wanted<'_>) -> Result<Seen, tonic::Status> {
        self.configure(wanted).await?;
        let runner = Arc::new(Runner::new(wanted));
        let id = self.offer(Arc::clone(&runner)).await;
        within(self.rules.check(check::Request { runner: id })).await?;
        Ok(runner.seen())
    }

    pub async fn configure(&mut self, wanted: &Wanted<'_>) -> Result<(), tonic::Status> {
        let rule = |name: &str| apply_global_config::RuleConfig { name: name.to_owned(), enabled: true };
        let config = apply_global_config::Config {
            rules: wanted.rules.iter().map(|(name, _)| ((*name).to_owned(), rule(name))).collect(),
            disabled_by_default: wanted.disabled_by_default,
            only: wanted.only.iter().map(|name| (*name).to_owned()).collect(),
            fix: wanted.fix,
        };
        within(self.rules.apply_global_config(apply_global_config::Request { config: Some(config) })).await?;
        let schema =
            within(self.rules.get_config_schema(tfplugin_proto::tflint::get_config_schema::Request {}))
                .await?
                .into_inner()
                .schema
                .expect("a schema");
        let sources = Sources::new(&BTreeMap::from([(".tflint.hcl".to_owned(), wanted.plugin.to_owned())]));
        let content = Some(sources.content(&schema));
        within(self.rules.apply_config(apply_config::Request { content })).await?;
        Ok(())
    }

    /// Serves the host's side of one check, and tells the plugin under which id.
    async fn offer(&mut self, runner: Arc<Runner>) -> u32 {
        let id = self.next;
        self.next += 1;
        let socket = self.directory.path().join(format!("runner-{id}"));
        let listener = UnixListener::bind(&socket).expect("a socket");
        let incoming = tokio_stream::wrappers::UnixListenerStream::new(listener);
        let service = runner_server::RunnerServer::from_arc(runner);
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        let address = socket.to_str().expect("text").to_owned();
        let told = ConnInfo { service_id: id, network: "unix".to_owned(), address, knock: None };
        let sending = futures::StreamExt::chain(futures::stream::iter([told]), futures::stream::pending());
        let stream =
            GrpcBrokerClient::new(self.channel.clone()).start_stream(sending).await.expect("a stream");
        tokio::spawn(async move { stream.into_inner().message().await });
        id
    }

    /// Says that the session is over, and waits for the end of the process.
    pub async fn shut_down(mut self) -> std::process::ExitStatus {
        let empty = tfplugin_proto::plugin::Empty {};
        let _ = within(GrpcControllerClient::new(self.channel.clone()).shutdown(empty)).await;
        within(self.child.wait()).await.expect("a status")
    }
}

async fn connect(socket: &Path) -> Channel {
    let mut stream = Some(TokioIo::new(UnixStream::connect(socket).await.expect("the plugin listens")));
    let connector = tower::service_fn(move |_| {
        std::future::ready(stream.take().ok_or_else(|| std::io::Error::other("one connection only")))
    });
    Endpoint::from_static("http://localhost").connect_with_connector(connector).await.expect("a connection")
}

/// A whole session about some files.
pub async fn inspect(wanted: Wanted<'_>) -> Seen {
    let mut plugin = Plugin::start().await;
    let seen = plugin.inspect(&wanted).await.expect("a check");
    assert!(plugin.shut_down().await.success());
    seen
}
