//! The plan of a guest: ids and primary addresses that are known already, and what cannot work.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::description::{Shape, Version};
use catalogue::reference::Reference;
use catalogue::store::{Scope, Store as _};
use tf_framework::{Diagnostic, Diagnostics, Field, Path, PlanContext, PlannedAction, Result, Value};

use super::apply::{addresses_by_id, exists};
use super::existing::{Existing, Identity, existing};
use super::facts::{Facts, Family, Ip, normal_mac};
use super::gather::{by_id, gather};
use super::model::{Adopt, Guest, GuestPartial, Ids};
use super::wishing::{OWNERS, referring};
use super::{ADDRESSES, INTERFACES, MAC_OBJECTS, MACHINES};
use crate::client::{Client, TABLE, budget};
use crate::resources::failure::{failed, told};
use crate::resources::references::{Referring, find};

/// Tags by their path.
const TAGS: &str = "extras/tags";

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Checks what validators cannot express, offline.
pub(super) fn validate(config: &GuestPartial, diagnostics: &mut Diagnostics) {
    let references = [
        (&config.cluster, "cluster"),
        (&config.site, "site"),
        (&config.device, "device"),
        (&config.role, "role"),
        (&config.platform, "platform"),
        (&config.tenant, "tenant"),
        (&config.owner, "owner"),
    ];
    for (value, name) in references {
        if let Field::Known(value) = value
            && value.is_wholly_known()
            && let Err(error) = Reference::of(value)
        {
            diagnostics.push(Diagnostic::error("Not a reference", format!("{name} {error}.")).at(at(name)));
        }
    }
    if config.cluster.is_null() && config.site.is_null() && config.device.is_null() {
        diagnostics.push(
            Diagnostic::error("The guest is nowhere", "Set at least one of cluster, site and device.")
                .at(at("cluster")),
        );
    }
    for (field, family, name) in
        [(&config.primary_ip4, Family::V4, "primary_ip4"), (&config.primary_ip6, Family::V6, "primary_ip6")]
    {
        if let Some(problem) = field.known().and_then(|text| primary_problem(config, text, family)) {
            diagnostics.push(Diagnostic::error("Not a primary address", problem).at(at(name)));
        }
    }
}

fn primary_problem(config: &GuestPartial, text: &str, family: Family) -> Option<String> {
    let Some(ip) = Ip::parse(text) else { return Some(format!("{text:?} is no IP address.")) };
    if ip.family() != family {
        return Some(format!("{text} is of the other family."));
    }
    let Field::Known(interfaces) = &config.interfaces else {
        return config.interfaces.is_null().then(|| "The guest has no interfaces.".to_owned());
    };
    for interface in interfaces.values() {
        let Field::Known(interface) = interface else { return None };
        let addresses = match &interface.addresses {
            Field::Known(addresses) => addresses,
            Field::Null => continue,
            Field::Unknown => return None,
        };
        for address in addresses {
            let Field::Known(address) = address else { return None };
            match &address.address {
                // By id, or known later: it may be this one.
                Field::Null | Field::Unknown => return None,
                Field::Known(text) if Ip::parse(text).map(|ip| ip.host) == Some(ip.host) => return None,
                Field::Known(_) => {}
            }
        }
    }
    Some(format!("{text} is none of the addresses of the interfaces."))
}

/// Completes the plan, or refuses it.
pub(super) async fn modify(cx: &mut PlanContext<Guest>) -> Result<()> {
    if cx.action() == PlannedAction::Destroy {
        return Ok(());
    }
    let client = cx.try_client();
    let scope = Scope::of(cx);
    cost_tags(cx, client.as_deref())?;
    primaries(cx)?;
    if !cx.has_changes() {
        return Ok(());
    }
    let version = match &client {
        Some(client) => {
            let asked = client.api.version(&budget(&scope)).await;
            Some(asked.map_err(|error| failed("Planning the guest failed", error))?)
        }
        None => None,
    };
    ids(cx, version)?;
    if cx.prior().is_some_and(Guest::is_imported) {
        warn_of_others(cx);
    }
    let (Some(client), Some(version)) = (client, version) else { return Ok(()) };
    check(cx, &client, &scope, version).await
}

