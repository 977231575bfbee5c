//! Where an object is, and whether it is there.

use catalogue::description::{Identity, Kind};
use catalogue::store::{Id, Record, StoreError};
use serde_json::{Map, Value as Json};
use transport_rest::Budget;

use super::address::{Address, Words, asks_for_entry, asks_for_guest, scalar};
use super::answers::{found, record};
use super::faults::{may_be_missing, odd, told};
use super::place::{Place, Read};
use crate::Proxmox;
use crate::api::{ApiError, Kind as Failure, Presence};

/// An object and where it is.
pub(super) struct Spot<'a> {
    pub(super) px: &'a Proxmox,
    pub(super) place: &'static Place,
    pub(super) kind: &'static Kind,
    pub(super) id: Id,
    pub(super) words: Words,
    pub(super) budget: Budget,
}

/// Whether what an object lies in is there.
pub(super) enum Ground<'a> {
    There(Spot<'a>),
    /// The guest that it belongs to is gone, proven.
    Gone,
}

impl<'a> Spot<'a> {
    /// Finds out where an object is, whether it exists or not.
    pub(super) async fn find(
        px: &'a Proxmox,
        kind: &'static Kind,
        id: &Id,
        budget: Budget,
    ) -> Result<Ground<'a>, StoreError> {
        let place = px.place_of(kind)?;
        let words =
            Words::of_id(kind, id).ok_or_else(|| odd(format!("{id} is no id of a {}.", kind.label)))?;
        let Some(words) = with_guest(px, place, words, &budget).await? else { return Ok(Ground::Gone) };
        Ok(Ground::There(Self { px, place, kind, id: id.clone(), words, budget }))
    }

    pub(super) fn collection(&self) -> Result<Address, StoreError> {
        Address::fill(self.place.collection, &self.words).map_err(|error| odd(error.to_string()))
    }

    /// The object's own address. Where that is made of what the listing says, the listing is asked.
    pub(super) async fn item(&self) -> Result<Option<Address>, StoreError> {
        let mut words = self.words.clone();
        if asks_for_entry(self.place.item) {
            let Some(entry) = self.entry().await? else { return Ok(None) };
            for (key, value) in &entry {
                if let Some(text) = scalar(value) {
                    words = words.with(format!("@{key}"), text);
                }
            }
        }
        Address::fill(self.place.item, &words).map(Some).map_err(|error| odd(error.to_string()))
    }

    /// The object as it is; `None` only where it is proven gone.
    pub(super) async fn read(&self) -> Result<Option<Record>, StoreError> {
        if let Read::Special(name) = self.place.read {
            return super::special::read(self, name).await;
        }
        if self.place.read == Read::Listed && self.has_listing() {
            if let Some(entry) = self.entry().await? {
                return Ok(Some(self.record(&entry)));
            }
            return self.absent_from_listing().await;
        }
        let Some(item) = self.item().await? else { return self.absent_from_listing().await };
        match self.get(&item).await {
            Ok(Some(answer)) if answer.contains_key("remove_job") => Ok(None),
            Ok(Some(answer)) => Ok(Some(self.record(&answer))),
            Ok(None) => Ok(None),
            Err(error) if may_be_missing(&error) && self.has_listing() => match self.entry().await? {
                None => Ok(None),
                Some(_) => Err(told(&error)),
            },
            Err(error) => Err(told(&error)),
        }
    }

    /// A listing leaves out what the caller may not see: the object's own address is asked too.
    pub(super) async fn absent_from_listing(&self) -> Result<Option<Record>, StoreError> {
        if asks_for_entry(self.place.item) {
            // It has no address that could be asked.
            return Ok(None);
        }
        if self.place.collection == self.place.item {
            return self.visible().await;
        }
        let Some(item) = self.item().await? else { return Ok(None) };
        match self.get(&item).await {
            Err(error) if may_be_missing(&error) || error.is(Failure::NotImplemented) => Ok(None),
            Err(error) => Err(told(&error)),
            Ok(None) => Ok(None),
            // Something else has its name by now: a storage of another type.
            Ok(Some(answer)) if !is_of_kind(self.place, &answer) => Ok(None),
            // Made since the listing was read?
            Ok(Some(_)) => {
                self.px.config.forget();
                match self.entry().await? {
                    Some(entry) => Ok(Some(self.record(&entry))),
                    None => Err(odd(format!(
                        "{} answers at {item}, but is not in the listing {}. The account may lack the right to see it \
                         there.",
                        self.id,
                        self.collection()?
                    ))),
                }
            }
        }
    }

    /// Entries of the access list have no address of their own: their listing leaves out what the account may not
    /// change, unless it may see everything.
    async fn visible(&self) -> Result<Option<Record>, StoreError> {
        let permissions = self.px.api.permissions(&self.budget).await.map_err(|error| told(&error))?;
        let path = self.words.get("path").unwrap_or("/");
        if permissions.reaches("/access", "Sys.Audit") || permissions.reaches(path, "Permissions.Modify") {
            return Ok(None);
        }
        Err(odd(format!(
            "{} is not in the listing {}, and {} may not see everything there: grant Permissions.Modify on {path}, or \
             Sys.Audit on /access.",
            self.id,
            self.collection()?,
            self.px.api.principal()
        )))
    }

    /// What the object's own address answers; `None` for an empty list.
    pub(super) async fn get(&self, item: &Address) -> Result<Option<Map<String, Json>>, ApiError> {
        let answer: Json = self.px.api.read_with(item.path(), item.query(), &self.budget).await?;
        Ok(match answer {
            Json::Object(members) => Some(members),
            // Some objects answer as a list of one.
            Json::Array(items) => items.into_iter().find_map(|item| match item {
                Json::Object(members) => Some(members),
                _ => None,
            }),
            _ => Some(Map::new()),
        })
    }

    /// Whether another resource of this run manages the object.
    pub(super) fn is_claimed(&self) -> bool {
        self.px.config.run.is_claimed(self.kind.path, &self.id)
    }

    pub(super) fn record(&self, answer: &Map<String, Json>) -> Record {
        record(self.place, self.kind, self.id.clone(), &self.words, answer)
    }

    fn has_listing(&self) -> bool {
        (self.place.collection != self.place.item || self.place.read == Read::Listed)
            && !matches!(self.kind.nature.identity, Identity::Only(_))
    }

    /// The object's entry in its listing.
    pub(super) async fn entry(&self) -> Result<Option<Map<String, Json>>, StoreError> {
        let address = self.collection()?;
        let listing = self.px.config.listing(&self.px.api, &address, &self.budget).await;
        let listing = listing.map_err(|error| told(&error))?;
        let is = |entry: &&Map<String, Json>| is_of_kind(self.place, entry) && self.is_mine(entry);
        Ok(listing.iter().find(is).cloned())
    }

    fn is_mine(&self, entry: &Map<String, Json>) -> bool {
        let parts = self.kind.nature.identity.parts().iter().filter_map(|name| self.kind.field(name));
        let mut told = parts
            .filter_map(|field| Some((scalar(found(self.place, field, entry))?, self.words.get(field.name)?)))
            .peekable();
        told.peek().is_some() && told.all(|(has, wanted)| has == wanted)
    }
}

/// Whether an entry of a listing has the constants of a place.
pub(super) fn is_of_kind(place: &Place, entry: &Map<String, Json>) -> bool {
    place
        .constants
        .iter()
        .all(|(key, constant)| entry.get(*key).and_then(scalar).is_none_or(|value| value == *constant))
}

/// Words with where the guest is, where a place asks for that. `None` where the guest is gone.
pub(super) async fn with_guest(
    px: &Proxmox,
    place: &Place,
    words: Words,
    budget: &Budget,
) -> Result<Option<Words>, StoreError> {
    if !asks_for_guest(place.item) && !asks_for_guest(place.collection) {
        return Ok(Some(words));
    }
    let vmid = words.get("vmid").and_then(|text| text.parse::<u32>().ok());
    let vmid = vmid.ok_or_else(|| odd("The id names no guest."))?;
    match px.api.presence(vmid, budget).await.map_err(|error| told(&error))? {
        Presence::Present(guest) => Ok(Some(words.with_guest(&guest.node, guest.kind.as_str(), vmid))),
        Presence::Gone => Ok(None),
        Presence::Unclear(why) => Err(odd(format!("{why}."))),
    }
}
