//! Entries of the access list: one call sets and removes them, by their parts.

use catalogue::store::{Body, StoreError};
use serde_json::Value as Json;
use transport_rest::{Form, Path, Request};

use super::super::faults::{odd, of_write};
use super::super::present::Spot;
use super::exists;

/// Makes an entry. The call would change one that is there: the list is asked first.
pub(super) async fn create(spot: &Spot<'_>, body: &Body) -> Result<(), StoreError> {
    if spot.entry().await?.is_some() {
        return Err(exists(format!("The access rule {} exists already", spot.id)));
    }
    put(spot, body).await
}

/// Changes whether an entry is inherited: that is all there is to change.
pub(super) async fn update(spot: &Spot<'_>, changes: &Body) -> Result<(), StoreError> {
    put(spot, changes).await
}

async fn put(spot: &Spot<'_>, body: &Body) -> Result<(), StoreError> {
    let propagate = body.get("propagate").and_then(Json::as_bool).unwrap_or(true);
    send(spot, named(spot)?.flag("propagate", propagate)).await
}

/// Removes an entry; one that is gone is no error to the server.
pub(super) async fn delete(spot: &Spot<'_>) -> Result<(), StoreError> {
    send(spot, named(spot)?.flag("delete", true)).await
}

async fn send(spot: &Spot<'_>, form: Form) -> Result<(), StoreError> {
    let request = Request::put(Path::new(["access", "acl"])).form(form).idempotent();
    spot.px.send(request, &spot.budget).await.map_err(of_write)
}

/// The entry by its parts.
fn named(spot: &Spot<'_>) -> Result<Form, StoreError> {
    let part = |name: &str| spot.words.get(name).ok_or_else(|| odd(format!("The id has no {name}.")));
    let who = match part("type")? {
        "user" => "users",
        "group" => "groups",
        "token" => "tokens",
        other => return Err(odd(format!("{other:?} is neither user, group nor token."))),
    };
    Ok(Form::new().text("path", part("path")?).text("roles", part("roleid")?).text(who, part("ugid")?))
}
