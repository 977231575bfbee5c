//! The catalogue's store: a cluster.

use async_trait::async_trait;
use catalogue::Run;
use catalogue::description::{Kind, Version};
use catalogue::store::{Body, Cause, Defaults, Id, Problem, Query, Record, Scope, Store, StoreError, Upload};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Map, Value as Json};
use tokio::sync::OwnedMutexGuard;
use transport_rest::{Budget, Form, Request};

use super::address::{Address, Words, words};
use super::answers::{found, record};
use super::faults::{odd, of_write, told};
use super::form::Written;
use super::place::{Clear, Create, Delete, Place, Read, Update};
use super::present::{Ground, Spot, is_of_kind, with_guest};
use super::special;
use crate::Proxmox;
use crate::api::{ApiError, Upid};

/// How many objects are read at once where a listing does not tell them whole.
const ABREAST: usize = 4;

/// The limits of an operation, as the API wants them.
pub(super) fn budget(scope: &Scope) -> Budget {
    Budget::new(Some(scope.deadline.into_std()), scope.cancel.clone())
}

impl Proxmox {
    pub(super) fn place_of(&self, kind: &Kind) -> Result<&'static Place, StoreError> {
        self.config
            .place(kind.path)
            .ok_or_else(|| odd(format!("Nothing says where a {} is kept.", kind.label)))
    }

    /// Sends a write, and waits for the task where one is started.
    pub(super) async fn send(&self, request: Request, budget: &Budget) -> Result<(), ApiError> {
        let sent: Result<Json, _> = self.api.write(request, budget).await;
        self.config.forget();
        let upid = sent?.as_str().filter(|text| text.starts_with("UPID:")).map(str::to_owned);
        if let Some(upid) = upid {
            let upid: Upid =
                upid.parse().map_err(|error| ApiError::Argument(format!("{upid:?} is no task: {error}")))?;
            self.api.wait(&upid, budget).await?;
            self.config.forget();
        }
        Ok(())
    }
}

