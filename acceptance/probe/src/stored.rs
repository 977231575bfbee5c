//! Objects that exist outside the state: they drift, disappear, and can be imported, moved and listed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tf_framework::{
    Computed, Context, Diagnostics, ImportId, ListContext, ListResource, Model, MoveSource, Resource, Result,
    Value,
};

use crate::null::new_id;
use crate::store::Record;

/// An object kept as a file.
#[derive(Clone, Resource)]
#[resource(
    name = "stored",
    subcategory = "Test",
    version = 2,
    identity(shelf(optional), name),
    upgrade(0 = StoredV0, 1 = StoredV1)
)]
pub(crate) struct Stored {
    /// `shelf/name`.
    #[attr(stable)]
    id: Computed<String>,
    /// Shelf the object stands on.
    #[attr(default = "main", replace)]
    shelf: String,
    /// Name of the object on its shelf.
    #[attr(replace, validate(matches("^[a-z0-9-]+$", "of lower-case letters, digits and hyphens")))]
    name: String,
    /// What it holds.
    content: Option<String>,
    /// Labels by name.
    labels: Option<BTreeMap<String, String>>,
    /// Characters in the content.
    size: Computed<i64>,
    /// When it was made.
    #[attr(stable)]
    created: Computed<String>,
}

/// Kept beside the state: how often this object was written.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Writes {
    writes: u64,
}

/// The first version: all objects stood on one shelf.
#[derive(Clone, Model)]
pub(crate) struct StoredV0 {
    /// Name of the object.
    name: String,
    /// What it holds.
    body: Option<String>,
}

/// The second version: `body` had become `content`, the shelf was written in capitals.
#[derive(Clone, Model)]
pub(crate) struct StoredV1 {
    /// Shelf the object stands on.
    shelf: Option<String>,
    /// Name of the object on its shelf.
    name: String,
    /// What it holds.
    content: Option<String>,
}

impl From<StoredV0> for Stored {
    fn from(old: StoredV0) -> Self {
        Self::new("main".to_owned(), old.name, old.body)
    }
}

/// Why state of the second version does not translate.
#[derive(Debug)]
pub(crate) struct NoShelf;

impl std::fmt::Display for NoShelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it names no shelf")
    }
}

impl TryFrom<StoredV1> for Stored {
    type Error = NoShelf;

    fn try_from(old: StoredV1) -> Result<Self, NoShelf> {
        let shelf = old.shelf.ok_or(NoShelf)?;
        Ok(Self::new(shelf.to_lowercase(), old.name, old.content))
    }
}

impl Stored {
    fn new(shelf: String, name: String, content: Option<String>) -> Self {
        Self {
            id: format!("{shelf}/{name}").into(),
            shelf,
            name,
            size: size(content.as_deref()).into(),
            content,
            labels: None,
            created: Computed::Unknown,
        }
    }

    fn of_record(shelf: &str, name: &str, record: Record) -> Self {
        Self {
            labels: record.labels,
            created: record.created.into(),
            ..Self::new(shelf.to_owned(), name.to_owned(), record.content)
        }
    }

    fn record(&self, created: String) -> Record {
        Record { content: self.content.clone(), labels: self.labels.clone(), created }
    }
}

fn size(content: Option<&str>) -> i64 {
    content.map_or(0, |content| i64::try_from(content.chars().count()).unwrap_or(i64::MAX))
}

impl Resource for Stored {
    type Client = crate::store::Store;
    type Private = Writes;

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let record = plan.record(new_id());
        cx.client()?.create(&plan.shelf, &plan.name, &record)?;
        cx.private.writes = 1;
        Ok(Self::of_record(&plan.shelf, &plan.name, record))
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let found = cx.client()?.read(&state.shelf, &state.name)?;
        Ok(found.map(|record| Self::of_record(&state.shelf, &state.name, record)))
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let record = plan.record(prior.created.into_known().unwrap_or_default());
        cx.client()?.write(&plan.shelf, &plan.name, &record)?;
        cx.private.writes += 1;
        Ok(Self::of_record(&plan.shelf, &plan.name, record))
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        cx.client()?.delete(&state.shelf, &state.name)
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let text = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let (shelf, name) = match id {
            ImportId::Id(id) => match id.split_once('/') {
                Some((shelf, name)) => (shelf.to_owned(), name.to_owned()),
                None => ("main".to_owned(), id),
            },
            ImportId::Identity(identity) => (
                text(&identity, "shelf").unwrap_or_else(|| "main".to_owned()),
                text(&identity, "name").unwrap_or_default(),
            ),
        };
        let found = cx.client()?.read(&shelf, &name)?;
        let record = found.ok_or_else(|| {
            let detail = format!("There is no object {name:?} on shelf {shelf:?}. The ID is `shelf/name`.");
            Diagnostics::error("There is no such object", detail)
        })?;
        Ok(Self::of_record(&shelf, &name, record))
    }

    /// `terraform_data` and `probe_null` name the object by their input.
    fn move_from(source: &MoveSource) -> Option<Result<Self>> {
        let known = source.type_name == "terraform_data"
            && source.provider == "terraform.io/builtin/terraform"
            || source.type_name == "probe_null";
        known.then(|| {
            let state = source.state.value()?;
            let input = state.get("input").cloned().unwrap_or(Value::Null);
            let name = match &input {
                Value::String(name) => Some(name.clone()),
                // State keeps a dynamic value with its type.
                other => other.get("value").and_then(Value::as_str).map(str::to_owned),
            };
            let name = name.ok_or_else(|| {
                Diagnostics::error(
                    "The object has no name",
                    "The input of the source must be the name of the object.",
                )
            })?;
            Ok(Self::new("main".to_owned(), name, None))
        })
    }
}

/// Filters of the list.
#[derive(Clone, Model)]
pub(crate) struct StoredFilter {
    /// Shelf to look at; all of them where it is not set.
    shelf: Option<String>,
}

/// Lists the objects there are.
pub(crate) struct StoredList;

impl ListResource for StoredList {
    type Item = Stored;
    type Config = StoredFilter;

    async fn list(cx: &mut ListContext<Self>, config: StoredFilter) -> Result<()> {
        let store = cx.client()?;
        for (shelf, name) in store.list()? {
            if config.shelf.as_ref().is_some_and(|wanted| *wanted != shelf) {
                continue;
            }
            let record = if cx.wants_whole_objects() { store.read(&shelf, &name)? } else { None };
            let object = Stored::of_record(&shelf, &name, record.unwrap_or_default());
            if !cx.found(format!("{name} on {shelf}"), object).await {
                break;
            }
        }
        Ok(())
    }
}
