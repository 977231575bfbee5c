//! What imports share: how they name a machine, by its address or by the whole block, and what its journal remembers.

use hosts::Connection;
use serde_json::{Map, Value as Json};
use tf_framework::{Diagnostics, Model, Path, Result};
use tf_value::json::{UnknownAttributes, decode, encode};
use transport_ssh::Budget;

use crate::Kubernetes;
use crate::distribution::Distribution;
use crate::errors::failure;
use crate::host::{Facts, Journal, Run, gather};

/// What can be given.
pub(crate) const FORMS: &str = "`10.0.0.11`, `root@10.0.0.11:2222`, or the block as a JSON object: `{\"host\": \"10.0.0.11\", \
                                \"host_keys\": [\"ssh-ed25519 AAAA…\"]}`, where needed with `port`, `user`, `become`, `jump`";

/// The machine that an import names.
///
/// # Errors
/// It names none.
pub(crate) fn machine(id: &str) -> Result<Connection> {
    parse(id)
        .ok_or_else(|| Diagnostics::error(format!("{id:?} names no machine"), format!("Import {FORMS}.")))
}

fn parse(id: &str) -> Option<Connection> {
    if id.trim_start().starts_with('{') {
        return block(id.as_bytes());
    }
    Connection::named(id)
}

/// A connection from its block as JSON. What it does not know is not overlooked.
fn block(text: &[u8]) -> Option<Connection> {
    let value = decode(text, &Connection::block().value_type(), UnknownAttributes::Reject).ok()?;
    Connection::from_object(value).ok().filter(|connection| !connection.host.is_empty())
}

/// What is said of a connection, as JSON members: nothing of what is not.
pub(crate) fn members(connection: &Connection) -> Map<String, Json> {
    let text = encode(&connection.to_object(), &Connection::block().value_type()).ok();
    let json = text.and_then(|text| serde_json::from_slice::<Json>(&text).ok());
    let Some(Json::Object(members)) = json else { return Map::new() };
    members.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// What is true of a machine that this provider made a node of, and what its journal remembers.
///
/// # Errors
/// It is not reached, or no such node.
pub(crate) async fn remembered(
    client: std::sync::Arc<Kubernetes>,
    connection: &Connection,
    distribution: Distribution,
    budget: Budget,
    what: &str,
) -> Result<(Facts, Journal)> {
    let machine = client.machine(connection, &Path::root().attribute("machine"))?;
    let run = Run { machine, distribution, budget, client };
    let facts = gather(&run).await.map_err(|error| failure(what, &error))?;
    match facts.journal.clone().filter(|journal| !journal.declared.is_empty()) {
        Some(journal) => Ok((facts, journal)),
        None => Err(Diagnostics::error(
            what,
            format!(
                "{} has no journal of a node ({}/journal.json): it was not made by this provider, or never became ready. Declare \
                 it with the same cluster, name and configuration instead.",
                connection.host,
                distribution.journal_dir()
            ),
        )),
    }
}

/// A model from what a journal remembers of it.
///
/// # Errors
/// It is not of this form.
pub(crate) fn read<M: Model>(what: &str, remembered: &Json) -> Result<M> {
    let text = remembered.to_string();
    let value = decode(text.as_bytes(), &M::block().value_type(), UnknownAttributes::Ignore)
        .map_err(|error| Diagnostics::error(what, format!("Its journal cannot be read: {error}.")))?;
    M::from_object(value).map_err(Diagnostics::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_an_import() {
        let read = |id: &str| parse(id).map(|it| (it.host, it.port, it.user));
        assert_eq!(read("10.0.0.1"), Some(("10.0.0.1".into(), None, None)));
        assert_eq!(read("root@a:2222"), Some(("a".into(), Some(2222), Some("root".into()))));
        assert_eq!(read("[fd00::1]:22"), Some(("fd00::1".into(), Some(22), None)));
        assert_eq!(read("fd00::1"), Some(("fd00::1".into(), None, None)));
        assert_eq!(read(r#"{"host": "a", "port": 2222}"#), Some(("a".into(), Some(2222), None)));
        for wrong in ["", "a/b", "a:x", "{}", r#"{"host": ""}"#, r#"{"host": "a", "prot": 1}"#, "{"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(machine("a/b").unwrap_err().iter().count(), 1);
    }

    #[test]
    fn what_is_said_comes_out_again() {
        let text = r#"{"become":"sudo","host":"a","host_keys":["ssh-ed25519 AAAA"],"user":"admin"}"#;
        let said = members(&parse(text).unwrap());
        assert_eq!(Json::Object(said), serde_json::from_str::<Json>(text).unwrap());
    }
}
