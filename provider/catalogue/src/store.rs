//! What a server must offer for its objects to be managed.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use tf_framework::Diagnostics;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::description::{AllocatorParent, Kind, Version};
pub use crate::id::Id;
use crate::run::Run;

/// The keys and values of an object on the wire.
pub type Body = Map<String, Json>;

/// How long an operation may take, and how it is called off.
#[derive(Debug, Clone)]
pub struct Scope {
    /// When it must have ended.
    pub deadline: Instant,
    /// Cancelled when the user interrupts Terraform.
    pub cancel: CancellationToken,
}

/// An object as the server has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The id.
    pub id: Id,
    /// Its fields.
    pub body: Body,
    /// What tells this state of the object from any later one; `None` where the server does not say.
    pub seen: Option<String>,
}

/// Fields that single an object out, and the value of each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Query(pub Vec<(String, String)>);

/// A key that the administrator has defined for values of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomField {
    /// The key.
    pub name: String,
    /// What it holds.
    pub holds: CustomFieldType,
    /// Whether every object must have it.
    pub required: bool,
    /// Whether the server fills it in by itself.
    pub has_default: bool,
    /// The values allowed, where it is a selection whose values are known.
    pub choices: Option<Vec<String>>,
    /// Path of the kind that an object field refers to.
    pub target: Option<String>,
}

/// What a custom field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomFieldType {
    /// Text of any length, a URL.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// Any JSON.
    Json,
    /// One of several texts.
    Select,
    /// Several of several texts.
    MultiSelect,
    /// Another object.
    Object,
    /// Several other objects.
    MultiObject,
    /// A type that this version does not know: not checked.
    Other,
}

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The key on the wire.
    pub key: String,
    /// Where the file lies on this machine.
    pub path: String,
}

/// What is put on every object that can have it, unless the object says otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Defaults {
    /// Values of fields by the field's name in Terraform: `tenant`, `owner`.
    pub fields: BTreeMap<String, tf_value::Value>,
    /// Tags, by slug.
    pub tags: Vec<String>,
    /// Tags that state a fact, by slug, under what the slug of every tag about that fact begins with: `cost-env-` for
    /// `cost-env-prod`. An object that states the fact by a tag of its own does not get it, and a tag about the same
    /// fact that nobody declared gives way to it.
    pub fact_tags: BTreeMap<String, String>,
    /// Whether `fact_tags` are known after apply only.
    pub fact_tags_unknown: bool,
    /// Custom fields.
    pub custom_fields: Body,
    /// Tags of others, by slug: neither shown nor removed.
    pub ignored_tags: Vec<String>,
}

impl Defaults {
    /// Whether a tag is put on everything.
    #[must_use]
    pub fn puts(&self, slug: &str) -> bool {
        self.tags.iter().any(|tag| tag == slug) || self.fact_tags.values().any(|tag| tag == slug)
    }

    /// Lays the tags that state facts over others, of which `own` are the object's own.
    pub fn lay_facts_over(&self, tags: &mut BTreeSet<String>, own: &BTreeSet<String>) {
        for (prefix, slug) in &self.fact_tags {
            if !own.iter().any(|tag| tag.starts_with(prefix)) {
                tags.retain(|tag| !tag.starts_with(prefix));
                tags.insert(slug.clone());
            }
        }
    }
}

/// Why the server did not do what was asked.
#[derive(Debug, Clone)]
pub enum StoreError {
    /// It refuses what was sent.
    Refused(Vec<Problem>),
    /// The object is not there.
    Gone,
    /// The object was changed by someone since it was last seen.
    Changed,
    /// The pool has nothing left to give.
    Exhausted(String),
    /// Anything else, told already.
    Told(Diagnostics),
}

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, in the names of the wire; empty for the object as a whole.
    pub path: Vec<String>,
    /// What the server says.
    pub message: String,
    /// What kind of problem it is.
    pub cause: Cause,
}

/// What kind of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There is such an object already.
    Duplicate,
    /// A reference matches no object.
    NotFound,
    /// A reference matches several objects.
    Ambiguous,
    /// Anything else.
    Other,
}

