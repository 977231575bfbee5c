//! Making the records what they shall be.

use std::collections::BTreeSet;

use catalogue::description::Version;
use catalogue::store::{Scope, Store as _};
use serde_json::Value as Json;
use tf_framework::{Context, Diagnostic, Diagnostics, Model as _, Result, Value};

use super::carry_out::{carry_out, dropped};
use super::existing::{Existing, Identity, existing};
use super::facts::Facts;
use super::gather::{by_id, gather, lying_about};
use super::model::{Adopt, Guest, Keeping};
use super::show::{self, Hint};
use super::steps::{Ledger, Rules, Step, farewell, steps};
use super::wish::{Body, Wish};
use super::wishing::{Terms, VLANS, referring, wish};
use super::{MAC_OBJECTS, MACHINES};
use crate::api::{Object, agrees};
use crate::client::{Client, budget};
use crate::resources::failure::{failed, failed_at, told};
use crate::resources::references::{Ids, find};

/// An apply under way.
struct Work<'a> {
    client: &'a Client,
    scope: Scope,
    what: String,
    version: Version,
    plan: &'a Guest,
    ids: Ids,
    rules: Rules,
    stamp: String,
    /// What the run began with.
    before: Facts,
    facts: Facts,
    /// Addresses that this run made.
    made: BTreeSet<u64>,
    /// Cost tags that the provider put on the machine earlier.
    put: BTreeSet<String>,
}

/// How the steps of a guest are made on a server.
pub(super) fn rules(guest: &Guest, version: Version) -> Rules {
    Rules { exclusive: guest.exclusive, mac_is_field: version < MAC_OBJECTS }
}

/// Where the ids of addresses are written.
pub(super) fn addresses_by_id(guest: &Value) -> Vec<(tf_framework::Path, u64)> {
    let mut found = Vec::new();
    for (name, interface) in guest.get("interfaces").and_then(Value::as_map).into_iter().flatten() {
        let addresses = interface.get("addresses").and_then(Value::as_list).into_iter().flatten();
        for (index, address) in addresses.enumerate() {
            let at = tf_framework::Path::root().attribute("interfaces").key(name.clone());
            if let Some(id) =
                address.get("id").and_then(Value::as_number).and_then(tf_framework::Number::as_u64)
            {
                found.push((at.attribute("addresses").index(index).attribute("id"), id));
            }
        }
    }
    found
}

impl<'a> Work<'a> {
    async fn begin(
        client: &'a Client,
        scope: Scope,
        what: String,
        plan: &'a Guest,
        id: Option<u64>,
    ) -> Result<Self> {
        let budget = budget(&scope);
        let version = client.api.version(&budget).await.map_err(|error| failed(&what, error))?;
        let facts = match id {
            Some(id) => gather(client, id, &budget).await.map_err(|error| failed(&what, error))?,
            None => Facts::default(),
        };
        let identity = Identity::of(&plan.to_object(), client.defaults());
        let stamp = identity.map(|identity| identity.stamp()).unwrap_or_default();
        let rules = rules(plan, version);
        let (before, made, ids) = (facts.clone(), BTreeSet::new(), Ids::new());
        let put = BTreeSet::new();
        Ok(Self { client, scope, what, version, plan, ids, rules, stamp, before, facts, made, put })
    }

    /// Finds what the configuration refers to and the wire takes by id only.
    async fn resolve(&mut self, prior: Option<&Guest>) -> Result<()> {
        let object = self.plan.to_object();
        let vlans =
            |object: &Value| referring(object).into_iter().filter(|one| one.target == VLANS).collect();
        let (wanted, before): (Vec<_>, Vec<_>) =
            (vlans(&object), prior.map(|prior| vlans(&prior.to_object())).unwrap_or_default());
        let found = find(self.client, &self.scope, &wanted).await;
        let (ids, problems) = found.map_err(|error| told(&self.what, error))?;
        problems.into_result(())?;
        // What was may be gone.
        let found = find(self.client, &self.scope, &before).await;
        self.ids = found.map_err(|error| told(&self.what, error))?.0;
        self.ids.extend(ids);
        let wanted = addresses_by_id(&object);
        by_id(self.client, &self.scope, &mut self.facts, &wanted, &self.what).await
    }

    fn wish(&self, guest: &Guest, owned: &BTreeSet<String>) -> Wish {
        let (defaults, version, ids) = (self.client.defaults(), self.version, &self.ids);
        let terms = Terms { defaults, version, ids, owned, put: &self.put };
        wish(guest, &self.facts, terms)
    }

