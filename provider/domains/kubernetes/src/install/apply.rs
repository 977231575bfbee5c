//! From this machine to a node: artefacts are staged beside what runs, and put in place when it is the node's turn.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use transport_ssh::Input;

use super::fetch::Source;
use crate::errors::{Error, Refusal, chain};
use crate::host::{Facts, Run};
use crate::spec::ClusterSpec;
use crate::version::Version;

/// The artefacts of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) version: Version,
    /// Name and SHA-256 of the one with the program.
    pub(crate) program: (String, String),
    /// Names and SHA-256 of those with images.
    pub(crate) images: Vec<(String, String)>,
}

/// What a node needs of a release.
///
/// # Errors
/// A sum is missing.
pub(crate) fn needed(spec: &ClusterSpec, version: &Version, architecture: &str) -> Result<Release, Refusal> {
    let d = spec.distribution();
    let artefacts = spec.artefacts.clone().unwrap_or_default();
    let sums: BTreeMap<String, String> = artefacts.sha256.unwrap_or_default();
    let sum = |name: String| match sums.get(&name) {
        Some(sum) => Ok((name, sum.clone())),
        None => Err(Refusal::new(
            format!("The sum of {name} is not known"),
            format!(
                "It is neither in `artefacts.sha256` nor in the source's own list for {version}. Nothing is installed that cannot be \
                 verified."
            ),
        )),
    };
    let images = artefacts.images.unwrap_or_default();
    Ok(Release {
        version: version.clone(),
        program: sum(d.artefact(architecture))?,
        images: images.iter().map(|set| sum(d.images(set, architecture))).collect::<Result<_, _>>()?,
    })
}

/// Brings the artefacts to the machine, each once, and the images to where they are looked for at the next start. What
/// runs is not touched.
///
/// # Errors
/// They cannot be fetched or sent.
pub(crate) async fn stage(
    run: &Run,
    spec: &ClusterSpec,
    facts: &Facts,
    release: &Release,
) -> Result<(), Error> {
    let d = run.distribution;
    let source = Source::of(d, spec.artefacts.as_ref());
    let place = format!("{}/agent/images", d.data_dir());
    let mut wanted: Vec<(&(String, String), String)> =
        release.images.iter().map(|file| (file, format!("{place}/{}", file.0))).collect();
    let staged = staged(run, &release.program.1);
    if !is_installed(facts, release) {
        wanted.push((&release.program, staged));
    }
    if !wanted.is_empty() {
        bring(run, &source, facts, release, &wanted).await?;
    }
    if spec.artefacts.as_ref().is_some_and(|artefacts| artefacts.images.is_some()) {
        let mut arguments = vec![place.as_str(), d.images_begin()];
        arguments.extend(release.images.iter().map(|(name, _)| name.as_str()));
        run.script("keeping the sets of images", include_str!("scripts/images.sh"), &arguments).await?;
    }
    Ok(())
}

/// Sends what is not there yet, once all of it is here and verified.
async fn bring(
    run: &Run,
    source: &Source,
    facts: &Facts,
    release: &Release,
    wanted: &[(&(String, String), String)],
) -> Result<(), Error> {
    let mut arguments: Vec<&str> = Vec::new();
    for ((_, sum), path) in wanted {
        arguments.extend([sum.as_str(), path.as_str()]);
    }
    let missing = run.script("looking for artefacts", include_str!("scripts/missing.sh"), &arguments).await?;
    let mut fetched = Vec::new();
    for ((name, sum), path) in wanted.iter().filter(|(_, path)| missing.lines().any(|line| line == path)) {
        let local = run.client.shelf.file(source, &release.version, name, sum, &run.budget).await;
        let local = local.map_err(|error| {
            Refusal::new(
                format!("{name} of {} cannot be had", release.version),
                format!("{}.", chain(&error)),
            )
        })?;
        fetched.push((local, sum, path));
    }
    room(run, facts, fetched.iter().map(|(local, ..)| local))?;
    for (local, sum, path) in fetched {
        send(run, &local, sum, path).await?;
    }
    Ok(())
}

/// Images are unpacked beside what is sent: they need three times as much room.
fn room<'a>(run: &Run, facts: &Facts, files: impl Iterator<Item = &'a PathBuf>) -> Result<(), Refusal> {
    let bytes: u64 = files.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
    let (needed, free) = (bytes.saturating_mul(3) / 1024, facts.free_kib);
    if needed <= free {
        return Ok(());
    }
    let detail = format!(
        "Programs and images of {} MiB are to be sent, which need {} MiB with what is unpacked of them, and {} MiB are free. Nothing was \
         sent.",
        bytes >> 20,
        needed / 1024,
        free / 1024
    );
    Err(Refusal::new(format!("There is not enough room on {}", run.machine.name()), detail))
}

fn staged(run: &Run, sum: &str) -> String {
    format!("{}/staging/{sum}", run.distribution.journal_dir())
}

async fn send(run: &Run, local: &Path, sum: &str, path: &str) -> Result<(), Error> {
    let input = Input::File(local.to_owned());
    run.script_with(&format!("sending {path}"), include_str!("scripts/receive.sh"), &[path, sum], input)
        .await
        .map(drop)
}

/// Whether the program of a release is in place.
pub(crate) fn is_installed(facts: &Facts, release: &Release) -> bool {
    facts.installed.as_ref() == Some(&release.version)
        && facts.artefact.as_deref() == Some(release.program.1.as_str())
}

/// Puts the program and the units of a staged release in place of what is there, which goes on running until it is
/// restarted.
///
/// # Errors
/// The machine failed at it.
pub(crate) async fn swap(run: &Run, facts: &Facts, release: &Release) -> Result<(), Error> {
    if is_installed(facts, release) {
        return Ok(());
    }
    let d = run.distribution;
    let staged = staged(run, &release.program.1);
    let version = release.version.to_string();
    let arguments = [staged.as_str(), &version, &release.program.1, d.journal_dir(), d.data_dir()];
    let script = match d {
        crate::Distribution::Rke2 => include_str!("scripts/install-rke2.sh"),
        crate::Distribution::K3s => include_str!("scripts/install-k3s.sh"),
    };
    run.script("installing the program", script, &arguments).await.map(drop)
}
