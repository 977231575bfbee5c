//! The snapshot that a restore is asked for: found, brought here, proven.

use std::collections::BTreeMap;

use objects::Credentials;
use tempfile::NamedTempFile;
use transport_ssh::{Budget, Input, Machine};

use super::model::SnapshotSource;
use crate::distribution::Distribution;
use crate::errors::{Error, Refusal, chain};
use crate::snapshots::error::SnapshotError;
use crate::snapshots::file::{Contents, Expected, FileError, Proof, read};
use crate::snapshots::listing::newest;
use crate::snapshots::store::Store;
use crate::snapshots::{SnapshotName, disk};
use crate::spec::{EtcdSnapshots, SnapshotS3};
use tf_framework::Path;

/// What asks for the newest one.
pub(crate) const LATEST: &str = "latest";

/// Where snapshots may be.
pub(crate) struct Places<'a> {
    /// The distribution.
    pub(crate) distribution: Distribution,
    /// The servers by name.
    pub(crate) servers: &'a BTreeMap<String, Machine>,
    /// Snapshots that the servers take.
    pub(crate) usual: Option<&'a EtcdSnapshots>,
    /// What object stores are read with.
    pub(crate) credentials: &'a Credentials,
    /// The attribute that names the snapshot.
    pub(crate) path: Path,
    /// What is told of the machines when it must not be restored.
    pub(crate) otherwise: &'static str,
}

/// A snapshot that is here, and was proven.
#[derive(Debug)]
pub(crate) struct Found {
    /// Name of its file.
    pub(crate) name: SnapshotName,
    /// The file on this machine.
    pub(crate) file: NamedTempFile,
    /// Its bytes.
    pub(crate) size: u64,
    /// What it was found to be.
    pub(crate) proof: Proof,
}

/// Finds a snapshot, brings it here and proves it. Nothing is changed anywhere.
///
/// # Errors
/// It is not there, or must not be restored: all that stands against it at once.
pub(crate) async fn find(
    source: &SnapshotSource,
    places: &Places<'_>,
    expected: Expected,
    progress: &(dyn Fn(String) + Send + Sync),
    budget: &Budget,
) -> Result<Found, Error> {
    let failed = |error: SnapshotError| -> Error {
        Refusal::new("The snapshot cannot be restored", format!("{}.\n\n{}", chain(&error), places.otherwise))
            .at(places.path.clone())
            .into()
    };
    let told = |arrived: u64, size: u64| {
        // Every 16 MiB, and at the end.
        if arrived == size || arrived % (16 << 20) < (1 << 16) {
            tracing::debug!(arrived, size, "snapshot");
        }
    };
    let (name, place, file) = match &source.server {
        Some(server) => {
            let machine = places.servers.get(server).ok_or_else(|| {
                let known: Vec<&str> = places.servers.keys().map(String::as_str).collect();
                let detail = format!("`servers` names {}, not {server}.", known.join(", "));
                Error::from(
                    Refusal::new("There is no such server", detail)
                        .at(places.path.clone().attribute("server")),
                )
            })?;
            let directory = directory(source, places);
            let name = on_disk(machine, &directory, &source.name, budget).await.map_err(failed)?;
            let path = format!("{directory}/{name}");
            progress(format!("{path} of {server} is brought here to be proven"));
            let file = disk::fetch(machine, &path, &told, budget).await.map_err(failed)?;
            let place = format!("{directory} of {server}");
            let missing =
                || SnapshotError::Missing { name: name.clone(), place: place.clone(), there: Vec::new() };
            let file = file.ok_or_else(|| failed(missing()))?;
            (name, place, file)
        }
        None => {
            let s3 = bucket(source, places)?;
            let store = Store::open(s3, places.distribution, places.credentials).map_err(failed)?;
            let name = in_store(&store, source, &expected, budget).await.map_err(failed)?;
            progress(format!("{name} of {} is brought here to be proven", store.place()));
            let file = store.fetch(&name, &told, budget).await.map_err(failed)?;
            (name, store.place().to_owned(), file)
        }
    };
    let size = file.as_file().metadata().map_err(|error| failed(error.into()))?.len();
    let parsed: SnapshotName = name.parse().map_err(|error| {
        Error::from(
            Refusal::new("The snapshot has no name of one", format!("{error}.")).at(places.path.clone()),
        )
    })?;
    let unusable = |problem: FileError| {
        failed(SnapshotError::File { name: name.clone(), place: place.clone(), problem })
    };
    let contents = look_into(&file).await.map_err(unusable)?;
    let proof = contents.prove(&expected).map_err(|objections| {
        let all: Vec<String> = objections.iter().map(|objection| format!("- {objection}.")).collect();
        let detail = format!("Of {name} in {place}:\n{}\n\n{}", all.join("\n"), places.otherwise);
        Error::from(Refusal::new("The snapshot must not be restored", detail).at(places.path.clone()))
    })?;
    progress(format!(
        "{name} is whole and proven: {size} bytes, {} objects, {} nodes, {}",
        proof.objects,
        proof.nodes.len(),
        proof.version.as_deref().unwrap_or("of a version it does not tell")
    ));
    Ok(Found { name: parsed, file, size, proof })
}

