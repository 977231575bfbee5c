//! `hybridops_kubernetes_addon`.

mod apply;
mod catalogue;
mod drift;
mod guards;
mod import;
mod inventory;
mod manifests;
mod model;
mod release;
mod target;
mod wait;

use std::collections::BTreeSet;

use tf_framework::{
    Computed, Context, Diagnostics, Field, ImportId, Model as _, PlanContext, PlannedAction, Resource, Result,
};
use tf_value::Path;

pub use catalogue::Preset;
pub use model::*;

use crate::client::{Kubernetes, budget};
use crate::link::Link;
use apply::Order;
use inventory::Inventory;
use manifests::{ObjectId, Wanted};
use target::Target;

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

impl Resource for KubernetesAddon {
    type Client = Kubernetes;
    type Private = ();

    fn validate(config: &KubernetesAddonPartial, diagnostics: &mut Diagnostics) {
        let nothing = matches!(config.chart, Field::Null)
            && matches!(config.catalogue, Field::Null)
            && matches!(config.manifests, Field::Null)
            && matches!(config.secret_manifests, Field::Null);
        if nothing {
            let detail = "Set `catalogue`, `chart`, `manifests` or `secret_manifests`.";
            diagnostics.extend(Diagnostics::error("The add-on is nothing", detail));
        }
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        if cx.action() == PlannedAction::Destroy {
            return Ok(());
        }
        plan(cx)
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let named = Self { id: Computed::Known(plan.name.clone()), ..plan };
        named.run(cx, true, &BTreeSet::new()).await
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let budget = budget(cx);
        let link = state.cluster.open(&*cx.client()?, &at("cluster"), &budget).await?;
        let target = state.target(&link, &budget);
        let known = Inventory::read(target.kube, target.addon, &budget).await;
        let known = known.map_err(|error| target.failed("its inventory could not be read", &error))?;
        let wanted = state.open_objects()?;
        let objects = known.as_ref().map(|known| known.objects.clone()).unwrap_or_default();
        let mut differences = drift::differences(&target, &wanted, &objects).await?;
        let Some(known) = known else {
            if differences.len() == wanted.len() && differences.iter().all(|line| line.ends_with(": is gone"))
            {
                return Ok(None);
            }
            differences.insert("inventory: is gone".to_owned());
            return Ok(Some(Self { differences: Computed::Known(differences), ..state }));
        };
        if known.creating || known.job_before.is_some() {
            differences.insert("inventory: the last apply did not come to its end".to_owned());
        }
        Ok(Some(Self { differences: Computed::Known(differences), ..state }))
    }

    async fn update(cx: &mut Context<Self>, prior: Self, plan: Self) -> Result<Self> {
        let shown = prior.differences.known().cloned().unwrap_or_default();
        plan.run(cx, false, &shown).await
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        if state.on_destroy == OnDestroy::Keep {
            return Ok(());
        }
        let budget = budget(cx);
        let link = state.cluster.open(&*cx.client()?, &at("cluster"), &budget).await?;
        let target = state.target(&link, &budget);
        let known = Inventory::read(target.kube, target.addon, &budget).await;
        let known = known.map_err(|error| target.failed("its inventory could not be read", &error))?;
        let ids: Vec<ObjectId> = match known {
            Some(known) => known.objects.into_iter().collect(),
            None => state.placed_offline()?,
        };
        let entry = state.catalogue.and_then(Preset::entry);
        if state.on_destroy == OnDestroy::Refuse {
            guards::refuse_loss(&target, &ids).await?;
            if release::has_release(&state) {
                guards::refuse_release(&target, entry).await?;
            }
        } else if release::has_release(&state) {
            guards::clear_release(&target, entry).await?;
        }
        guards::delete_ours(&target, &ids).await?;
        let removed = Inventory::remove(target.kube, target.addon, &budget).await;
        removed.map_err(|error| target.failed("its inventory could not be removed", &error))
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        import::import(cx, &id).await
    }
}

