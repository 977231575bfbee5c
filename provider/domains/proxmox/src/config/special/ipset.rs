//! Sets of addresses, with their entries.

use std::collections::BTreeMap;

use catalogue::store::{Body, Record, StoreError};
use serde_json::{Map, Value as Json};
use transport_rest::{Form, Request};

use super::super::address::Address;
use super::super::faults::{odd, of_write, told};
use super::super::present::Spot;
use super::exists;
use crate::api::{ApiError, Kind as Failure, lenient};

/// How often a change may find that someone else was faster.
const OVERTAKEN: usize = 20;

/// An entry beside its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entry {
    comment: Option<String>,
    nomatch: bool,
}

/// Entries by address.
type Entries = BTreeMap<String, Entry>;

async fn item(spot: &Spot<'_>) -> Result<Address, StoreError> {
    spot.item().await?.ok_or_else(|| odd("The set has no address."))
}

/// The set with its entries. Sets themselves stand in a listing only.
pub(super) async fn read(spot: &Spot<'_>) -> Result<Option<Record>, StoreError> {
    let Some(mut answer) = spot.entry().await? else {
        return spot.absent_from_listing().await;
    };
    let (raw, _) = listed(spot).await?;
    answer.insert("entries".to_owned(), Json::Array(raw));
    Ok(Some(spot.record(&answer)))
}

/// Makes the set, then its entries. A set of the same name and comment whose entries are all wished is what an
/// interrupted run has left.
pub(super) async fn create(spot: &Spot<'_>, body: &Body) -> Result<(), StoreError> {
    let wished = wished(body);
    let form = named(spot)?.maybe("comment", text(body, "comment"));
    match spot.px.send(Request::post(spot.collection()?.path()).form(form), &spot.budget).await {
        Ok(()) => {}
        Err(error) if error.is(Failure::AlreadyExists) => {
            let set = spot.entry().await?.unwrap_or_default();
            let (_, there) = listed(spot).await?;
            let foreign = there.iter().any(|(cidr, entry)| wished.get(cidr) != Some(entry));
            if spot.is_claimed() || foreign || text(&set, "comment") != text(body, "comment") {
                return Err(exists(format!("The IP set {} exists already", spot.id)));
            }
        }
        Err(error) => return Err(of_write(error)),
    }
    reach(spot, &wished).await
}

pub(super) async fn update(spot: &Spot<'_>, changes: &Body, _: Option<&str>) -> Result<(), StoreError> {
    if changes.contains_key("entries") {
        reach(spot, &wished(changes)).await?;
    }
    if changes.contains_key("comment") {
        let form = named(spot)?
            .text("rename", name(spot)?)
            .text("comment", text(changes, "comment").unwrap_or_default());
        let request = Request::post(spot.collection()?.path()).form(form);
        spot.px.send(request, &spot.budget).await.map_err(of_write)?;
    }
    Ok(())
}

/// Removes the entries, then the set.
pub(super) async fn delete(spot: &Spot<'_>) -> Result<(), StoreError> {
    if spot.entry().await?.is_none() {
        return Ok(());
    }
    reach(spot, &Entries::new()).await?;
    spot.delete().await
}

fn name<'a>(spot: &'a Spot<'_>) -> Result<&'a str, StoreError> {
    spot.words.get("name").ok_or_else(|| odd("The id has no name."))
}

fn named(spot: &Spot<'_>) -> Result<Form, StoreError> {
    Ok(Form::new().text("name", name(spot)?))
}

fn text(body: &Body, key: &str) -> Option<String> {
    body.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn entry(members: &Map<String, Json>) -> Option<(String, Entry)> {
    let nomatch = members.get("nomatch").and_then(lenient::truth).unwrap_or(false);
    Some((text(members, "cidr")?, Entry { comment: text(members, "comment"), nomatch }))
}

fn wished(body: &Body) -> Entries {
    let items = body.get("entries").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Json::as_object).filter_map(entry).collect()
}

async fn listed(spot: &Spot<'_>) -> Result<(Vec<Json>, Entries), StoreError> {
    let address = item(spot).await?;
    let raw: Result<Vec<Json>, ApiError> =
        spot.px.api.read_with(address.path(), address.query(), &spot.budget).await;
    let raw = raw.map_err(|error| told(&error))?;
    let entries = raw.iter().filter_map(Json::as_object).filter_map(entry).collect();
    Ok((raw, entries))
}

/// Makes the entries what is wished. Each is known by its address: none is touched that need not be.
async fn reach(spot: &Spot<'_>, wished: &Entries) -> Result<(), StoreError> {
    let address = item(spot).await?;
    for _ in 0..OVERTAKEN {
        match once(spot, &address, wished).await {
            Err(Some(error)) if !error.is(Failure::Modified) && !error.is(Failure::AlreadyExists) => {
                return Err(of_write(error));
            }
            Err(Some(_)) => {}
            Err(None) => return Err(odd("The entries of the set cannot be read.")),
            Ok(()) => return Ok(()),
        }
    }
    Err(StoreError::Changed)
}

async fn once(spot: &Spot<'_>, address: &Address, wished: &Entries) -> Result<(), Option<ApiError>> {
    let (_, there) = listed(spot).await.map_err(|_| None)?;
    for cidr in there.keys().filter(|cidr| !wished.contains_key(*cidr)) {
        let gone = Request::delete(address.below(cidr.as_str()).path()).idempotent();
        spot.px.send(gone, &spot.budget).await.map_err(Some)?;
    }
    for (cidr, entry) in wished.iter().filter(|(cidr, entry)| there.get(*cidr) != Some(*entry)) {
        let form = Form::new().flag("nomatch", entry.nomatch);
        let request = if there.contains_key(cidr) {
            let form = form.text("comment", entry.comment.clone().unwrap_or_default());
            Request::put(address.below(cidr.as_str()).path()).form(form).idempotent()
        } else {
            let form = form.text("cidr", cidr.as_str()).maybe("comment", entry.comment.as_deref());
            Request::post(address.path()).form(form)
        };
        spot.px.send(request, &spot.budget).await.map_err(Some)?;
    }
    Ok(())
}