    /// The state as it is now, and what is kept beside it.
    fn shown(&self, wish: &Wish, before: &Ledger, unfinished: bool) -> Option<(Guest, Keeping)> {
        let mut ledger = before.settled(&self.before, &self.facts, wish, &self.made, self.rules);
        if unfinished {
            // What is to go still stays ours.
            ledger.remember(before, &self.facts);
        }
        let references = show::referents(self.facts.vm.as_ref()?);
        let defaults = self.client.defaults();
        let hint = Hint { guest: Some(self.plan), ledger: &ledger, references: &references, defaults };
        let guest = show::guest(&self.facts, hint)?;
        Some((guest, Keeping { references }))
    }

    /// Does what is left to do, keeping the state after each step.
    async fn finish(
        mut self,
        cx: &mut Context<Guest>,
        ledger: &Ledger,
        owned: &BTreeSet<String>,
    ) -> Result<Guest> {
        let wish = self.wish(self.plan, owned);
        let rules = self.rules;
        lying_about(self.client, &self.scope, &mut self.facts, &wish, ledger, rules, &self.what).await?;
        let had_disks = !self.facts.disks.is_empty();
        for step in steps(&self.facts, &wish, ledger, rules) {
            self.take(&step).await?;
            self.keep(cx, &wish, ledger)?;
        }
        if had_disks && self.facts.disks.is_empty() {
            // What the machine's disk is now only the server knows.
            self.refresh().await?;
        }
        let (guest, now) = self.shown(&wish, ledger, false).ok_or_else(|| gone(&self.what))?;
        if let Some(id) = self.facts.vm_id() {
            self.client.run().claim(MACHINES, id);
        }
        cx.private = now;
        Ok(guest)
    }

    fn keep(&self, cx: &mut Context<Guest>, wish: &Wish, before: &Ledger) -> Result<()> {
        let Some((guest, now)) = self.shown(wish, before, true) else { return Ok(()) };
        cx.private = now;
        cx.checkpoint(&guest)
    }

    async fn take(&mut self, step: &Step) -> Result<()> {
        let what = format!("{}: {} failed", self.what, step.describe());
        let budget = budget(&self.scope);
        let done = carry_out(&self.client.api, &self.facts, step, &self.stamp, &budget).await;
        let done = done.map_err(|error| failed_at(&what, error, &|field| step.place(field)))?;
        let dropped = dropped(&done);
        if let (Step::CreateAddress { .. }, Some(address)) = (step, &done.answer) {
            self.made.insert(address.id);
        }
        self.facts.absorb(step, done.answer);
        let problem = |field: &String| {
            let detail = format!(
                "NetBox {} did not take {field} as it was sent. Older versions do not have every field; else a script \
                 of the server, or a permission of the token, may be the reason.",
                self.version
            );
            let diagnostic = Diagnostic::error(what.clone(), detail);
            match step.place(field) {
                Some(path) => diagnostic.at(path),
                None => diagnostic,
            }
        };
        dropped.iter().map(problem).collect::<Diagnostics>().into_result(())
    }

    async fn refresh(&mut self) -> Result<()> {
        let Some(id) = self.facts.vm_id() else { return Ok(()) };
        let fresh = self.client.api.read(MACHINES, id, super::OMITTED, &budget(&self.scope)).await;
        if let Some(vm) = fresh.map_err(|error| failed(&self.what, error))? {
            self.facts.vm = Some((*vm).clone());
        }
        Ok(())
    }
}

impl Ledger {
    /// Keeps what was ours and is still there, while steps are left to do.
    fn remember(&mut self, before: &Self, facts: &Facts) {
        let there = |objects: &[Object], id: &u64| objects.iter().any(|object| object.id == *id);
        self.interfaces.extend(before.interfaces.iter().filter(|id| there(&facts.interfaces, id)));
        self.disks.extend(before.disks.iter().filter(|id| there(&facts.disks, id)));
        self.addresses.extend(before.addresses.iter().filter(|id| there(&facts.addresses, id)));
        self.adopted.extend(before.adopted.iter().filter(|id| there(&facts.addresses, id)));
        self.macs.extend(&before.macs);
    }
}

/// Makes the records of a guest, or takes over those of an interrupted run.
pub(super) async fn create(cx: &mut Context<Guest>, client: &Client, plan: &Guest) -> Result<Guest> {
    let scope = Scope::of(cx);
    let what = format!("Creating the guest {:?}", plan.name);
    let object = plan.to_object();
    let identity = Identity::of(&object, client.defaults());
    let found = match &identity {
        Some(identity) => existing(client, &scope, identity, &object, &what).await?,
        None => Existing::None,
    };
    let id = match (found, plan.adopt) {
        (Existing::None, Adopt::Required) => return Err(nothing_to_adopt()),
        (Existing::None, _) => None,
        (Existing::Ours(id), _) => {
            let detail = format!("A run that was interrupted had made the virtual machine {id} already.");
            cx.warn(Diagnostic::warning("A guest of an interrupted run was taken up", detail));
            Some(id)
        }
        (Existing::Managed(id), _) => return Err(managed(&what, id)),
        (Existing::Others(id), Adopt::Never) => return Err(exists(plan, id)),
        (Existing::Others(id), _) => Some(id),
    };
    if let Some(id) = id
        && !client.run().claim(MACHINES, id)
    {
        return Err(managed(&what, id));
    }
    let mut work = Work::begin(client, scope, what, plan, id).await?;
    work.resolve(None).await?;
    work.finish(cx, &Ledger::default(), &BTreeSet::new()).await
}

