//! TCP on loopback, for Windows and for places where no Unix socket fits.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use super::ListenError;
use crate::environment::Environment;

const MIN_PORT: &str = "PLUGIN_MIN_PORT";
const MAX_PORT: &str = "PLUGIN_MAX_PORT";

/// Binds the first free port of the host's range; any port where the host names no range.
pub(super) fn bind(env: &Environment) -> Result<(TcpListener, SocketAddr), ListenError> {
    let (min, max) = (port(env, MIN_PORT)?, port(env, MAX_PORT)?);
    if min > max {
        return Err(ListenError::Range { variable: MIN_PORT, value: min.to_string() });
    }
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for port in min..=max {
        match listen(port) {
            Ok(bound) => return Ok(bound),
            Err(error) => last = error,
        }
    }
    Err(ListenError::Port(last))
}

fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, address))
}

fn port(env: &Environment, variable: &'static str) -> Result<u16, ListenError> {
    let Some(value) = env.get(variable) else { return Ok(0) };
    value.parse().map_err(|_| ListenError::Range { variable, value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(min: &str, max: &str) -> Environment {
        [(MIN_PORT, min), (MAX_PORT, max)].into_iter().collect()
    }

    #[tokio::test]
    async fn takes_the_first_free_port_of_the_range() {
        let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let first = taken.local_addr().expect("an address").port();
        let last = first.saturating_add(20);
        let (_listener, address) = bind(&env(&first.to_string(), &last.to_string())).expect("a free port");
        assert!(address.ip().is_loopback());
        assert!(address.port() > first && address.port() <= last, "{address}");
    }

    #[tokio::test]
    async fn takes_any_port_without_a_range() {
        let (_listener, address) = bind(&Environment::default()).expect("a port");
        assert!(address.ip().is_loopback() && address.port() != 0);
    }

    #[tokio::test]
    async fn refuses_malformed_and_empty_ranges() {
        for (min, max) in [("x", "1"), ("1", "70000"), ("2000", "1000")] {
            assert!(matches!(bind(&env(min, max)), Err(ListenError::Range { .. })), "{min}..{max}");
        }
    }
}