impl KubernetesAddon {
    fn target<'a>(&'a self, link: &'a Link, budget: &'a transport_ssh::Budget) -> Target<'a> {
        let namespace = self.namespace.known().map_or("default", String::as_str);
        let secrets = [&self.values_secret, &self.secret_manifests];
        let secrets = secrets.iter().filter_map(|secret| secret.get()).flat_map(|text| target::leaves(text));
        Target { kube: &link.kube, addon: &self.name, namespace, budget, secrets: secrets.collect() }
    }

    /// All objects that are to be, with what is secret.
    fn wanted(&self) -> Result<Vec<Wanted>> {
        let mut wanted = self.open_manifests()?;
        if self.secret_manifests_version.is_some() {
            let Some(text) = self.secret_manifests.get() else {
                return Err(Diagnostics::error_at(
                    at("secret_manifests"),
                    "The secret manifests are not there",
                    "`secret_manifests_version` is set, so `secret_manifests` must be, too: it is never stored, and needed by \
                     each apply.",
                ));
            };
            let secret = manifests::read([text.as_str()], true);
            wanted.extend(secret.map_err(|fault| unreadable("secret_manifests", &fault))?);
        }
        let namespace = self.namespace.known().map_or("default", String::as_str);
        wanted.extend(release::objects(self, namespace)?);
        wanted.sort_by_key(|wanted| wanted.id.rank());
        Ok(wanted)
    }

    fn open_manifests(&self) -> Result<Vec<Wanted>> {
        let read = manifests::read(self.manifests.iter().map(String::as_str), false);
        read.map_err(|fault| unreadable("manifests", &fault))
    }

    /// The objects that are not secret.
    fn open_objects(&self) -> Result<Vec<Wanted>> {
        let namespace = self.namespace.known().map_or("default", String::as_str);
        let mut wanted = self.open_manifests()?;
        wanted.extend(release::helm_chart(self, namespace)?);
        Ok(wanted)
    }

    /// Where the objects that are not secret are, as far as it is known without the cluster.
    fn placed_offline(&self) -> Result<Vec<ObjectId>> {
        let namespace = self.namespace.known().map_or("default", String::as_str);
        let mut ids: Vec<ObjectId> =
            self.open_objects()?.iter().filter_map(|wanted| wanted.id.placed(namespace)).collect();
        if release::has_release(self) && self.values_secret_version.is_some() {
            let name = release::values_name(&self.name);
            ids.push(ObjectId::new("v1", "Secret", Some(release::CHARTS), &name));
        }
        Ok(ids)
    }

    async fn run(self, cx: &mut Context<Self>, new: bool, shown: &BTreeSet<String>) -> Result<Self> {
        let budget = budget(cx);
        let link = self.cluster.open(&*cx.client()?, &at("cluster"), &budget).await?;
        let order = Order {
            wanted: self.wanted()?,
            new,
            adopt: self.adopt,
            force: self.force_conflicts,
            on_destroy: self.on_destroy,
            wait: self.wait,
            shown,
        };
        let target = self.target(&link, &budget);
        let (objects, differences) = {
            if new {
                // Nothing is written before all of this is looked at; from then on the add-on exists.
                apply::check(&target, &order).await?;
                cx.checkpoint(&self)?;
            }
            (apply::apply(&target, &order).await?, BTreeSet::new())
        };
        let objects = objects.iter().map(ToString::to_string).collect();
        Ok(Self { objects: Computed::Known(objects), differences: Computed::Known(differences), ..self })
    }
}

fn unreadable(attribute: &str, fault: &manifests::Fault) -> Diagnostics {
    Diagnostics::error_at(at(attribute), "Manifests cannot be read", format!("{fault}."))
}

/// Plans what is known without the cluster: the namespace, the objects, and that differences will be put right.
fn plan(cx: &mut PlanContext<KubernetesAddon>) -> Result<()> {
    let config = cx.config();
    if matches!(config.namespace, Field::Null) {
        let preset = match &config.catalogue {
            Field::Known(preset) => preset.entry(),
            Field::Null => None,
            Field::Unknown => return cx.plan_unknown(&at("objects")),
        };
        let usual = release::usual_namespace(preset).to_owned();
        cx.plan(&at("namespace"), &usual)?;
        if cx.prior().is_some_and(|prior| prior.namespace.known() != Some(&usual)) {
            cx.require_replace(at("namespace"));
        }
    }
    let prior = cx.prior().cloned();
    let clean = |prior: &KubernetesAddon| prior.differences.known().is_some_and(BTreeSet::is_empty);
    if !prior.as_ref().is_some_and(clean) {
        cx.plan(&at("differences"), &BTreeSet::<String>::new())?;
    }
    let Ok(plan) = KubernetesAddon::from_object(cx.planned_value().clone()) else {
        return cx.plan_unknown(&at("objects"));
    };
    cx.plan(&at("id"), &plan.name)?;
    // Mistakes of the chart are told now.
    if let Some(namespace) = plan.namespace.known() {
        release::helm_chart(&plan, namespace)?;
    }
    objects(cx, &plan, prior.as_ref())
}

fn objects(
    cx: &mut PlanContext<KubernetesAddon>,
    plan: &KubernetesAddon,
    prior: Option<&KubernetesAddon>,
) -> Result<()> {
    let all = plan.open_objects()?;
    let placed = plan.placed_offline()?;
    let secret_values = usize::from(release::has_release(plan) && plan.values_secret_version.is_some());
    let known = plan.namespace.known().is_some() && plan.secret_manifests_version.is_none();
    if known && placed.len() == all.len() + secret_values {
        let objects: BTreeSet<String> = placed.iter().map(ToString::to_string).collect();
        return cx.plan(&at("objects"), &objects);
    }
    // What is secret is not at hand, or only the cluster knows where an object will be.
    let same = prior.is_some_and(|prior| {
        prior.manifests == plan.manifests
            && prior.secret_manifests_version == plan.secret_manifests_version
            && prior.values_secret_version.is_some() == plan.values_secret_version.is_some()
            && release::has_release(prior) == release::has_release(plan)
            && prior.namespace.known() == plan.namespace.known()
            && prior.objects.known().is_some()
    });
    if same { Ok(()) } else { cx.plan_unknown(&at("objects")) }
}
