//! Serving hosts that did not start us: a plugin under a debugger, or one process for all the tests of a suite.

use std::collections::BTreeMap;

use serde::Serialize;
use tonic::service::Routes;

use crate::address::Address;
use crate::config::Limits;
use crate::environment::Environment;
use crate::error::ServeError;
use crate::lifecycle::{Signals, StopReason};
use crate::listen::Listener;
use crate::serve::{Host, ServeHandle};
use crate::services::OnShutdown;

/// How a host finds a plugin it did not start.
#[derive(Clone, Debug)]
pub struct Reattach {
    /// Version of the plugin's own protocol.
    pub protocol_version: u16,
    /// The process to attach to.
    pub pid: u32,
    /// Where it listens.
    pub address: Address,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    protocol: &'a str,
    protocol_version: u16,
    pid: u32,
    /// Keeps the host from killing a process it does not own.
    test: bool,
    addr: Addr<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Addr<'a> {
    network: &'a str,
    string: String,
}

impl Reattach {
    /// The document a host wants, for the plugin it knows by one of these names.
    #[must_use]
    pub fn json(&self, names: &[&str]) -> String {
        let entry = Entry {
            protocol: "grpc",
            protocol_version: self.protocol_version,
            pid: self.pid,
            test: true,
            addr: Addr { network: self.address.network(), string: self.address.to_string() },
        };
        // A map of strings and numbers always serialises.
        let entries: BTreeMap<_, _> = names.iter().map(|name| (*name, &entry)).collect();
        serde_json::to_string(&entries).unwrap_or_default()
    }

    /// The same as a line for a shell: `VARIABLE='{…}'`.
    #[must_use]
    pub fn shell(&self, variable: &str, names: &[&str]) -> String {
        format!("{variable}='{}'", self.json(names).replace('\'', r"'\''"))
    }
}

/// Serves any host that attaches, without cookie and TLS, until Ctrl-C or SIGTERM, or until the token of the handle is
/// cancelled. Hosts may come and go; their `Shutdown` is answered and ignored.
///
/// `ready` is called once, when hosts can attach.
///
/// # Errors
/// The socket or the server failed.
pub async fn serve_debug<F>(
    protocol_version: u16,
    env: &Environment,
    ready: impl FnOnce(&Reattach),
    service: F,
) -> Result<StopReason, ServeError>
where
    F: FnOnce(ServeHandle) -> Routes,
{
    let signals = Signals::catch().map_err(ServeError::Signals)?;
    let listener = Listener::open(env)?;
    ready(&Reattach { protocol_version, pid: std::process::id(), address: listener.address().clone() });
    let host =
        Host { listener, session: None, signals, limits: Limits::default(), on_shutdown: OnShutdown::Stay };
    host.serve(protocol_version, service).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document() {
        let reattach =
            Reattach { protocol_version: 6, pid: 42, address: Address::Unix("/tmp/plugin/s".into()) };
        let document: serde_json::Value =
            serde_json::from_str(&reattach.json(&["host/ns/type", "elsewhere/ns/type"])).expect("JSON");
        let entry = serde_json::json!({
            "Protocol": "grpc", "ProtocolVersion": 6, "Pid": 42, "Test": true,
            "Addr": {"Network": "unix", "String": "/tmp/plugin/s"},
        });
        let expected = serde_json::json!({"host/ns/type": entry, "elsewhere/ns/type": entry});
        assert_eq!(document, expected);
        assert_eq!(reattach.shell("VARIABLE", &["name"]), format!("VARIABLE='{}'", reattach.json(&["name"])));
        assert!(reattach.shell("VARIABLE", &["it's"]).contains(r"it'\''s"));
    }
}
