//! Stores that are reached by HTTP, and directories of this machine.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use time::OffsetDateTime;
use transport_base::Budget;

use super::object::{Condition, Counters, Fetched, Object, Store, StoreError, Version, chain};

/// A prefix in an object store.
#[derive(Debug)]
pub struct Remote {
    inner: Arc<dyn ObjectStore>,
    prefix: Path,
    place: String,
    counters: Arc<Counters>,
}

impl Remote {
    /// The objects of `inner` whose keys begin with `prefix`. Who makes `inner` sees to it that its requests are
    /// counted.
    ///
    /// # Errors
    /// A prefix that no key can have.
    pub fn new(
        inner: Arc<dyn ObjectStore>,
        prefix: &str,
        place: String,
        counters: Arc<Counters>,
    ) -> Result<Self, object_store::path::Error> {
        Ok(Self { inner, prefix: Path::parse(prefix)?, place, counters })
    }

    fn path(&self, key: &str) -> Result<Path, StoreError> {
        let whole =
            if self.prefix.as_ref().is_empty() { key.to_owned() } else { format!("{}/{key}", self.prefix) };
        Path::parse(whole).map_err(|error| self.failed(format!("naming {key}"), "", error.into()))
    }

    /// The key of a path, without the prefix.
    fn key(&self, path: &Path) -> Option<String> {
        let prefix = self.prefix.as_ref();
        let rest = path.as_ref().strip_prefix(prefix)?;
        Some(if prefix.is_empty() { rest } else { rest.strip_prefix('/')? }.to_owned())
    }

    fn failed(&self, what: String, key: &str, error: Error) -> StoreError {
        let place = self.place.clone();
        match error {
            Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => {
                StoreError::Changed { place, key: key.to_owned() }
            }
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                StoreError::Refused { place, what, source: Said::of(&error).into() }
            }
            Error::NotImplemented { .. } | Error::NotSupported { .. } => {
                StoreError::Unsupported { place, what }
            }
            other => {
                let said = Said::of(&other);
                // The client has words of its own for a refused object, but none for a refused listing.
                if ["status code: 401", "status code: 403"].iter().any(|status| said.0.contains(status)) {
                    return StoreError::Refused { place, what, source: said.into() };
                }
                StoreError::Failed { place, what, source: said.into() }
            }
        }
    }

    fn object(&self, meta: object_store::ObjectMeta) -> Option<Object> {
        let modified = OffsetDateTime::from_unix_timestamp(meta.last_modified.timestamp()).ok()?;
        Some(Object {
            key: self.key(&meta.location)?,
            size: meta.size,
            modified: modified
                + time::Duration::nanoseconds(meta.last_modified.timestamp_subsec_nanos().into()),
            tag: meta.e_tag,
        })
    }
}