impl Spot<'_> {
    /// What is there now, asked anew.
    pub(super) async fn read_anew(&self) -> Result<Option<Record>, StoreError> {
        self.px.config.forget();
        self.read().await
    }

    async fn made(&self) -> Result<Record, StoreError> {
        let missing = || odd(format!("The {} {} was made, and is not there.", self.kind.label, self.id));
        self.read_anew().await?.ok_or_else(missing)
    }

    /// The fields of which the words of an address are made: they are not sent again.
    fn in_path(&self, pattern: &'static str) -> Vec<&'static str> {
        let path = pattern.split('?').next().unwrap_or(pattern);
        let mut named = words(path);
        if named.contains(&"guest") {
            named.push("vmid");
        }
        named
    }

    fn constants(&self, form: Form, wanted: impl Fn(&str) -> bool) -> Form {
        let constants = self.place.constants.iter().filter(|(key, _)| wanted(key));
        constants.fold(form, |form, (key, value)| form.text(*key, *value))
    }

    async fn create(&self, body: &Body) -> Result<(), StoreError> {
        if self.place.create == Create::Exists {
            return self.write(body, None).await;
        }
        let (pattern, address) = match self.place.create {
            Create::PostItem => (self.place.item, self.item().await?),
            _ => (self.place.collection, Some(self.collection()?.bare())),
        };
        let address = address.ok_or_else(|| odd("The address cannot be made."))?;
        let written = Written::of(self.place, self.kind, body, &self.in_path(pattern))?;
        let form = self.constants(written.finish(Clear::LeaveOut), |_| true);
        let sent = self.px.send(Request::post(address.path()).form(form), &self.budget).await;
        match sent {
            Err(error) if error.may_have_taken_effect() => self.after_lost_answer(error).await,
            sent => sent.map_err(of_write),
        }
    }

    /// Nobody knows whether the object was made: if it is there now, it is for the caller to prove whose it is.
    async fn after_lost_answer(&self, error: ApiError) -> Result<(), StoreError> {
        match self.read_anew().await {
            Ok(Some(_)) => Err(StoreError::Refused(vec![Problem {
                path: Vec::new(),
                message: format!("The answer was lost, and there is such an object now ({error})"),
                cause: Cause::Duplicate,
            }])),
            _ => Err(of_write(error)),
        }
    }

    /// Sends the fields that change.
    async fn write(&self, changes: &Body, seen: Option<&str>) -> Result<(), StoreError> {
        let item = self.item().await?.ok_or(StoreError::Gone)?;
        let (address, pattern, request): (Address, _, fn(Address) -> Request) = match self.place.update {
            Update::Post => (item.bare(), self.place.item, |at| Request::post(at.path())),
            Update::Rename => {
                (self.collection()?.bare(), self.place.collection, |at| Request::post(at.path()))
            }
            _ => (item.bare(), self.place.item, |at| Request::put(at.path()).idempotent()),
        };
        let whole = match self.place.update {
            Update::PutWhole => self.merged(changes).await?,
            _ => changes.clone(),
        };
        let mut left_out = self.in_path(pattern);
        // The parts of its id are the address.
        left_out.extend(self.kind.nature.identity.parts());
        let written = Written::of(self.place, self.kind, &whole, &left_out)?;
        if written.is_empty() {
            return Ok(());
        }
        let mut form = item.query().and(written.finish(self.place.clear));
        form = self.constants(form, |key| self.place.always.contains(&key));
        form = self.always(form).await?;
        if self.place.update == Update::Rename {
            form = self.renamed(form);
        }
        if let Some(digest) = seen.filter(|_| self.place.digest) {
            form = form.text("digest", digest);
        }
        let sent = self.px.send(request(address).form(form), &self.budget).await;
        match sent {
            Err(error) if error.is_missing() => match self.read_anew().await? {
                None => Err(StoreError::Gone),
                Some(_) => Err(told(&error)),
            },
            sent => sent.map_err(of_write),
        }
    }

    /// What is there with the changes: a write of the whole loses what it leaves out.
    async fn merged(&self, changes: &Body) -> Result<Body, StoreError> {
        let there = self.read_anew().await?.ok_or(StoreError::Gone)?;
        let mut whole = there.body;
        whole.retain(|key, _| {
            let field = self.kind.field_on_wire(key);
            field.is_some_and(|field| field.presence != catalogue::description::Presence::ReadOnly)
        });
        whole.extend(changes.clone());
        Ok(whole)
    }

    /// Adds the fields that every change carries, or that what is sent requires, as they are where they do not change.
    async fn always(&self, form: Form) -> Result<Form, StoreError> {
        let constant = |key: &str| self.place.constants.iter().any(|(name, _)| *name == key);
        let required = self.place.requires.iter().filter(|(key, _)| form.get(key).is_some());
        let carried = self.place.always.iter().copied().chain(required.map(|(_, other)| *other));
        let missing: Vec<&str> = carried.filter(|key| form.get(key).is_none() && !constant(key)).collect();
        if missing.is_empty() {
            return Ok(form);
        }
        let there = self.read().await?.ok_or(StoreError::Gone)?;
        let mut body = there.body;
        body.retain(|key, value| missing.contains(&key.as_str()) && !value.is_null());
        Ok(form.and(Written::of(self.place, self.kind, &body, &[])?.form))
    }

    /// An object is changed by giving it its own name.
    fn renamed(&self, form: Form) -> Form {
        let parts = self.kind.nature.identity.parts();
        let name = parts.last().and_then(|name| Some((self.kind.field(name)?, self.words.get(name)?)));
        match name {
            Some((field, name)) => form.text(field.wire, name).text("rename", name),
            None => form,
        }
    }

    pub(super) async fn delete(&self) -> Result<(), StoreError> {
        let Some(item) = self.item().await? else { return Ok(()) };
        let request = Request::delete(item.path()).queries(item.query()).idempotent();
        match self.px.send(request, &self.budget).await {
            Ok(()) => Ok(()),
            Err(error) if super::faults::may_be_missing(&error) => match self.read_anew().await {
                Ok(None) => Ok(()),
                _ => Err(of_write(error)),
            },
            Err(error) => Err(of_write(error)),
        }
    }
}

#[async_trait]
impl Store for Proxmox {
    const NAME: &'static str = "Proxmox VE";

    async fn version(&self, scope: &Scope) -> Result<Version, StoreError> {
        let ask = || async {
            let version = self.api.version(&budget(scope)).await.map_err(|error| told(&error))?;
            let number = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
            Ok(Version::new(number(version.major), number(version.minor)))
        };
        self.config.version.get_or_try_init(ask).await.copied()
    }

    fn defaults(&self) -> &Defaults {
        &self.config.defaults
    }

    fn run(&self) -> &Run {
        &self.config.run
    }

    async fn read(&self, scope: &Scope, kind: &'static Kind, id: &Id) -> Result<Option<Record>, StoreError> {
        match Spot::find(self, kind, id, budget(scope)).await? {
            Ground::There(spot) => spot.read().await,
            Ground::Gone => Ok(None),
        }
    }

    async fn create(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        body: Body,
        _: &[Upload],
        _: &str,
    ) -> Result<Record, StoreError> {
        let id = id_of_body(kind, &body)?;
        let spot = match Spot::find(self, kind, &id, budget(scope)).await? {
            Ground::There(spot) => spot,
            Ground::Gone => return Err(odd(format!("There is no guest for the {} {id}.", kind.label))),
        };
        let _alone = self.alone(kind, &id).await;
        match spot.place.create {
            Create::Special(name) => special::create(&spot, name, &body).await?,
            _ => spot.create(&body).await?,
        }
        spot.made().await
    }