/// Plans the tags that the provider puts on the machine.
fn cost_tags(cx: &mut PlanContext<Guest>, client: Option<&Client>) -> Result<()> {
    // Nothing can be said while the provider is not known, and what does not change otherwise stays.
    if client.is_none() && !cx.has_changes() {
        return Ok(());
    }
    let own: Option<BTreeSet<String>> = match &cx.config().tags {
        Field::Known(tags) => tags.iter().map(|tag| tag.known().cloned()).collect(),
        Field::Null => Some(BTreeSet::new()),
        Field::Unknown => None,
    };
    let defaults = client.map(Client::defaults).filter(|defaults| !defaults.fact_tags_unknown);
    let (Some(defaults), Some(own)) = (defaults, own) else { return cx.plan_unknown(&at("cost_tags")) };
    let mut due = BTreeSet::new();
    defaults.lay_facts_over(&mut due, &own);
    due.retain(|slug| !defaults.ignored_tags.contains(slug));
    cx.plan(&at("cost_tags"), &Some(due).filter(|due| !due.is_empty()))
}

/// What is missing of the tags that the provider puts on the machine.
async fn missing_tags(
    cx: &PlanContext<Guest>,
    client: &Client,
    scope: &Scope,
) -> Result<Diagnostics, catalogue::store::StoreError> {
    let had = cx.prior().map(Guest::cost_tags_held).unwrap_or_default();
    let due = cx.planned_value().get("cost_tags").and_then(Value::as_list).into_iter().flatten();
    let new: Vec<String> =
        due.filter_map(Value::as_str).filter(|slug| !had.contains(*slug)).map(str::to_owned).collect();
    let referring = |slug: &String| Referring {
        at: at("cost_tags"),
        target: TAGS,
        reference: Reference::Text(slug.clone()),
    };
    let wanted: Vec<Referring> = new.iter().map(referring).collect();
    let (ids, _) = find(client, scope, &wanted).await?;
    let is_there =
        |slug: &String| ids.contains_key(&(TAGS, slug.clone())) || client.run().makes(TAGS, "slug", slug);
    let missing: Vec<String> = new.into_iter().filter(|slug| !is_there(slug)).collect();
    if missing.is_empty() {
        return Ok(Diagnostics::new());
    }
    Ok(Diagnostics::error_at(
        at("cost_tags"),
        "NetBox lacks tags that the provider puts on everything",
        format!(
            "`cost_tags` of the provider are put on every machine, and NetBox has no tag with the slug {}. Make the missing \
             tags first. Where the same configuration makes them, let this guest depend on them with `depends_on`, or apply \
             them alone with -target.",
            missing.join(", none with ")
        ),
    ))
}

/// The members of a planned map; `None` while they are not known.
fn members<'v>(planned: &'v Value, name: &str) -> Option<Vec<(&'v String, &'v Value)>> {
    match planned.get(name) {
        Some(value) if value.is_unknown() => None,
        Some(value) => Some(value.as_map().into_iter().flatten().collect()),
        None => Some(Vec::new()),
    }
}

/// The ids that are known.
fn known_ids(ids: &Ids) -> BTreeMap<String, u64> {
    let all = ids.known().into_iter().flatten();
    all.filter_map(|(name, id)| Some((name.clone(), *id.known()?))).collect()
}

/// The addresses that are planned, with the ids of those that have one; `None` while any is not known.
fn addresses(planned: &Value, prior: Option<&Guest>) -> Option<Vec<(Ip, Option<u64>)>> {
    let known = prior.map(|prior| known_ids(&prior.address_ids)).unwrap_or_default();
    let mut found = Vec::new();
    for (_, interface) in members(planned, "interfaces")? {
        let list = interface.get("addresses").filter(|list| !list.is_null());
        if interface.is_unknown() || list.is_some_and(Value::is_unknown) {
            return None;
        }
        for address in list.and_then(Value::as_list).into_iter().flatten() {
            let id = address.get("id").filter(|id| !id.is_null());
            let ip = match id {
                Some(id) => {
                    let id = id.as_number().and_then(tf_framework::Number::as_u64)?;
                    known.iter().find(|(_, known)| **known == id).and_then(|(text, _)| Ip::parse(text))?
                }
                None => address.get("address")?.as_str().and_then(Ip::parse)?,
            };
            found.push((ip, known.get(&ip.to_string()).copied()));
        }
    }
    Some(found)
}

