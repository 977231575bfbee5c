//! Our own small objects: one line of JSON each.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use transport_base::Budget;

use super::object::{Store, StoreError, Version};

/// The folder of everything that is ours. WAL-G does not look into it.
pub(super) const FOLDER: &str = "hybridops";

/// The moment, in seconds since 1970.
pub(super) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// One line of JSON with a line feed; members in the order of the struct.
pub(super) fn line<T: Serialize>(value: &T) -> Bytes {
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

/// Reads a small object; `None` where there is none.
pub(super) async fn read<T: DeserializeOwned>(
    store: &dyn Store,
    key: &str,
    budget: &Budget,
) -> Result<Option<(T, Version)>, StoreError> {
    let Some(fetched) = store.get(key, None, budget).await? else { return Ok(None) };
    Ok(Some((parse(store, key, &fetched.content)?, fetched.version)))
}

/// Reads the content of a small object.
pub(super) fn parse<T: DeserializeOwned>(
    store: &dyn Store,
    key: &str,
    content: &[u8],
) -> Result<T, StoreError> {
    serde_json::from_slice(content).map_err(|error| StoreError::Damaged {
        place: store.place().to_owned(),
        key: key.to_owned(),
        problem: error.to_string(),
    })
}

/// A `u64` as text: many readers of JSON take numbers for floating-point ones. A number is read as well.
pub(super) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }

    pub(in super::super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        match Either::deserialize(deserializer)? {
            Either::Number(value) => Ok(value),
            Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

/// A position of the log as text.
pub(super) mod lsn_as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::store::Lsn;

    pub(in super::super) fn serialize<S: Serializer>(value: &Lsn, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lsn, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
