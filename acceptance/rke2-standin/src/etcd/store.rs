//! The store of the kube API, on etcd.

use futures::FutureExt as _;
use futures::stream::{BoxStream, StreamExt as _};

use super::client::{EtcdClient, EtcdError, end_of};
use super::message::{Event, KeyValue, RangeRequest};
use crate::kube::store::{Change, Entry, Listing, Range, Store, StoreError, StoreFuture};

/// etcd as the API wants it.
#[derive(Clone)]
pub(crate) struct EtcdStore(pub(crate) EtcdClient);

impl From<EtcdError> for StoreError {
    fn from(error: EtcdError) -> Self {
        match error {
            EtcdError::Conflict => Self::Conflict,
            EtcdError::Compacted => Self::Compacted,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

fn entry(kv: KeyValue) -> Entry {
    Entry {
        key: String::from_utf8_lossy(&kv.key).into_owned(),
        value: kv.value,
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
    }
}

fn change(event: Event) -> Change {
    let gone = event.is_delete();
    Change {
        key: String::from_utf8_lossy(&event.kv.key).into_owned(),
        value: (!gone).then_some(event.kv.value),
        previous: event.prev_kv.map(|kv| kv.value),
        create_revision: event.kv.create_revision,
        mod_revision: event.kv.mod_revision,
    }
}

impl Store for EtcdStore {
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Entry>> {
        async move { Ok(self.0.get(key).await?.map(entry)) }.boxed()
    }

    fn range(&self, range: Range) -> StoreFuture<'_, Listing> {
        async move {
            let key = range
                .start_after
                .map_or_else(|| range.prefix.clone().into_bytes(), |after| [after.as_bytes(), &[0]].concat());
            let asked = RangeRequest {
                key,
                range_end: end_of(range.prefix.as_bytes()),
                limit: i64::try_from(range.limit).unwrap_or(0),
                revision: range.revision,
            };
            let answer = self.0.range(&asked).await?;
            let remaining = usize::try_from(answer.count).unwrap_or(0).saturating_sub(answer.kvs.len());
            let revision = if range.revision > 0 { range.revision } else { answer.revision() };
            Ok(Listing { revision, remaining, entries: answer.kvs.into_iter().map(entry).collect() })
        }
        .boxed()
    }

    fn put<'a>(&'a self, key: &'a str, value: Vec<u8>, expected: i64) -> StoreFuture<'a, i64> {
        async move { Ok(self.0.put_at(key, &value, expected).await?) }.boxed()
    }

    fn delete<'a>(&'a self, key: &'a str, expected: i64) -> StoreFuture<'a, i64> {
        async move { Ok(self.0.delete_at(key, expected).await?) }.boxed()
    }

    fn watch(
        &self,
        prefix: &str,
        from_revision: i64,
    ) -> StoreFuture<'_, BoxStream<'static, Result<Vec<Change>, StoreError>>> {
        let prefix = prefix.to_owned();
        async move {
            let events = self.0.watch(&prefix, from_revision).await?;
            let changes = events.map(|batch| Ok(batch?.into_iter().map(change).collect::<Vec<_>>()));
            Ok(changes
                .filter(|batch| std::future::ready(!matches!(batch, Ok(list) if list.is_empty())))
                .boxed())
        }
        .boxed()
    }
}
