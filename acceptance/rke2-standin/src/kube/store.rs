//! What the API keeps its objects in: keys with revisions, as etcd has them. One implementation speaks to the real etcd
//! of a server, one ([`super::memory`]) serves the tests of the API itself.

use futures::future::BoxFuture;
use futures::stream::BoxStream;

/// The future every call of a store returns.
pub(crate) type StoreFuture<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// One key as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: Vec<u8>,
    pub(crate) create_revision: i64,
    pub(crate) mod_revision: i64,
}

/// Which keys are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Range {
    pub(crate) prefix: String,
    /// Only keys behind this one: the next page of a list.
    pub(crate) start_after: Option<String>,
    /// How many at most; 0 for all.
    pub(crate) limit: usize,
    /// The revision to look at; 0 for the newest.
    pub(crate) revision: i64,
}

/// The keys found, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    /// The revision that was looked at.
    pub(crate) revision: i64,
    /// How many keys lie behind the last one.
    pub(crate) remaining: usize,
}

/// One key changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: String,
    /// The value; none when the key was deleted.
    pub(crate) value: Option<Vec<u8>>,
    /// The value before; none when the key was created.
    pub(crate) previous: Option<Vec<u8>>,
    pub(crate) create_revision: i64,
    pub(crate) mod_revision: i64,
}

/// A call of the store failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    /// The key is not at the expected revision.
    #[error("the key is at another revision")]
    Conflict,
    /// The revision asked for is gone.
    #[error("the requested revision has been compacted")]
    Compacted,
    /// The store cannot answer: no leader, no connection, no answer in time.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

/// Keys with revisions.
pub(crate) trait Store: Send + Sync + 'static {
    /// The key as it stands.
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Entry>>;
    /// All keys under a prefix.
    fn range(&self, range: Range) -> StoreFuture<'_, Listing>;
    /// Writes if the key is at the `expected` revision, 0 for a key that must not exist; the new revision.
    fn put<'a>(&'a self, key: &'a str, value: Vec<u8>, expected: i64) -> StoreFuture<'a, i64>;
    /// Deletes if the key is at the `expected` revision; the revision of the deletion.
    fn delete<'a>(&'a self, key: &'a str, expected: i64) -> StoreFuture<'a, i64>;
    /// Every change from this revision on, with the value before it.
    fn watch(
        &self,
        prefix: &str,
        from_revision: i64,
    ) -> StoreFuture<'_, BoxStream<'static, Result<Vec<Change>, StoreError>>>;
}
