//! What runs a command line somewhere.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use transport_base::{Budget, Interrupted, Secret};

use crate::tunnel::{Tunnel, TunnelError};

/// One command line for the shell of a machine.
#[derive(Clone)]
pub struct Exec {
    /// The command line. It can be read by everyone on the machine: no secret may be in it.
    pub command: String,
    /// What the command reads.
    pub input: Input,
    /// Bytes of output that are kept; the command goes on, what comes after is dropped and told by
    /// [`Output::truncated`].
    pub limit: usize,
    /// Called for each line while it is said.
    pub on_line: Option<OnLine>,
    /// What must stand before a command line that ends this one, where it runs with other rights than the user's:
    /// `sudo -n --`.
    pub rights: Option<&'static str>,
}

/// Called for each line that a command says.
pub type OnLine = Arc<dyn Fn(OutputStream, &str) + Send + Sync>;

/// Which of its two streams a command wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a command reads from its standard input.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// Nothing: the stream is closed at once.
    #[default]
    Nothing,
    /// These bytes.
    Bytes(Bytes),
    /// Text that must not be shown anywhere.
    Secret(Secret),
    /// A file of this machine, streamed.
    File(PathBuf),
}

impl Input {
    /// How many bytes there are to come.
    ///
    /// # Errors
    /// [`ShellError::Source`].
    pub fn length(&self) -> Result<u64, ShellError> {
        let bytes = match self {
            Self::Nothing => 0,
            Self::Bytes(bytes) => bytes.len(),
            Self::Secret(secret) => secret.expose().len(),
            Self::File(path) => {
                let found = std::fs::metadata(path);
                return found
                    .map(|found| found.len())
                    .map_err(|source| ShellError::Source { path: path.clone(), source });
            }
        };
        Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With a code.
    Code(u32),
    /// By a signal, `KILL`.
    Signal(String),
}

/// What a command said, and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Whether output beyond the limit was dropped.
    pub truncated: bool,
}

/// Why a command could not be run, or its end was not seen. Whether it had an effect is then unknown, unless
/// [`ShellError::NotStarted`].
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The command was certainly not run.
    #[error("{target} cannot be reached")]
    NotStarted {
        /// The machine, as the user names it.
        target: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection was lost while the command ran.
    #[error("the connection to {target} was lost")]
    Lost {
        /// The machine, as the user names it.
        target: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The time allowed ran out, or the work was called off. The command was sent a signal to end.
    #[error("{target}: {why}")]
    Interrupted {
        /// The machine, as the user names it.
        target: String,
        /// Which of both.
        why: Interrupted,
    },
    /// The file to send cannot be read.
    #[error("{} cannot be read", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Runs command lines on one machine. Many may run at the same time over one connection.
#[async_trait]
pub trait Shell: fmt::Debug + Send + Sync {
    /// The machine, as messages name it.
    fn target(&self) -> &str;

    /// Runs a command line to its end. An exit code other than 0 is no error here.
    ///
    /// # Errors
    /// [`ShellError`].
    async fn exec(&self, exec: Exec, budget: &Budget) -> Result<Output, ShellError>;

    /// Opens a stream to a host and port, as the machine sees them.
    ///
    /// # Errors
    /// [`TunnelError`]; [`TunnelError::Unsupported`] where the machine is reached by commands only.
    async fn tunnel(&self, host: &str, port: u16, budget: &Budget) -> Result<Tunnel, TunnelError> {
        let _ = budget;
        Err(TunnelError::Unsupported {
            machine: self.target().to_owned(),
            address: crate::connect::authority(host, port),
        })
    }
}

/// An error with all its causes, on one line: what messages to the user show.
pub fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        // A wrapper that only passes its cause on says the same again.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = cause.source();
    }
    text
}

// === impl Exec ===

impl Exec {
    /// Output that is kept unless said otherwise, in bytes.
    pub const LIMIT: usize = 4 << 20;

    /// A command line that reads nothing.
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            input: Input::Nothing,
            limit: Self::LIMIT,
            on_line: None,
            rights: None,
        }
    }

    /// The same, reading `input`.
    #[must_use]
    pub fn input(self, input: Input) -> Self {
        Self { input, ..self }
    }
}

impl fmt::Debug for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exec")
            .field("command", &self.command)
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

// === impl Output ===

impl Output {
    /// Whether it ended with code 0.
    pub fn ok(&self) -> bool {
        self.exit == Exit::Code(0)
    }

    /// The exit code, where it ended with one.
    pub fn code(&self) -> Option<u32> {
        match self.exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) => None,
        }
    }

    /// Standard output as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text; what is no UTF-8 is replaced.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}
