//! Servers that are one machine under two names.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use futures::future::join_all;
use tf_framework::{Diagnostics, Path, Value};

/// How long a name may take to be resolved; one that is not by then says nothing.
const PATIENCE: Duration = Duration::from_secs(3);

/// Refuses servers whose names lead to the same address and port. Names are resolved here: those of machines behind others
/// are theirs to resolve, and are left alone.
pub(super) async fn same_address(planned: &Value) -> Diagnostics {
    let mut refused = Diagnostics::new();
    let Some(Value::Map(servers) | Value::Object(servers)) = planned.get("servers") else { return refused };
    let places = servers.iter().filter_map(|(name, server)| {
        let host = server.get("host").and_then(Value::as_str)?;
        let port = server
            .get("port")
            .and_then(Value::as_number)
            .map_or(22, |port| port.to_string().parse().unwrap_or(22));
        let behind = match server.get("jump") {
            Some(Value::List(jumps)) => !jumps.is_empty(),
            _ => false,
        };
        (!behind).then(|| resolved(name, host, port))
    });
    let mut seen: BTreeMap<(IpAddr, u16), (&str, &str)> = BTreeMap::new();
    for (name, host, port, addresses) in join_all(places).await {
        for address in addresses {
            match seen.get(&(address, port)) {
                // The same words are told by those who read them.
                Some((other, there)) if other != &name && !there.eq_ignore_ascii_case(host) => {
                    let path = Path::root().attribute("servers").key(name).attribute("host");
                    let detail = format!("{other:?} at {there} and {name:?} at {host} are both {address}.");
                    refused.extend(Diagnostics::error_at(path, "Two servers are the same machine", detail));
                    break;
                }
                _ => drop(seen.insert((address, port), (name, host))),
            }
        }
    }
    refused
}

async fn resolved<'a>(name: &'a str, host: &'a str, port: u16) -> (&'a str, &'a str, u16, Vec<IpAddr>) {
    if let Ok(address) = host.parse() {
        return (name, host, port, vec![address]);
    }
    let asked = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
    let addresses = asked.ok().and_then(Result::ok).map(|found| found.map(|it| it.ip()).collect());
    (name, host, port, addresses.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(servers: &[(&str, &str)]) -> Value {
        let server = |host: &str| Value::object([("host", Value::from(host)), ("port", Value::Null)]);
        let servers = servers.iter().map(|(name, host)| ((*name).to_owned(), server(host))).collect();
        Value::object([("servers", Value::Map(servers))])
    }

    #[tokio::test]
    async fn a_name_and_its_address_are_one_machine() {
        let told =
            same_address(&planned(&[("a", "localhost"), ("b", "127.0.0.1"), ("c", "192.0.2.1")])).await;
        assert_eq!(told.iter().count(), 1, "{told:?}");
        assert!(same_address(&planned(&[("a", "192.0.2.1"), ("b", "192.0.2.2")])).await.is_empty());
    }
}
