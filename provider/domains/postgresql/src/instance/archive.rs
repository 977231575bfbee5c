//! Where an instance is archived, and what that asks of its server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tf_framework::Path;

use super::facts::Facts;
use super::run::Run;
use super::spec::Spec;
use crate::errors::{Error, Refusal, chain};
use crate::restore::{Bring, Restore, Restored};
use crate::store::{Files, Storage, Store};
use crate::walg::{Archive, Backup, BackupProof, Layout, Place, Prepared, seen, server_settings};

/// Settings of the server that archiving needs.
pub(crate) fn settings(spec: &Spec) -> BTreeMap<String, String> {
    if spec.backup.is_none() {
        return BTreeMap::new();
    }
    server_settings(&layout(spec), rpo(spec))
}

fn layout(spec: &Spec) -> Layout {
    Layout::of_cluster(spec.postgresql.version, &spec.postgresql.cluster)
}

fn rpo(spec: &Spec) -> Option<Duration> {
    Some(spec.objectives.as_ref()?.rpo.as_ref()?.length())
}

/// The instance as WAL-G's side knows it; nothing while its data are not there.
pub(crate) fn place(spec: &Spec, facts: &Facts) -> Option<Place> {
    let control = facts.control.as_ref()?;
    let p = &spec.postgresql;
    Some(Place {
        member: spec.name.clone(),
        version: p.version,
        cluster: p.cluster.clone(),
        layout: layout(spec),
        data: spec.data_directory(),
        socket: "/var/run/postgresql".to_owned(),
        port: p.port,
        system_id: control.system_identifier,
        segment: control.wal_segment_bytes,
        rpo: rpo(spec).map(|rpo| rpo.as_secs()),
        epoch_guard: false,
        is_restore: false,
    })
}

/// What on the machine differs from what `backup` declares.
pub(crate) fn differences(spec: &Spec, facts: &Facts) -> Option<std::collections::BTreeSet<String>> {
    let (backup, place) = (spec.backup.as_ref()?, place(spec, facts)?);
    let steps = crate::walg::differences(backup, &place, &seen(&facts.sections), None);
    Some(steps.into_iter().map(|step| step.name().to_owned()).collect())
}

/// Prepares archiving, before a server runs whose `archive_command` is ours.
pub(crate) async fn prepare(run: &Run, spec: &Spec, facts: &Facts) -> Result<Option<Prepared>, Error> {
    let (Some(backup), Some(place)) = (&spec.backup, place(spec, facts)) else { return Ok(None) };
    let archive = archive(run, backup, &place)?;
    archive.prepare(&seen(&facts.sections)).await.map(Some)
}

/// Proves that what is written reaches the archive and can be read back.
pub(crate) async fn prove(
    run: &Run,
    spec: &Spec,
    facts: &Facts,
    prepared: &Prepared,
) -> Result<Option<BackupProof>, Error> {
    let (Some(backup), Some(place)) = (&spec.backup, place(spec, facts)) else { return Ok(None) };
    let archive = archive(run, backup, &place)?;
    archive.prove(prepared, &seen(&facts.sections)).await.map(Some)
}

/// Deletes from the archive what the plan showed.
pub(crate) async fn expire(run: &Run, spec: &Spec) -> Result<(), Error> {
    let Some(backup) = &spec.backup else { return Ok(()) };
    let store = open(run, &backup.storage, Path::root().attribute("backup").attribute("storage"))?;
    crate::walg::expire(run, backup, store.as_ref()).await
}

/// Brings the data of a new instance out of the archive that `restore` names.
pub(crate) async fn bring(
    run: &Run,
    spec: &Spec,
    facts: &Facts,
    restore: &Restore,
) -> Result<Restored, Error> {
    let path = Path::root().attribute("restore");
    let Some(backup) = &spec.backup else {
        let detail = "Set `backup`: what is restored is archived anew, and `backup.wal_g` says where WAL-G comes from.";
        return Err(Refusal::new("A restored instance needs an archive of its own", detail).at(path).into());
    };
    let bring = Bring {
        run,
        restore,
        member: &spec.name,
        version: spec.postgresql.version,
        cluster: &spec.postgresql.cluster,
        data: &spec.data_directory(),
        own: backup,
        store: open(run, &restore.source.storage, path.attribute("source"))?,
    };
    bring.bring(&seen(&facts.sections)).await
}

/// The store of an archive. A directory is the machine's own; the server of an SFTP storage is another one.
fn open(run: &Run, storage: &Storage, path: Path) -> Result<Arc<dyn Store>, Error> {
    let files = if storage.file.is_some() { Files::On(run.machine.clone()) } else { Files::Unknown };
    let opened = run.client.stores.open(storage, &files);
    opened.map_err(|error| {
        Refusal::new("The store of the archive cannot be opened", format!("{}.", chain(&error)))
            .at(path)
            .into()
    })
}

fn archive<'a>(run: &'a Run, backup: &'a Backup, place: &'a Place) -> Result<Archive<'a>, Error> {
    let store = open(run, &backup.storage, Path::root().attribute("backup").attribute("storage"))?;
    Ok(Archive { run, backup, place, store })
}