/// Reads a file without holding up others.
async fn look_into(file: &NamedTempFile) -> Result<Contents, FileError> {
    let file = file.reopen()?;
    let read = tokio::task::spawn_blocking(move || read(&file)).await;
    read.unwrap_or_else(|error| Err(FileError::Io(std::io::Error::other(error))))
}

fn directory(source: &SnapshotSource, places: &Places<'_>) -> String {
    let usual = places.usual.and_then(|usual| usual.directory.clone());
    let given = source.directory.clone().or(usual);
    let given = given.unwrap_or_else(|| format!("{}/server/db/snapshots", places.distribution.data_dir()));
    given.trim_end_matches('/').to_owned()
}

fn bucket<'a>(source: &'a SnapshotSource, places: &Places<'a>) -> Result<&'a SnapshotS3, Error> {
    let usual = || places.usual.and_then(|usual| usual.s3.as_ref());
    source.s3.as_ref().or_else(usual).ok_or_else(|| {
        let detail = "Say `server` for one on the disk of a server, or `s3` for one in an object store: the cluster's \
                      `etcd_snapshots` names none.";
        Refusal::new("Nobody says where the snapshot is", detail).at(places.path.clone()).into()
    })
}

/// The name of a file on a server; the newest whole one for `latest`.
async fn on_disk(
    machine: &Machine,
    directory: &str,
    name: &str,
    budget: &Budget,
) -> Result<String, SnapshotError> {
    if name != LATEST {
        return Ok(name.to_owned());
    }
    const LIST: &str =
        r#"cd -- "$1" 2>/dev/null || exit 0; find . -maxdepth 1 -type f -size +0 | sed 's|^\./||'"#;
    let said = machine.check("listing snapshots", LIST, &[directory], Input::Nothing, budget).await?;
    let names = said.lines().filter_map(|line| line.parse::<SnapshotName>().ok());
    let latest = names.filter(|name| !name.packed()).max_by_key(SnapshotName::at);
    latest.map(|name| name.to_string()).ok_or_else(|| SnapshotError::Missing {
        name: LATEST.to_owned(),
        place: directory.to_owned(),
        there: Vec::new(),
    })
}

/// The name of a snapshot in a store; for `latest` the newest whole one that the token opens and that is of the cluster, as
/// far as its metadata tell.
async fn in_store(
    store: &Store,
    source: &SnapshotSource,
    expected: &Expected,
    budget: &Budget,
) -> Result<String, SnapshotError> {
    if source.name != LATEST {
        return Ok(source.name.clone());
    }
    let listed = store.list(budget).await?;
    let fits = |snapshot: &&crate::snapshots::listing::Snapshot| {
        let its = snapshot.candidate(expected.cluster_id.as_deref());
        its.whole && its.ours && !snapshot.name.ends_with(".zip")
    };
    let latest = listed.iter().filter(fits).max_by_key(|snapshot| snapshot.at);
    latest.map(|snapshot| snapshot.name.clone()).ok_or_else(|| SnapshotError::Missing {
        name: LATEST.to_owned(),
        place: store.place().to_owned(),
        there: newest(&listed),
    })
}