fn managed(what: &str, id: u64) -> Diagnostics {
    Diagnostics::error(
        what,
        format!(
            "The virtual machine {id}, of the same name in the same place, is managed by another resource of this run."
        ),
    )
}

fn nothing_to_adopt() -> Diagnostics {
    Diagnostics::error_at(
        tf_framework::Path::root().attribute("adopt"),
        "There is nothing to adopt",
        "adopt = \"required\" takes over a machine that exists, and NetBox has none of this name in this place.",
    )
}

/// The error of a guest whose machine exists.
pub(super) fn exists(plan: &Guest, id: u64) -> Diagnostics {
    Diagnostics::error_at(
        tf_framework::Path::root().attribute("name"),
        format!("There is a virtual machine {:?} already", plan.name),
        format!(
            "NetBox has it with the id {id} in the same place. Import it, or set adopt = \"if_exists\" to take it over."
        ),
    )
}

fn gone(what: &str) -> Diagnostics {
    Diagnostics::error(what, "The virtual machine was deleted since the plan was made. Plan again.")
}

/// Changes what differs.
pub(super) async fn update(
    cx: &mut Context<Guest>,
    client: &Client,
    prior: &Guest,
    plan: &Guest,
) -> Result<Guest> {
    let what = format!("Updating the guest {:?}", prior.name);
    let id = *prior.id.known().ok_or_else(|| Diagnostics::error(&what, "The state has no id."))?;
    let scope = Scope::of(cx);
    let mut ledger = prior.ledger();
    let owned = prior.owned();
    let mut work = Work::begin(client, scope, what, plan, Some(id)).await?;
    work.put = prior.cost_tags_held();
    if work.facts.vm.is_none() {
        return Err(gone(&work.what));
    }
    work.resolve(Some(prior)).await?;
    let shall = work.wish(plan, &owned);
    if prior.is_imported() {
        // What the configuration does not name was never ours.
        let (facts, made) = (&work.facts, BTreeSet::new());
        ledger = ledger.settled(facts, facts, &shall, &made, work.rules);
    } else {
        let was = work.wish(prior, &BTreeSet::new());
        conflicts(&work, &was, &shall, &ledger).into_result(())?;
    }
    work.finish(cx, &ledger, &owned).await
}

/// What others have changed since the plan was made, in what this plan changes too.
fn conflicts(work: &Work<'_>, was: &Wish, shall: &Wish, ledger: &Ledger) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut compare = |step: &Step, changes: &Body, was: Option<&Body>, there: Option<&Object>| {
        let (Some(was), Some(there)) = (was, there) else { return };
        for key in changes.keys() {
            let is = there.fields.get(key).unwrap_or(&Json::Null);
            let Some(before) = was.get(key).filter(|before| !agrees(before, is)) else { continue };
            if is_tags_of_others(key) {
                continue;
            }
            let detail = format!(
                "Someone changed {key} in NetBox since the plan was made: it was {before}, and is {is} now. Nothing was \
                 written. Plan again to see the change."
            );
            let diagnostic = Diagnostic::error(format!("{}: {} failed", work.what, step.describe()), detail);
            found.push(match step.place(key) {
                Some(path) => diagnostic.at(path),
                None => diagnostic,
            });
        }
    };
    for step in steps(&work.facts, shall, ledger, work.rules) {
        match &step {
            Step::UpdateVm { changes } => compare(&step, changes, Some(&was.vm), work.facts.vm.as_ref()),
            Step::UpdateInterface { name, changes, .. } => {
                let before = was.interfaces.get(name).map(|interface| &interface.fields);
                compare(&step, changes, before, work.facts.interface(name));
            }
            Step::UpdateDisk { name, changes, .. } => {
                compare(&step, changes, was.disks.get(name), work.facts.disk(name));
            }
            _ => {}
        }
    }
    found
}

/// The set of tags holds those of others, who come and go.
fn is_tags_of_others(key: &str) -> bool {
    key == "tags"
}

/// Takes the guest away, and nothing that is not ours.
pub(super) async fn delete(cx: &Context<Guest>, client: &Client, state: &Guest) -> Result<()> {
    let what = format!("Deleting the guest {:?}", state.name);
    let Some(id) = state.id.known() else { return Ok(()) };
    let scope = Scope::of(cx);
    let mut work = Work::begin(client, scope, what, state, Some(*id)).await?;
    for step in farewell(&work.facts.clone(), &state.ledger(), work.rules) {
        work.take(&step).await?;
    }
    Ok(())
}
