//! Objects that the API deals with in ways of their own.

mod acl;
mod group;
mod ipset;
mod rules;

use catalogue::store::{Body, Cause, Problem, Record, StoreError};

use super::faults::odd;
use super::present::Spot;

/// Reads an object; `None` only where it is proven gone.
pub(super) async fn read(spot: &Spot<'_>, name: &str) -> Result<Option<Record>, StoreError> {
    match name {
        "firewall_rules" => rules::read(spot).await.map(Some),
        "firewall_security_group" => group::read(spot).await,
        "firewall_ipset" => ipset::read(spot).await,
        name => Err(unknown(name)),
    }
}

/// Makes an object.
pub(super) async fn create(spot: &Spot<'_>, name: &str, body: &Body) -> Result<(), StoreError> {
    match name {
        "acl" => acl::create(spot, body).await,
        "firewall_rules" => rules::create(spot, body).await,
        "firewall_security_group" => group::create(spot, body).await,
        "firewall_ipset" => ipset::create(spot, body).await,
        name => Err(unknown(name)),
    }
}

/// Changes an object.
pub(super) async fn update(
    spot: &Spot<'_>,
    name: &str,
    changes: &Body,
    seen: Option<&str>,
) -> Result<(), StoreError> {
    match name {
        "acl" => acl::update(spot, changes).await,
        "firewall_rules" => rules::update(spot, changes, seen).await,
        "firewall_security_group" => group::update(spot, changes, seen).await,
        "firewall_ipset" => ipset::update(spot, changes, seen).await,
        name => Err(unknown(name)),
    }
}

/// Removes an object.
pub(super) async fn delete(spot: &Spot<'_>, name: &str) -> Result<(), StoreError> {
    match name {
        "acl" => acl::delete(spot).await,
        "firewall_rules" => rules::clear(spot).await,
        "firewall_security_group" => group::delete(spot).await,
        "firewall_ipset" => ipset::delete(spot).await,
        name => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> StoreError {
    odd(format!("No procedure is known for {name}."))
}

/// There is such an object already.
fn exists(what: impl Into<String>) -> StoreError {
    StoreError::Refused(vec![Problem { path: Vec::new(), message: what.into(), cause: Cause::Duplicate }])
}
