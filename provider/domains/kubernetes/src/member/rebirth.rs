//! What a cluster is made from: nothing, or, where all its servers were lost, a snapshot.

use transport_ssh::Secret;

use super::asked::Asked;
use crate::api::Access;
use crate::errors::Error;
use crate::restore::birth::{Birth, Proven};
use crate::restore::remembered::{Remembered, remembered};

/// What a cluster is made from.
pub(super) enum Origin {
    /// It is a new one.
    Nothing,
    /// It comes back from a snapshot, which was proven.
    Snapshot(Box<Proven>),
}

fn with<'a>(asked: &'a Asked, token: Option<&'a Secret>) -> Option<Birth<'a>> {
    let restore = asked.spec().restore.as_ref()?;
    Some(Birth { run: &asked.run, spec: asked.spec(), restore, node: asked.name(), token })
}

/// Whether a birth from a snapshot was begun, and its database cannot be started yet.
pub(super) async fn is_half_done(asked: &Asked) -> Result<bool, Error> {
    match with(asked, None) {
        Some(birth) => birth.is_half_done().await,
        None => Ok(false),
    }
}

/// What the cluster is to be made from. Reads only.
///
/// # Errors
/// The snapshot must not be restored; or there is none to restore, and snapshots of this very cluster are in its store.
pub(super) async fn origin(asked: &Asked) -> Result<Origin, Error> {
    let token = asked.given_token();
    if let Some(birth) = with(asked, token.as_ref()) {
        return Ok(Origin::Snapshot(Box::new(birth.prove().await?)));
    }
    match remembered(asked.spec(), token.as_ref(), &asked.run).await {
        Remembered::No => {}
        Remembered::Unknown(told) => asked.tell("Nobody looked for snapshots of this cluster", told),
        Remembered::Yes(refusal) => return Err(refusal.into()),
    }
    Ok(Origin::Nothing)
}

/// Makes the database of the snapshot.
pub(super) async fn restore(asked: &Asked, snapshot: Proven) -> Result<(), Error> {
    let token = asked.given_token();
    match with(asked, token.as_ref()) {
        Some(birth) => birth.restore(snapshot).await,
        None => Ok(()),
    }
}

/// Lets the first server of a restored cluster in when it was started.
pub(super) async fn admit(asked: &Asked) -> Result<(), Error> {
    match with(asked, None) {
        Some(birth) => birth.admit().await,
        None => Ok(()),
    }
}

/// Takes away what the restored cluster remembers of machines that are gone, and tells what the restore came to.
pub(super) async fn settle(asked: &Asked, access: &Access) -> Result<(), Error> {
    let Some(birth) = with(asked, None) else { return Ok(()) };
    if let Some(restored) = birth.settle(access).await? {
        let (summary, detail) = restored.told(&asked.spec().name);
        asked.tell(summary, detail);
    }
    Ok(())
}