    async fn update(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        id: &Id,
        changes: Body,
        _: &[Upload],
        seen: Option<&str>,
    ) -> Result<Record, StoreError> {
        let spot = match Spot::find(self, kind, id, budget(scope)).await? {
            Ground::There(spot) => spot,
            Ground::Gone => return Err(StoreError::Gone),
        };
        let written = match spot.place.update {
            Update::Special(name) => special::update(&spot, name, &changes, seen).await,
            _ => spot.write(&changes, seen).await,
        };
        if matches!(written, Err(StoreError::Changed)) {
            self.config.forget();
        }
        written?;
        spot.made().await
    }

    async fn delete(&self, scope: &Scope, kind: &'static Kind, id: &Id) -> Result<(), StoreError> {
        let _alone = self.alone(kind, id).await;
        match Spot::find(self, kind, id, budget(scope)).await? {
            Ground::Gone => Ok(()),
            Ground::There(spot) => match spot.place.delete {
                Delete::Special(name) => special::delete(&spot, name).await,
                Delete::Leave => Ok(()),
                Delete::Delete | Delete::Reset => spot.delete().await,
            },
        }
    }

    async fn reset(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        id: &Id,
        fields: Body,
    ) -> Result<(), StoreError> {
        match Spot::find(self, kind, id, budget(scope)).await? {
            Ground::Gone => Ok(()),
            Ground::There(spot) => match spot.place.delete {
                Delete::Special(name) => special::delete(&spot, name).await,
                Delete::Leave => Ok(()),
                Delete::Delete | Delete::Reset => match spot.write(&fields, None).await {
                    Err(StoreError::Gone) => Ok(()),
                    written => written,
                },
            },
        }
    }

    /// All objects of a folder stand in one file, whose digest every write changes.
    async fn alone(&self, kind: &'static Kind, _: &Id) -> Option<OwnedMutexGuard<()>> {
        let place = self.config.place(kind.path).filter(|place| place.digest)?;
        Some(self.config.alone(place).await)
    }

    async fn list(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        query: &Query,
        limit: Option<u64>,
    ) -> Result<Vec<Record>, StoreError> {
        let place = self.place_of(kind)?;
        let budget = budget(scope);
        let within = query.0.iter().fold(Words::default(), |words, (name, text)| words.with(name, text));
        let Some(within) = with_guest(self, place, within, &budget).await? else { return Ok(Vec::new()) };
        let address = Address::fill(place.collection, &within).map_err(|error| odd(error.to_string()))?;
        let listing =
            self.config.listing(&self.api, &address, &budget).await.map_err(|error| told(&error))?;
        let entries: Vec<(Id, Words, Map<String, Json>)> = listing
            .iter()
            .filter(|entry| is_of_kind(place, entry))
            .filter_map(|entry| {
                let id = id_of_entry(place, kind, &within, entry)?;
                let words = Words::of_id(kind, &id)?;
                Some((id, words, entry.clone()))
            })
            .take(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX))
            .collect();
        if place.read == Read::Listed {
            let whole =
                |(id, words, entry): (Id, Words, Map<String, Json>)| record(place, kind, id, &words, &entry);
            return Ok(entries.into_iter().map(whole).collect());
        }
        // What is gone meanwhile is left out.
        let reads = entries.into_iter().map(|(id, _, _)| async move { self.read(scope, kind, &id).await });
        let read: Vec<Option<Record>> = futures::stream::iter(reads).buffered(ABREAST).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }
}

/// The id that an object will have, by what is sent to make it.
fn id_of_body(kind: &Kind, body: &Body) -> Result<Id, StoreError> {
    let parts = kind.nature.identity.parts();
    let value = |name: &'static str| {
        let field = kind.field(name)?;
        Some((name, catalogue::json::to_value(body.get(field.wire)?)))
    };
    let object = tf_value::Value::object(parts.iter().copied().filter_map(value));
    let missing = || {
        odd(format!("The id of the {} is made of {}, and not all are given.", kind.label, parts.join(", ")))
    };
    kind.nature.identity.id_of_parts(&object).ok_or_else(missing)
}

/// The id of an entry of a listing.
fn id_of_entry(place: &Place, kind: &Kind, within: &Words, entry: &Map<String, Json>) -> Option<Id> {
    let part = |name: &&str| match within.get(name) {
        Some(text) => Some(text.to_owned()),
        None => crate::api::lenient::scalar(found(place, kind.field(name)?, entry)),
    };
    let parts: Option<Vec<String>> = kind.nature.identity.parts().iter().map(part).collect();
    Some(Id::from(parts?.join("/")))
}
