//! Why a plugin could not be served.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use crate::listen::ListenError;
use crate::tls::TlsError;

/// Why a plugin could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The magic cookie is missing or wrong: a person ran the program, not a host.
    #[error(
        "This program is a plugin. It is started by the program that uses it and does nothing useful when it is run \
         by hand."
    )]
    NotStartedByHost,

    /// The host speaks none of our protocol versions.
    #[error(
        "The host speaks plugin protocol {offered}, this plugin {served:?}: they have no version in common."
    )]
    NoCommonProtocol {
        /// What the plugin was configured to speak.
        served: Vec<u16>,
        /// What the host wrote.
        offered: String,
    },

    /// No socket could be opened.
    #[error("The plugin cannot listen for its host.")]
    Listen(#[from] ListenError),

    /// The session with the host cannot be secured.
    #[error("The plugin cannot secure the session with its host.")]
    Tls(#[from] TlsError),

    /// A signal handler could not be set.
    #[error("The plugin cannot handle signals.")]
    Signals(#[source] std::io::Error),

    /// The handshake line could not be written.
    #[error("The plugin cannot write its handshake to standard output.")]
    Announce(#[source] std::io::Error),

    /// The gRPC server failed.
    #[error("The plugin's server failed.")]
    Server(#[from] tonic::transport::Error),
}

impl ServeError {
    /// Writes the error and its causes to standard error and answers exit code 1: the last thing `main` does.
    pub fn report(&self) -> ExitCode {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str("\n  caused by: ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text.push('\n');
        // Nobody is left to tell if this fails.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        ExitCode::FAILURE
    }
}
