//! Whether a cluster that is to be made has lived before: its snapshots are in its object store.

use tf_framework::Path;
use transport_ssh::Secret;

use crate::errors::{Refusal, chain};
use crate::host::Run;
use crate::snapshots::file::TokenHash;
use crate::snapshots::listing::{newest, rfc3339};
use crate::snapshots::store::Store;
use crate::spec::ClusterSpec;

/// What the object store says of a cluster that is to be made.
pub(crate) enum Remembered {
    /// Nothing stands against it.
    No,
    /// It could not be asked, and why.
    Unknown(String),
    /// It lived before.
    Yes(Refusal),
}

/// Looks for snapshots that were taken with the token that a new cluster is to have, where its own will go. A token that is
/// yet to be made has no snapshots.
pub(crate) async fn remembered(spec: &ClusterSpec, token: Option<&Secret>, run: &Run) -> Remembered {
    let s3 = spec.etcd_snapshots.as_ref().and_then(|snapshots| snapshots.s3.as_ref());
    let (Some(s3), Some(token)) = (s3, token) else { return Remembered::No };
    let unknown = |why: String| {
        Remembered::Unknown(format!(
            "{why}.\n\nThe cluster is made all the same. Were there snapshots of an earlier cluster with this token, it would be \
             asked for `restore`."
        ))
    };
    let store = match Store::open(s3, run.distribution, &run.client.credentials) {
        Ok(store) => store,
        Err(error) => return unknown(chain(&error)),
    };
    let listed = match store.list(&run.budget).await {
        Ok(listed) => listed,
        Err(error) => return unknown(chain(&error)),
    };
    let hash = TokenHash::of(token).to_string();
    let ours: Vec<_> = listed
        .into_iter()
        .filter(|it| it.size > 0 && it.token_hash.as_deref() == Some(hash.as_str()))
        .collect();
    let Some(last) = ours.iter().max_by_key(|snapshot| snapshot.at) else { return Remembered::No };
    let detail = format!(
        "{} has {} taken with this very token, the last at {}: {}. None of the servers has a database, so this would be a second, \
         empty cluster in its place, and retention would remove what is left of the first.\n\nIf that one is lost, bring it back: set \
         `restore = {{ epoch = 1, snapshot = {{ name = \"latest\" }} }}` in the cluster. If a new one is what you want, give it \
         another token, or another folder. Nothing was changed.",
        store.place(),
        if ours.len() == 1 { "a snapshot".to_owned() } else { format!("{} snapshots", ours.len()) },
        rfc3339(last.at),
        newest(&ours).join(", ")
    );
    let path = Path::root().attribute("cluster").attribute("etcd_snapshots").attribute("s3");
    Remembered::Yes(Refusal::new(format!("The cluster {:?} lived before", spec.name), detail).at(path))
}
