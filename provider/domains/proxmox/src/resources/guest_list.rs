//! Listing the guests of a cluster, to adopt them: what both kinds have in common.

use std::future::Future;

use futures::StreamExt as _;
use regex::Regex;
use tf_framework::{Diagnostic, Diagnostics, Field, ListContext, ListResource, Model, Resource, Result};
use tf_value::Path;
use transport_rest::Budget;

use crate::api::{ApiError, Guest, GuestKind, GuestRef, Pending};
use crate::client::{Proxmox, budget};
use crate::data_sources::{TagFilter, Tags};
use crate::errors::failure;
use crate::guest::Here;

/// Guests that are read at a time.
const AT_A_TIME: usize = 4;

/// Which guests are listed. Templates are not.
#[derive(Debug, Clone, Model)]
pub struct GuestListFilter {
    /// Only on this node.
    pub node: Option<String>,
    /// Only of exactly this name.
    pub name: Option<String>,
    /// Only with a name that matches this regular expression.
    pub name_regex: Option<String>,
    /// Only with these tags. Compared without regard to case.
    pub tags: Option<TagFilter>,
    /// Only in this pool.
    pub pool: Option<String>,
    /// Only in this state: `running` or `stopped`.
    #[attr(validate(one_of("running", "stopped")))]
    pub status: Option<String>,
}

/// A resource whose objects are guests.
pub(super) trait GuestResource: Resource<Client = Proxmox> {
    /// Which kind of guest.
    const KIND: GuestKind;
    /// What one of them is called.
    const WHAT: &'static str;

    /// The object as an import would read it.
    fn observed(px: &Proxmox, here: Here, budget: &Budget) -> impl Future<Output = Result<Self>> + Send;

    /// The object as far as the index tells it: enough for the identity.
    fn indexed(here: Here) -> Result<Self>;
}

/// Checks the filter offline.
pub(super) fn validate(filter: &GuestListFilterPartial, diagnostics: &mut Diagnostics) {
    if let Field::Known(text) = &filter.name_regex
        && let Err(errors) = pattern(text)
    {
        diagnostics.extend(errors);
    }
}

fn pattern(text: &str) -> Result<Regex> {
    Regex::new(text).map_err(|error| {
        let at = Path::root().attribute("name_regex");
        Diagnostics::error_at(at, "The regular expression cannot be read", format!("{error}."))
    })
}

/// Lists guests: one request for all, and one for each whose settings are asked for.
pub(super) async fn list<L>(cx: &mut ListContext<L>, filter: GuestListFilter) -> Result<()>
where
    L: ListResource<Config = GuestListFilter>,
    L::Item: GuestResource,
{
    let px = cx.client()?;
    let budget = budget(cx);
    let failed = |error: &ApiError| failure(format!("Listing the {}s failed", L::Item::WHAT), error);
    let inventory = px.api.inventory(&budget).await.map_err(|error| failed(&error))?;
    let names = filter.name_regex.as_deref().map(pattern).transpose()?;
    let tags = Tags::new(filter.tags.as_ref());
    let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|wanted| wanted == has);
    let meant = |guest: &&Guest| {
        guest.kind == L::Item::KIND
            && !guest.template
            && is(&filter.node, &guest.node)
            && is(&filter.name, &guest.name)
            && is(&filter.pool, guest.pool.as_deref().unwrap_or_default())
            && is(&filter.status, &guest.status)
            && names.as_ref().is_none_or(|names| names.is_match(&guest.name))
            && tags.fit(&guest.tags)
    };
    let whole = cx.wants_whole_objects();
    let read = |guest: &Guest| {
        let (px, budget, guest) = (px.clone(), budget.clone(), guest.clone());
        async move {
            let name = format!("{} ({} on {})", guest.name, guest.vmid, guest.node);
            let vmid = guest.vmid;
            if !whole {
                return (name, vmid, L::Item::indexed(Here { guest, pending: Pending::default() }));
            }
            let object = match px.api.guest_pending(&GuestRef::from(&guest), &budget).await {
                Ok(pending) => L::Item::observed(&px, Here { guest, pending }, &budget).await,
                Err(error) => Err(failure(format!("Reading {name} failed"), &error)),
            };
            (name, vmid, object)
        }
    };
    let guests: Vec<Guest> = inventory.guests().filter(meant).cloned().collect();
    let mut objects = futures::stream::iter(guests.iter().map(read)).buffered(AT_A_TIME);
    while let Some((name, vmid, object)) = objects.next().await {
        match object {
            Ok(object) => {
                if !cx.found(name, object).await {
                    break;
                }
            }
            Err(errors) if budget.cancel.is_cancelled() => return Err(errors),
            // One that cannot be read must not hide the others.
            Err(errors) => {
                let what = L::Item::WHAT;
                cx.warn(Diagnostic::warning(format!("The {what} {vmid} was left out"), errors.to_string()));
            }
        }
    }
    Ok(())
}