#[async_trait]
impl Store for Remote {
    fn place(&self) -> &str {
        &self.place
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    async fn list(
        &self,
        under: &str,
        after: Option<&str>,
        budget: &Budget,
    ) -> Result<Vec<Object>, StoreError> {
        let folder = if under.is_empty() { self.prefix.clone() } else { self.path(under)? };
        let folder = (!folder.as_ref().is_empty()).then_some(folder);
        let listed = match after {
            Some(after) => self.inner.list_with_offset(folder.as_ref(), &self.path(after)?),
            None => self.inner.list(folder.as_ref()),
        };
        let what = || format!("listing {}/{under}", self.place);
        let listed = budget.run(what, listed.try_collect::<Vec<_>>()).await?;
        let listed = match listed {
            // A directory that is not there yet.
            Err(Error::NotFound { .. }) => Vec::new(),
            other => other.map_err(|error| self.failed(format!("listing {under}"), under, error))?,
        };
        let mut objects: Vec<Object> = listed.into_iter().filter_map(|meta| self.object(meta)).collect();
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    async fn get(
        &self,
        key: &str,
        range: Option<Range<u64>>,
        budget: &Budget,
    ) -> Result<Option<Fetched>, StoreError> {
        let path = self.path(key)?;
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let fetch = async {
            let answer = self.inner.get_opts(&path, options).await?;
            let version = Version { tag: answer.meta.e_tag.clone(), generation: answer.meta.version.clone() };
            let size = answer.meta.size;
            Ok(Fetched { content: answer.bytes().await?, version, size })
        };
        match budget.run(|| format!("{}/{key}", self.place), fetch).await? {
            Ok(fetched) => Ok(Some(fetched)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(format!("reading {key}"), key, error)),
        }
    }

    async fn put(
        &self,
        key: &str,
        content: Bytes,
        condition: Condition<'_>,
        budget: &Budget,
    ) -> Result<Version, StoreError> {
        let path = self.path(key)?;
        let mode = match condition {
            Condition::Always => PutMode::Overwrite,
            Condition::Absent => PutMode::Create,
            Condition::Over(version) => PutMode::Update(UpdateVersion {
                e_tag: version.tag.clone(),
                version: version.generation.clone(),
            }),
        };
        let payload = PutPayload::from_bytes(content);
        let put = self.inner.put_opts(&path, payload, PutOptions { mode, ..PutOptions::default() });
        let done = budget.run(|| format!("{}/{key}", self.place), put).await?;
        let done = done.map_err(|error| self.failed(format!("writing {key}"), key, error))?;
        Ok(Version { tag: done.e_tag, generation: done.version })
    }

    async fn delete(&self, keys: &[String], budget: &Budget) -> Result<(), StoreError> {
        let paths = keys.iter().map(|key| self.path(key)).collect::<Result<Vec<_>, _>>()?;
        let Some((only, [])) = paths.split_first() else {
            let mut gone = self.inner.delete_stream(stream::iter(paths.into_iter().map(Ok)).boxed());
            while let Some(one) = budget.run(|| format!("deletions in {}", self.place), gone.next()).await? {
                match one {
                    Ok(_) | Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(self.failed("deleting objects".to_owned(), "", error)),
                }
            }
            return Ok(());
        };
        match budget.run(|| format!("the deletion of {}/{only}", self.place), self.inner.delete(only)).await?
        {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(format!("deleting {only}"), only.as_ref(), error)),
        }
    }
}

/// What a server said, without the body of its answer: that may repeat the key or the token that it was asked with.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

impl Said {
    fn of(error: &Error) -> Self {
        let text = chain(error);
        let Some(at) = text.find("<?xml").or_else(|| text.find("<Error")) else { return Self(text) };
        let (before, body) = text.split_at(at);
        let element = |name: &str| {
            let (_, rest) = body.split_once(&format!("<{name}>"))?;
            Some(rest.split_once("</")?.0)
        };
        let told: Vec<&str> = [element("Code"), element("Message")].into_iter().flatten().collect();
        Self(format!("{}{}", before, told.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_do_not_repeat_what_they_were_asked_with() {
        let body = "Server returned non-2xx status code: 400: <?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code>\
                    <Message>The token has expired.</Message><Token-0>canary</Token-0></Error>";
        let error = Error::Generic { store: "S3", source: body.into() };
        let said = Said::of(&error).to_string();
        assert!(said.contains("ExpiredToken, The token has expired.") && !said.contains("canary"), "{said}");
        assert!(
            Said::of(&Error::Generic { store: "S3", source: "plain".into() }).to_string().contains("plain")
        );

        let counters = Arc::new(Counters::default());
        let inner = Arc::new(object_store::memory::InMemory::new());
        let store = Remote::new(inner, "db01", "s3://walg/db01".into(), counters).unwrap();
        let body = "non-2xx status code: 403 Forbidden: <Error></Error>";
        let told =
            store.failed("listing wal_005".into(), "", Error::Generic { store: "S3", source: body.into() });
        assert!(matches!(told, StoreError::Refused { .. }), "{told}");
    }
}
