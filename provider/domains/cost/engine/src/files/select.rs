//! Which artefact counts: the one of a run, or the newest; never an older one instead of one that is wrong.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::FileError;
use super::shelf::Shelf;
use super::signature::{SIGNATURE_SUFFIX, signer};
use crate::documents::{Artifact, Key, is_run_id};
use crate::fields::moment;
use crate::json::{Digest, Json, digest, parse};
use crate::rules::{NotFound, Signed};

const PREFIX: &str = "cost-run-";
const SUFFIX: &str = ".json";

/// The name of the file of a run.
pub(super) fn file_name(run_id: &str) -> String {
    format!("{PREFIX}{run_id}{SUFFIX}")
}

/// The run a file is of.
fn run_of(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)
}

/// The artefact of a component.
pub(super) async fn select(
    shelf: Result<Shelf, FileError>,
    component: &str,
    run_id: Option<&str>,
    signers: &BTreeMap<String, Key>,
) -> Result<Signed, NotFound> {
    let shelf = &shelf.map_err(|error| nothing(component, run_id, error))?;
    let (name, bytes) = match run_id {
        Some(run_id) => {
            let name = file_name(run_id);
            let bytes = shelf.read(&name).await.map_err(|error| problem(component, &name, error))?;
            (name, bytes)
        }
        None => newest(shelf, component).await?,
    };
    let path = format!("{component}/{name}");
    let invalid = |why: String| NotFound::Invalid { path: path.clone(), why };
    let value = parse(&bytes).map_err(|error| invalid(error.to_string()))?;
    let artifact = Artifact::read(&value).map_err(|error| invalid(error.to_string()))?;
    for (field, stated, expected) in [
        ("component", artifact.component.as_str(), component),
        ("runId", artifact.run_id.as_str(), run_of(&name).unwrap_or_default()),
    ] {
        if stated != expected {
            let why = format!("its {field} is {stated:?}, which is not what its path says");
            return Err(NotFound::Mismatch { path, why });
        }
    }
    let key_id = if signers.is_empty() {
        None
    } else {
        // One that cannot be read is as good as none: the rule about signatures says so.
        let signature = shelf.read(&format!("{name}{SIGNATURE_SUFFIX}")).await.ok();
        signature.and_then(|bytes| signer(&bytes, artifact.digest, signers))
    };
    Ok(Signed { path, artifact, key_id })
}

/// Why not even the place of a component can be read.
fn nothing(component: &str, run_id: Option<&str>, error: FileError) -> NotFound {
    match error {
        FileError::Missing => NotFound::Missing(format!("{component}/{}", file_name(run_id.unwrap_or("*")))),
        other => NotFound::Invalid { path: format!("{component}/"), why: other.to_string() },
    }
}

fn problem(component: &str, name: &str, error: FileError) -> NotFound {
    let path = format!("{component}/{name}");
    match error {
        FileError::Missing => NotFound::Missing(path),
        other => NotFound::Invalid { path, why: other.to_string() },
    }
}

/// The newest artefact, with its bytes: what was compared is what is read.
async fn newest(shelf: &Shelf, component: &str) -> Result<(String, Vec<u8>), NotFound> {
    let names = shelf.names().await.map_err(|error| nothing(component, None, error))?;
    let mut choice = Choice::default();
    for name in names.into_iter().filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
        let path = format!("{component}/{name}");
        let invalid = |why: String| NotFound::Invalid { path: path.clone(), why };
        if !run_of(&name).is_some_and(is_run_id) {
            return Err(invalid("its name is not that of a run".to_owned()));
        }
        let bytes = shelf.read(&name).await.map_err(|error| problem(component, &name, error))?;
        // Whether this is the newest is told by what it says: one that cannot be read might be.
        let (head, digest) = {
            let value = parse(&bytes).map_err(|error| invalid(error.to_string()))?;
            let head = Head::read(&value).map_err(invalid)?;
            let same = choice.rivals(&head);
            let compared = if same.is_empty() { None } else { Some(digest(&value)) };
            (head, compared.map(|digest| (digest, same)))
        };
        if let Some((digest, rivals)) = digest {
            for rival in rivals {
                let other = digest_of(shelf, component, &rival).await?;
                if other != digest {
                    return Err(NotFound::Integrity(contradiction(component, &rival, &name, &head)));
                }
            }
        }
        choice.enter(name, head, bytes);
    }
    choice.best.ok_or_else(|| nothing(component, None, FileError::Missing))
}

async fn digest_of(shelf: &Shelf, component: &str, name: &str) -> Result<Digest, NotFound> {
    let bytes = shelf.read(name).await.map_err(|error| problem(component, name, error))?;
    let value = parse(&bytes)
        .map_err(|error| NotFound::Invalid { path: format!("{component}/{name}"), why: error.to_string() })?;
    Ok(digest(&value))
}

fn contradiction(component: &str, rival: &str, name: &str, head: &Head) -> String {
    format!(
        "{component}/{rival} and {component}/{name} say different things of the run {:?} at {}",
        head.run_id, head.generated
    )
}

/// What orders artefacts.
struct Head {
    run_id: String,
    generated: Timestamp,
}

impl Head {
    fn read(value: &Json<'_>) -> Result<Self, String> {
        let text = |name: &str| {
            value.get(name).and_then(Json::as_text).ok_or_else(|| format!("{name}: no text is there"))
        };
        let generated = text("timeGenerated")?;
        let generated =
            moment(generated).ok_or_else(|| format!("timeGenerated: {generated:?} is no moment in UTC"))?;
        Ok(Self { run_id: text("runId")?.to_owned(), generated })
    }
}

/// What was seen so far.
#[derive(Default)]
struct Choice {
    best: Option<(String, Vec<u8>)>,
    best_at: Option<Timestamp>,
    runs: HashMap<String, String>,
}

impl Choice {
    /// Files that must say the same as one with this head: of the same run, or as new as the newest.
    fn rivals(&self, head: &Head) -> Vec<String> {
        let mut rivals: Vec<String> = self.runs.get(&head.run_id).cloned().into_iter().collect();
        if self.best_at == Some(head.generated) {
            rivals.extend(self.best.as_ref().map(|(name, _)| name.clone()));
        }
        rivals.dedup();
        rivals
    }

    fn enter(&mut self, name: String, head: Head, bytes: Vec<u8>) {
        // Of two that say the same, the one whose path is right.
        let agrees = run_of(&name) == Some(head.run_id.as_str());
        let newer =
            self.best_at.is_none_or(|best| head.generated > best || (head.generated == best && agrees));
        self.runs.insert(head.run_id, name.clone());
        if newer {
            self.best_at = Some(head.generated);
            self.best = Some((name, bytes));
        }
    }
}