/// Plans the primary addresses that nobody has named: the first of each family.
fn primaries(cx: &mut PlanContext<Guest>) -> Result<()> {
    let config = cx.config();
    let named = [!config.primary_ip4.is_null(), !config.primary_ip6.is_null()];
    let prior = cx.prior().cloned();
    let all = addresses(cx.planned_value(), prior.as_ref());
    let may_find_others = prior.is_none() && cx.planned()?.adopt.known() != Some(&Adopt::Never);
    for (family, named) in Family::BOTH.into_iter().zip(named) {
        if named {
            continue;
        }
        let before = prior.as_ref().and_then(|prior| match family {
            Family::V4 => prior.primary_ip4.known().cloned().flatten(),
            Family::V6 => prior.primary_ip6.known().cloned().flatten(),
        });
        let first = all.as_ref().map(|all| all.iter().map(|(ip, _)| *ip).find(|ip| ip.family() == family));
        let path = at(family.field());
        let others = before.as_ref().is_some_and(|before| !is_ours(prior.as_ref(), before));
        match first {
            None => cx.plan_unknown(&path)?,
            Some(Some(ip)) => {
                let same = before.clone().filter(|before| super::model::same_host(before, &ip.to_string()));
                let mask_stays = same.as_deref().and_then(Ip::parse) == Some(ip);
                cx.plan(&path, &Some(same.filter(|_| mask_stays).unwrap_or_else(|| ip.to_string())))?;
            }
            // What others made primary stays.
            Some(None) if others => cx.plan(&path, &before)?,
            Some(None) if may_find_others => cx.plan_unknown(&path)?,
            Some(None) => cx.plan(&path, &None::<String>)?,
        }
    }
    Ok(())
}

fn is_ours(prior: Option<&Guest>, address: &str) -> bool {
    // What was imported is ours only where it is named.
    let known = prior.filter(|prior| !prior.is_imported()).and_then(|prior| prior.address_ids.known());
    known.is_some_and(|known| known.keys().any(|ours| super::model::same_host(ours, address)))
}

/// Plans the ids that stay, and what follows from them.
fn ids(cx: &mut PlanContext<Guest>, version: Option<Version>) -> Result<()> {
    let planned = cx.planned_value().clone();
    let prior = cx.prior().cloned();
    let known = |of: fn(&Guest) -> &Ids| prior.as_ref().map(|prior| known_ids(of(prior))).unwrap_or_default();
    let id = |known: &BTreeMap<String, u64>, name: &String| {
        known.get(name).copied().map_or(Value::UNKNOWN, Value::from)
    };
    for (attribute, collection, known) in [
        ("interface_ids", "interfaces", known(|g| &g.interface_ids)),
        ("disk_ids", "disks", known(|g| &g.disk_ids)),
    ] {
        let value = match members(&planned, collection) {
            Some(members) => Value::map(members.iter().map(|(name, _)| ((*name).clone(), id(&known, name)))),
            None => Value::UNKNOWN,
        };
        cx.plan(&at(attribute), &value)?;
    }
    let value = mac_ids(&planned, prior.as_ref(), &known(|g| &g.mac_address_ids), version);
    cx.plan(&at("mac_address_ids"), &value)?;
    let value = match addresses(&planned, prior.as_ref()) {
        Some(all) => {
            let id = |id: Option<u64>| id.map_or(Value::UNKNOWN, Value::from);
            Value::map(all.into_iter().map(|(ip, known)| (ip.to_string(), id(known))))
        }
        None => Value::UNKNOWN,
    };
    cx.plan(&at("address_ids"), &value)?;
    let unchanged = |name: &str| !cx.changes(&at(name));
    let (interfaces, disks) = (unchanged("interfaces"), unchanged("disks") && unchanged("exclusive"));
    let Some(prior) = prior else { return Ok(()) };
    if interfaces && !prior.is_imported() {
        cx.plan(&at("adopted_address_ids"), &prior.adopted_address_ids)?;
    }
    if disks {
        cx.plan(&at("disk"), &prior.disk)?;
    }
    Ok(())
}