/// A server's verbs.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// What the server is called in messages, `NetBox`.
    const NAME: &'static str;

    /// Whether a server of this version must be sent an empty text, not null, to clear a choice.
    fn clears_choices_with_blank(version: Version) -> bool {
        let _ = version;
        false
    }

    /// Whether a server of this version can add and remove single tags.
    fn adds_single_tags(version: Version) -> bool {
        let _ = version;
        false
    }

    /// The version of the server.
    async fn version(&self, scope: &Scope) -> Result<Version, StoreError>;

    /// What is put on every object.
    fn defaults(&self) -> &Defaults;

    /// What the objects of this run know of each other. A run is one configured provider.
    fn run(&self) -> &Run;

    /// Reads one object; `None` only when it is proven gone. Cheap: implementations merge and prefetch.
    async fn read(&self, scope: &Scope, kind: &'static Kind, id: &Id) -> Result<Option<Record>, StoreError>;

    /// Makes an object. The stamp is kept with the record of the change where the server can.
    async fn create(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        body: Body,
        files: &[Upload],
        stamp: &str,
    ) -> Result<Record, StoreError>;

    /// Changes the fields given. With `seen`, refuses when the object has changed since.
    async fn update(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        id: &Id,
        changes: Body,
        files: &[Upload],
        seen: Option<&str>,
    ) -> Result<Record, StoreError>;

    /// Deletes an object; one that is gone already is no error.
    async fn delete(&self, scope: &Scope, kind: &'static Kind, id: &Id) -> Result<(), StoreError>;

    /// Puts back what an object that is always there was set to: the fields given, by wire key. Only servers with
    /// such objects are asked.
    async fn reset(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        id: &Id,
        fields: Body,
    ) -> Result<(), StoreError> {
        self.update(scope, kind, id, fields, &[], None).await.map(|_| ())
    }

    /// Keeps others of this run from changing what an object's state is told by, as long as the answer lives. Only
    /// servers that tell the state of many objects by one mark need it.
    async fn alone(&self, kind: &'static Kind, id: &Id) -> Option<tokio::sync::OwnedMutexGuard<()>> {
        let _ = (kind, id);
        None
    }

    /// Takes free objects from a pool, one for each body, in one request.
    async fn allocate(
        &self,
        scope: &Scope,
        parent: &'static AllocatorParent,
        id: u64,
        bodies: Vec<Body>,
        stamp: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let _ = (scope, id, bodies, stamp);
        Err(StoreError::Exhausted(format!("{} has no pools of {}.", Self::NAME, parent.kind)))
    }

    /// All objects that match, at most `limit`.
    async fn list(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        query: &Query,
        limit: Option<u64>,
    ) -> Result<Vec<Record>, StoreError>;

    /// The objects that have one of these values; short forms suffice. Implementations merge and cache.
    async fn look_up(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        filter: &str,
        values: &[String],
    ) -> Result<Vec<Record>, StoreError> {
        let mut found = Vec::new();
        for value in values {
            let query = Query(vec![(filter.to_owned(), value.clone())]);
            found.extend(self.list(scope, kind, &query, None).await?);
        }
        Ok(found)
    }

    /// The values that a field takes on this server, where the server tells.
    async fn choices(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        wire: &str,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let _ = (scope, kind, wire);
        Ok(None)
    }

    /// The custom fields of a kind.
    async fn custom_fields(
        &self,
        scope: &Scope,
        kind: &'static Kind,
    ) -> Result<Vec<CustomField>, StoreError> {
        let _ = (scope, kind);
        Ok(Vec::new())
    }

    /// Ids of objects that were made with this stamp not long ago, where the server can tell.
    async fn stamped(&self, scope: &Scope, kind: &'static Kind, stamp: &str) -> Result<Vec<Id>, StoreError> {
        let _ = (scope, kind, stamp);
        Ok(Vec::new())
    }
}

impl Scope {
    /// The scope of an operation.
    #[must_use]
    pub fn of<C>(call: &tf_framework::Call<C>) -> Self {
        Self { deadline: call.deadline(), cancel: call.cancellation().clone() }
    }
}
