//! Import: the machine, the version and the cluster are named; the marker beside the data tells the rest.

use std::sync::Arc;

use hosts::Connection;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tf_framework::{Context, Diagnostics, ImportId, Result};

use super::model::PostgresqlHost;
use crate::client::budget;
use crate::errors::failure;
use crate::instance::Run;
use crate::instance::facts::{Content, Facts, gather};
use crate::resources::face::{Face as _, archived, blank_postgresql, decoded, observed};

/// What an import names.
#[derive(Debug, Clone, Deserialize)]
struct Place {
    host: String,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    host_keys: Option<Vec<String>>,
    version: u32,
    #[serde(default = "main")]
    cluster: String,
}

fn main() -> String {
    "main".to_owned()
}

const FORMS: &str = "Import `10.6.0.11/15/main` (machine, major version, cluster), `root@10.6.0.11:2222/15/main`, or a JSON object with \
                     `host`, `version`, and where needed `port`, `user`, `host_keys`, `cluster`.";

/// Reads the name of an import.
fn place(id: &str) -> Option<Place> {
    if id.trim_start().starts_with('{') {
        return serde_json::from_str(id).ok();
    }
    let mut parts = id.rsplitn(3, '/');
    let (cluster, version, host) = (parts.next()?, parts.next()?, parts.next()?);
    let Connection { host, port, user, .. } = Connection::named(host)?;
    (!cluster.is_empty()).then_some(Place {
        host,
        port,
        user,
        host_keys: None,
        version: version.parse().ok()?,
        cluster: cluster.to_owned(),
    })
}

/// Imports an instance.
pub(super) async fn import(cx: &mut Context<PostgresqlHost>, id: ImportId) -> Result<PostgresqlHost> {
    let ImportId::Id(id) = id else {
        return Err(Diagnostics::error("The instance to import is not named", FORMS));
    };
    let place = place(&id).ok_or_else(|| Diagnostics::error(format!("{id:?} names no instance"), FORMS))?;
    let what = format!("Importing PostgreSQL from {} failed", place.host);
    let wrong = |detail: String| Diagnostics::error(&what, detail);
    let mut host = blank(&place, &Json::Null).map_err(&wrong)?;
    let client = cx.client()?;
    let run = Run::new(client.machine(&host.machine)?, budget(cx), Arc::clone(&client));
    let mut facts = gather(&run, &host.spec(None)).await.map_err(|error| failure(&what, error))?;
    let cluster = facts.clusters.iter().find(|it| it.version == place.version && it.name == place.cluster);
    let directory = cluster.map(|cluster| cluster.data_directory.clone());
    if let Some(directory) = directory.filter(|directory| *directory != host.spec(None).data_directory()) {
        host.postgresql.data_directory = directory.into();
        facts = gather(&run, &host.spec(None)).await.map_err(|error| failure(&what, error))?;
    }
    if !matches!(facts.data.content, Content::Cluster(_)) {
        return Err(wrong(format!("{} holds no cluster. {FORMS}", host.spec(None).data_directory())));
    }
    let mut imported = remembered(&place, &facts).map_err(&wrong)?;
    imported.postgresql.data_directory = host.postgresql.data_directory.clone();
    if facts.data.marker.is_none() {
        adopt(&mut imported, &facts);
    }
    let spec = imported.spec(None);
    let mut seen = observed(&imported, &facts, &spec);
    seen.id = seen.made_id().into();
    archived(&mut seen, &facts);
    client.note(&seen.key(), &Arc::new(facts));
    Ok(seen)
}

/// What the marker remembers; the machine is reached as the import says, where that differs.
fn remembered(place: &Place, facts: &Facts) -> Result<PostgresqlHost, String> {
    let Some(marker) = &facts.data.marker else { return blank(place, &Json::Null) };
    let mut host = blank(place, &Json::Object(marker.configuration.clone()))?;
    host.name.clone_from(&marker.member);
    let asked = Connection { user: place.user.clone(), port: place.port, ..Connection::new(&place.host) };
    if host.machine.host != asked.host || host.machine.port.unwrap_or(22) != asked.port.unwrap_or(22) {
        host.machine = Connection { host: asked.host, port: asked.port, ..host.machine };
    }
    Ok(host)
}

/// An instance that nobody declared yet, with what is remembered of it.
fn blank(place: &Place, remembered: &Json) -> Result<PostgresqlHost, String> {
    let seen = json!({
        "name": "imported",
        "machine": { "host": place.host, "port": place.port, "user": place.user, "host_keys": place.host_keys },
        "postgresql": blank_postgresql(place.version, &place.cluster),
        "role": "primary",
        "on_destroy": "keep_data",
    });
    decoded(seen, remembered)
}

/// An instance that was not made here: what can be seen of it is declared.
fn adopt(host: &mut PostgresqlHost, facts: &Facts) {
    host.name = facts.os.host.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let Some(server) = &facts.server else { return };
    if let Some(port) = server.port() {
        host.postgresql.port = port;
    }
    if let Some(addresses) = server.settings.get("listen_addresses") {
        let addresses = addresses.setting.split(',').map(|address| address.trim().to_owned());
        host.postgresql.listen_addresses = addresses.filter(|address| !address.is_empty()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_an_import() {
        let read = |id: &str| place(id).map(|it| (it.host, it.port, it.user, it.version, it.cluster));
        let named = |host: &str, port, user: Option<&str>| {
            Some((host.to_owned(), port, user.map(str::to_owned), 15, "main".to_owned()))
        };
        assert_eq!(read("10.6.0.11/15/main"), named("10.6.0.11", None, None));
        assert_eq!(read("root@db:2222/15/main"), named("db", Some(2222), Some("root")));
        assert_eq!(read("[fd00::1]:22/15/main"), named("fd00::1", Some(22), None));
        assert_eq!(read("fd00::1/15/main"), named("fd00::1", None, None));
        assert_eq!(read(r#"{"host": "db", "version": 15}"#), named("db", None, None));
        for wrong in ["", "db", "db/15", "/15/main", "db/x/main", "db:x/15/main", "{}"] {
            assert!(place(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn nothing_remembered_is_enough() {
        let place = place("db/15/main").unwrap();
        let host = blank(&place, &Json::Null).unwrap();
        assert_eq!((host.postgresql.port, host.machine.host.as_str()), (5432, "db"));
    }
}