fn mac_ids(
    planned: &Value,
    prior: Option<&Guest>,
    known: &BTreeMap<String, u64>,
    version: Option<Version>,
) -> Value {
    let (Some(version), Some(interfaces)) = (version, members(planned, "interfaces")) else {
        return Value::UNKNOWN;
    };
    if version < MAC_OBJECTS {
        return Value::Map(BTreeMap::new());
    }
    let mut ids = BTreeMap::new();
    for (name, interface) in interfaces {
        let mac = match interface.get("mac_address") {
            None | Some(Value::Null) => continue,
            Some(value) if value.is_unknown() => return Value::UNKNOWN,
            Some(value) => value.as_str().map(normal_mac),
        };
        let before = prior.and_then(|prior| prior.interfaces.as_ref()?.get(name)?.mac_address.as_deref());
        let stays = before.map(normal_mac) == mac;
        let id = known.get(name).filter(|_| stays).map_or(Value::UNKNOWN, |id| Value::from(*id));
        ids.insert(name.clone(), id);
    }
    Value::Map(ids)
}

/// After an import, what the configuration does not name is let go, not deleted.
fn warn_of_others(cx: &PlanContext<Guest>) {
    let (Some(prior), planned) = (cx.prior(), cx.planned_value()) else { return };
    let missing = |name: &str, prior: Vec<&String>| -> Vec<String> {
        let named = members(planned, name).unwrap_or_default();
        let left = prior.into_iter().filter(|prior| !named.iter().any(|(name, _)| name == prior));
        left.map(|name| format!("{name:?}")).collect()
    };
    let mut left = missing("interfaces", prior.interfaces.iter().flatten().map(|(name, _)| name).collect());
    left.extend(missing("disks", prior.disks.iter().flatten().map(|(name, _)| name).collect()));
    if !left.is_empty() {
        let detail = format!(
            "The guest was imported, and the configuration does not name {}. They are left as they are and not managed, \
             although the plan shows them as removed.",
            left.join(", ")
        );
        cx.warn(Diagnostic::warning("Not everything of the imported guest is managed", detail));
    }
}

async fn check(cx: &PlanContext<Guest>, client: &Client, scope: &Scope, version: Version) -> Result<()> {
    let what = "Planning the guest failed";
    let planned = cx.planned_value();
    let mut problems = too_new(planned, version);
    let mut wanted = referring(planned);
    for slug in planned.get("tags").and_then(Value::as_list).into_iter().flatten() {
        if let Some(Ok(reference)) = slug.as_str().map(|_| Reference::of(slug)) {
            wanted.push(Referring { at: at("tags"), target: TAGS, reference });
        }
    }
    let (_, unresolved) = find(client, scope, &wanted).await.map_err(|error| told(what, error))?;
    problems.extend(unresolved);
    problems.extend(missing_tags(cx, client, scope).await.map_err(|error| told(what, error))?);
    problems.extend(choices(client, scope, planned).await.map_err(|error| told(what, error))?);
    problems.extend(custom_fields(client, scope, planned).await.map_err(|error| told(what, error))?);
    problems.into_result(())?;
    let ids = addresses_by_id(planned);
    if !ids.is_empty() {
        let mut facts = match cx.prior().and_then(|prior| prior.id.known()) {
            Some(id) => gather(client, *id, &budget(scope)).await.map_err(|error| failed(what, error))?,
            None => Facts::default(),
        };
        if cx.prior().is_some() || !may_be_taken_up(cx, client, scope, planned).await? {
            by_id(client, scope, &mut facts, &ids, what).await?;
        }
    }
    if cx.action() == PlannedAction::Create { foresee(cx, client, scope).await } else { Ok(()) }
}

/// Whether there is a machine whose addresses may be assigned already.
async fn may_be_taken_up(
    cx: &PlanContext<Guest>,
    client: &Client,
    scope: &Scope,
    planned: &Value,
) -> Result<bool> {
    let Some(identity) = Identity::of(planned, client.defaults()) else { return Ok(true) };
    let _ = cx;
    Ok(existing(client, scope, &identity, planned, "Planning the guest failed").await? != Existing::None)
}

