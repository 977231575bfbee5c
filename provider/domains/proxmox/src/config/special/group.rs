//! Security groups: a name, a comment, and rules of their own.

use catalogue::store::{Body, Record, StoreError};
use serde_json::{Map, Value as Json};
use transport_rest::{Form, Request};

use super::super::address::Address;
use super::super::faults::{odd, of_write};
use super::super::present::Spot;
use super::{exists, rules};
use crate::api::Kind as Failure;

async fn item(spot: &Spot<'_>) -> Result<Address, StoreError> {
    spot.item().await?.ok_or_else(|| odd("The group has no address."))
}

/// The group with its rules. Groups themselves stand in a listing only.
pub(super) async fn read(spot: &Spot<'_>) -> Result<Option<Record>, StoreError> {
    let Some(entry) = spot.entry().await? else {
        return spot.absent_from_listing().await;
    };
    let listed = rules::list(spot, &item(spot).await?).await?;
    let mut answer: Map<String, Json> = entry;
    listed.add_to(&mut answer);
    Ok(Some(spot.record(&answer)))
}

/// Makes the group, then its rules. A group of the same name and comment whose rules are all wished is what an
/// interrupted run has left.
pub(super) async fn create(spot: &Spot<'_>, body: &Body) -> Result<(), StoreError> {
    let wished = rules::wished(body);
    let form = named(spot)?.maybe("comment", text(body, "comment"));
    let request = Request::post(spot.collection()?.path()).form(form);
    match spot.px.send(request, &spot.budget).await {
        Ok(()) => {}
        Err(error) if error.is(Failure::AlreadyExists) => {
            let entry = spot.entry().await?.unwrap_or_default();
            let there = rules::list(spot, &item(spot).await?).await?.rules;
            let same = text(&entry, "comment") == text(body, "comment");
            if spot.is_claimed() || !same || there.iter().any(|rule| !wished.contains(rule)) {
                return Err(exists(format!("The security group {} exists already", spot.id)));
            }
        }
        Err(error) => return Err(of_write(error)),
    }
    rules::reach(spot, &item(spot).await?, &wished, None).await
}

pub(super) async fn update(spot: &Spot<'_>, changes: &Body, seen: Option<&str>) -> Result<(), StoreError> {
    if changes.contains_key("rules") {
        rules::reach(spot, &item(spot).await?, &rules::wished(changes), seen).await?;
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

/// Removes the rules, then the group.
pub(super) async fn delete(spot: &Spot<'_>) -> Result<(), StoreError> {
    if spot.entry().await?.is_none() {
        return Ok(());
    }
    rules::reach(spot, &item(spot).await?, &[], None).await?;
    spot.delete().await
}

fn name<'a>(spot: &'a Spot<'_>) -> Result<&'a str, StoreError> {
    spot.words.get("group").ok_or_else(|| odd("The id has no group."))
}

fn named(spot: &Spot<'_>) -> Result<Form, StoreError> {
    Ok(Form::new().text("group", name(spot)?))
}

fn text(body: &Body, key: &str) -> Option<String> {
    body.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}
