//! Plays the host: starts the double, reads its line, connects as go-plugin's client does.

#![allow(dead_code, unreachable_pub, clippy::expect_used, clippy::panic)]

pub mod certificate;
pub mod tls;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tonic::transport::{Channel, Endpoint};

/// Longer than anything here should take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A started plugin that has said where it listens.
pub struct Plugin {
    pub child: Child,
    pub line: String,
    pub started_in: Duration,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

/// What is left of a plugin that ended.
pub struct Remains {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// The double with a right cookie and nothing else.
pub fn double() -> Command {
    let mut command = bare_double();
    command.env("DOUBLE_COOKIE", "4f2b").env("PLUGIN_PROTOCOL_VERSIONS", "5,4");
    command
}

/// The double with an empty environment.
pub fn bare_double() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugin-double"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a plugin that is to fail.
pub async fn run(mut command: Command) -> Output {
    within(command.output()).await.expect("the double runs")
}

pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

impl Plugin {
    pub async fn start(mut command: Command) -> Self {
        let start = Instant::now();
        let mut child = command.spawn().expect("the double starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        within(stdout.read_line(&mut line)).await.expect("a line");
        assert!(line.ends_with('\n'), "no handshake line: {line:?}");
        line.pop();
        Self { child, line, started_in: start.elapsed(), stdout, stderr }
    }

    pub fn fields(&self) -> Vec<&str> {
        self.line.split('|').collect()
    }

    pub fn socket(&self) -> PathBuf {
        assert_eq!(self.fields()[2], "unix");
        Path::new(self.fields()[3]).to_owned()
    }

    /// DER of the certificate the plugin announced.
    pub fn certificate(&self) -> Vec<u8> {
        STANDARD_NO_PAD.decode(self.fields()[5]).expect("base64 without padding")
    }

    pub async fn dial(&self) -> UnixStream {
        UnixStream::connect(self.socket()).await.expect("the plugin listens")
    }

    /// A connection without TLS.
    pub async fn plain(&self) -> Channel {
        channel(self.dial().await).await.expect("a connection")
    }

    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().expect("running").to_string();
        let status =
            std::process::Command::new("kill").args(["-s", signal, &pid]).status().expect("kill runs");
        assert!(status.success());
    }

    /// Reads standard error up to a line with the given text.
    pub async fn stderr_line(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = within(self.stderr.read_line(&mut line)).await.expect("readable");
            assert!(read > 0, "standard error ended without {text:?}");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the end and takes what is left to read.
    pub async fn ended(mut self) -> Remains {
        let status = within(self.child.wait()).await.expect("a status");
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).await.expect("text");
        self.stderr.read_to_string(&mut stderr).await.expect("text");
        Remains { status, stdout, stderr }
    }

    pub async fn ended_as(self, reason: &str) {
        let socket = self.socket();
        let Remains { status, stdout, stderr } = self.ended().await;
        assert!(status.success(), "{status}: {stderr}");
        assert_eq!(stdout, "", "nothing follows the handshake line");
        assert!(stderr.contains(&format!("stopped: {reason}")), "{stderr}");
        assert!(!socket.exists() && !socket.parent().expect("a parent").exists(), "nothing is left behind");
    }
}

/// A gRPC channel over one stream, which is not replaced when it breaks.
pub async fn channel<S>(stream: S) -> Result<Channel, tonic::transport::Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut stream = Some(TokioIo::new(stream));
    let connector = tower::service_fn(move |_| {
        let stream = stream.take().ok_or_else(|| std::io::Error::other("one connection only"));
        std::future::ready(stream)
    });
    Endpoint::from_static("http://localhost").connect_with_connector(connector).await
}