fn too_new(planned: &Value, version: Version) -> Diagnostics {
    let newer = |name: &&&str| planned.get(name).is_some_and(|value| !value.is_null()) && version < OWNERS;
    let problem = |name: &str| {
        let detail = format!(
            "NetBox has the field {name} from {OWNERS} on; this server is version {version} and would ignore it. Leave it \
             out here, or upgrade the server."
        );
        Diagnostic::error(format!("NetBox {version} does not have this field"), detail).at(at(name))
    };
    ["owner", "start_on_boot"].iter().filter(newer).map(|name| problem(name)).collect()
}

/// Values that our table does not list may be the administrator's own: the server is asked.
async fn choices(
    client: &Client,
    scope: &Scope,
    planned: &Value,
) -> Result<Diagnostics, catalogue::store::StoreError> {
    let mut given: Vec<(Path, &str, &str, String)> = Vec::new();
    let text = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    for name in ["status", "start_on_boot"] {
        given.extend(text(planned, name).map(|value| (at(name), MACHINES, name, value)));
    }
    for (name, interface) in members(planned, "interfaces").unwrap_or_default() {
        let path = at("interfaces").key(name.clone());
        let mode = text(interface, "mode");
        given.extend(mode.map(|value| (path.clone().attribute("mode"), INTERFACES, "mode", value)));
        let addresses = interface.get("addresses").and_then(Value::as_list).into_iter().flatten();
        for (index, address) in addresses.enumerate() {
            for name in ["status", "role"] {
                let path = path.clone().attribute("addresses").index(index).attribute(name);
                given.extend(text(address, name).map(|value| (path, ADDRESSES, name, value)));
            }
        }
    }
    let mut problems = Diagnostics::new();
    for (path, kind, field, value) in given {
        let Some(kind) = TABLE.kind(kind) else { continue };
        let listed = kind.field(field).is_some_and(|field| match field.shape {
            Shape::Choice { values } => values.iter().any(|choice| choice.value == value),
            _ => false,
        });
        if listed {
            continue;
        }
        let offered = client.choices(scope, kind, field).await?.unwrap_or_default();
        if !offered.contains(&value) {
            let detail = format!("NetBox does not know {value:?} here. It takes: {}.", offered.join(", "));
            problems.push(Diagnostic::error("Unknown choice", detail).at(path));
        }
    }
    Ok(problems)
}

async fn custom_fields(
    client: &Client,
    scope: &Scope,
    planned: &Value,
) -> Result<Diagnostics, catalogue::store::StoreError> {
    let given = planned.get("custom_fields").and_then(Value::as_map);
    let (Some(given), Some(kind)) = (given, TABLE.kind(MACHINES)) else { return Ok(Diagnostics::new()) };
    let defined = client.custom_fields(scope, kind).await?;
    let names: Vec<&str> = defined.iter().map(|field| field.name.as_str()).collect();
    let planned_too = |key: &str| client.run().makes("extras/custom-fields", "name", key);
    let unknown = given.keys().filter(|key| !names.contains(&key.as_str()) && !planned_too(key));
    let problem = |key: &String| {
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let detail =
            format!("There is no custom field {key:?} for virtual machines. NetBox has for them: {known}.");
        Diagnostic::error("Unknown custom field", detail).at(at("custom_fields").attribute(key.clone()))
    };
    Ok(unknown.map(problem).collect())
}

/// Says at plan what will become of a machine that exists.
async fn foresee(cx: &PlanContext<Guest>, client: &Client, scope: &Scope) -> Result<()> {
    let planned = cx.planned_value();
    let Some(identity) = Identity::of(planned, client.defaults()) else { return Ok(()) };
    let guest = cx.planned()?;
    let name = guest.name.known().cloned().unwrap_or_default();
    client.run().will_make(MACHINES, "name", &name);
    let adopt = guest.adopt.known().copied().unwrap_or(Adopt::Never);
    let found = existing(client, scope, &identity, planned, "Planning the guest failed").await?;
    match (found, adopt) {
        (Existing::Others(id), Adopt::Never) => {
            let guest = Guest { name, ..Guest::blank() };
            Err(exists(&guest, id))
        }
        (Existing::Others(id), _) => {
            let detail = format!(
                "NetBox has the virtual machine {name:?} with the id {id}. It will be taken over, and what differs will be \
                 changed."
            );
            cx.warn(Diagnostic::warning("An existing machine will be taken over", detail).at(at("adopt")));
            Ok(())
        }
        _ => Ok(()),
    }
}
