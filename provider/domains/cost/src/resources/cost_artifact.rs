//! `hybridops_cost_artifact`.

use cost_engine::documents::{Artifact, Coverage, LineKind, PriceSource, Target, is_currency};
use cost_engine::emit::{Head, emit};
use cost_engine::files::{Source, WriteError, Written};
use cost_engine::import::{Draft, Imported};
use cost_engine::json::{Digest, Json, canonical};
use cost_engine::rules::NotFound;
use cost_engine::{Decimal, moment};
use jiff::{SignedDuration, Timestamp};
use tf_framework::{
    Choice, Computed, Context, Diagnostic, Diagnostics, Model, Path, PlanContext, Resource, Result, Value,
};

use crate::assess::chain;
use crate::client::Cost;
use crate::places::{ARTIFACTS, is_location};
use crate::question::{is_action, is_component_name, is_digest, is_env_name, is_moment, is_run};

/// A cost artefact: what something would cost, written where the gate looks for it, as
/// `<component>/cost-run-<run_id>.json`.
///
/// It is written whole or not at all, and never over another one: a run id is used once, and a change needs another. A
/// destroy leaves the file, because decisions refer to it.
#[derive(Debug, Clone, Resource)]
#[resource(name = "cost_artifact", subcategory = "Cost", version = 0)]
pub struct CostArtifact {
    /// Run of the pipeline, used once: letters, digits, `.`, `_` and `-`.
    #[attr(replace, validate(custom(is_run, "letters, digits, `.`, `_` and `-`")))]
    pub run_id: String,
    /// What it is the cost of.
    #[attr(replace, validate(custom(is_component_name, "lower-case letters, digits and hyphens")))]
    pub component: String,
    /// Environment, such as `prod`.
    #[attr(replace, validate(custom(is_env_name, "lower-case letters, digits and hyphens")))]
    pub env: String,
    /// Who pays: lower-case letters, digits and hyphens.
    #[attr(replace, validate(custom(is_env_name, "lower-case letters, digits and hyphens")))]
    pub owner: String,
    /// What for: `dr`, `burst`, `drill` or `baseline`.
    #[attr(replace, validate(one_of("dr", "burst", "drill", "baseline")))]
    pub purpose: String,
    /// Currency of every price, as ISO 4217 has it: `EUR`.
    #[attr(replace, validate(custom(is_iso_4217, "a currency of ISO 4217 such as EUR")))]
    pub currency: String,
    /// What the costs are of: `dr-active`.
    #[attr(
        replace,
        default = "active",
        validate(custom(is_action, "lower-case letters, digits, `-` and `_`"))
    )]
    pub scenario: String,
    /// What they are compared with: `dr-standby`. What is there already is not counted twice.
    #[attr(
        replace,
        default = "standby",
        validate(custom(is_action, "lower-case letters, digits, `-` and `_`"))
    )]
    pub baseline: String,
    /// What it would cost, line by line.
    #[attr(replace)]
    pub lines: Vec<CostLine>,
    /// Actions that belong to the scenario; each must have a line, or the gate blocks.
    #[attr(replace, default = [])]
    pub requires: Vec<String>,
    /// How much the costs may be exceeded, in percent from 0 to 500: the gate adds it to what it projects.
    #[attr(replace, validate(custom(is_amount, "a decimal number")))]
    pub uncertainty_percent: String,
    /// Where the prices come from.
    #[attr(replace)]
    pub prices: Prices,
    /// Where it would run.
    #[attr(replace)]
    pub target: Option<ArtifactTarget>,
    /// For how many hours it may be used, at most 2160. A policy may ask for less.
    #[attr(replace, default = 168, validate(range(1..=2160)))]
    pub valid_hours: u32,
    /// Why it costs nothing, where it has no lines.
    #[attr(replace)]
    pub zero_cost_reason: Option<String>,
    /// Root of the artefacts: a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`. What the
    /// provider's `cost` section says unless set.
    #[attr(
        replace,
        validate(custom(
            is_location,
            "a path, `s3://bucket/folder`, `gs://bucket/folder` or `azure://container/folder`"
        ))
    )]
    pub artifacts: Option<String>,
    /// Where it is.
    #[attr(stable)]
    pub root: Computed<String>,
    /// Its path below the root.
    #[attr(stable)]
    pub path: Computed<String>,
    /// SHA-256 of its canonical form: what decisions name it by.
    #[attr(stable)]
    pub sha256: Computed<String>,
    /// When it was made.
    #[attr(stable)]
    pub generated: Computed<String>,
    /// Until when it may be used.
    #[attr(stable)]
    pub valid_until: Computed<String>,
    /// What an hour costs more than in the baseline.
    #[attr(stable)]
    pub hourly: Computed<String>,
    /// What it costs once.
    #[attr(stable)]
    pub one_time: Computed<String>,
}

/// A line of an artefact.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct CostLine {
    /// Its name, unique in the artefact.
    pub id: String,
    /// The action it belongs to: `k8s.start`.
    pub action: String,
    /// How it is charged.
    #[attr(default = Charged::Recurring)]
    pub kind: Charged,
    /// Service, as bills name it.
    pub service: String,
    /// Unit that is priced: `Hours`, `GB`, `Requests`.
    #[attr(default = "Hours")]
    pub unit: String,
    /// Quantity in the scenario. Of what scales by itself the most, not what runs now.
    #[attr(validate(custom(is_amount, "a decimal number")))]
    pub quantity: String,
    /// Quantity in the baseline.
    #[attr(default = "0", validate(custom(is_amount, "a decimal number")))]
    pub baseline_quantity: String,
    /// Price of a unit. Unset where there is none: it is counted as unpriced, and never as nothing.
    #[attr(validate(custom(is_amount, "a decimal number")))]
    pub price: Option<String>,
    /// The resource. The same one in two artefacts is an error of the gate.
    pub resource: Option<String>,
    /// Type of the resource.
    pub resource_type: Option<String>,
    /// Which price.
    pub sku: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// What the quantity is: `autoscaler-max`.
    pub basis: Option<String>,
    /// Whether the quantity is an assumed use. Not unless set.
    pub usage_estimated: Option<bool>,
}

/// How a line is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Charged {
    /// By the hour.
    Recurring,
    /// Once for each activation.
    OneTime,
    /// By the month, whole.
    PerMonthStep,
}

/// Where prices come from.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Prices {
    /// What it is: `price-book`, `infracost`.
    #[attr(default = "price-book")]
    pub kind: String,
    /// Its name: `azure-contract-2026-03`.
    pub id: String,
    /// When the prices held, such as `2026-03-28T00:00:00Z`.
    #[attr(validate(custom(is_moment, "a time in UTC such as `2026-03-28T00:00:00Z`")))]
    pub as_of: String,
    /// SHA-256 of the price book.
    #[attr(validate(custom(is_digest, "64 hex digits")))]
    pub sha256: Option<String>,
}

/// Where something would run.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct ArtifactTarget {
    /// The provider: `Microsoft`, `Google`.
    pub provider: String,
    /// Subscription, project or account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
}

fn is_amount(value: &Value) -> std::result::Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    match text.parse::<Decimal>() {
        Ok(amount) if !amount.is_negative() => Ok(()),
        Ok(_) => Err(format!("{text:?} must not be negative")),
        Err(error) => Err(error.to_string()),
    }
}

fn is_iso_4217(value: &Value) -> std::result::Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    if is_currency(text) {
        Ok(())
    } else {
        Err(format!("{text:?} must be a currency of ISO 4217 such as EUR"))
    }
}

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

fn decimal(text: &str) -> Decimal {
    // Validated with the configuration.
    text.parse().unwrap_or_default()
}

impl Resource for CostArtifact {
    type Client = Cost;
    type Private = ();

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        let Some(prior) = cx.prior().cloned().filter(|_| !cx.planned_value().is_null()) else {
            return Ok(());
        };
        let same_run = cx.planned()?.run_id.known() == Some(&prior.run_id)
            && cx.planned()?.component.known() == Some(&prior.component);
        if cx.replaces() && same_run {
            return Err(Diagnostics::error_at(
                at("run_id"),
                "A run id is used once",
                format!(
                    "The artefact of the run {:?} is written, and decisions may refer to it. Give what has changed another \
                     `run_id`.",
                    prior.run_id
                ),
            ));
        }
        Ok(())
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let cost = cx.client()?;
        let root = plan.artifacts.clone().or_else(|| cost.config.artifacts.clone());
        let root = root.unwrap_or_else(|| ARTIFACTS.to_owned());
        let source = cost.source(&root, &at("artifacts"))?;
        let now = Timestamp::now();
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let (document, artifact) = plan.made(now)?;
        let failed = |error: &(dyn std::error::Error + 'static)| {
            let detail = format!("In {root}: {}.", chain(error));
            Diagnostics::error_at(at("run_id"), "The artefact was not written", detail)
        };
        let written = source.write(&plan.component, &plan.run_id, &document, None).await;
        let (path, artifact) = match written {
            Ok(Written::New(path) | Written::There(path)) => (path, artifact),
            // Ours, where an earlier apply ended before it could say so: the same but for the time it was made.
            Err(error @ WriteError::Exists(_)) => match plan.there(&source).await {
                Some(found) => found,
                None => return Err(failed(&error)),
            },
            Err(error) => return Err(failed(&error)),
        };
        let made = plan.filled(root, path, &artifact);
        cx.checkpoint(&made)?;
        Ok(made)
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let Some(root) = state.root.known() else { return Ok(Some(state)) };
        let source = cx.client()?.source(root, &at("artifacts"))?;
        let found = source.find(&state.component, Some(&state.run_id), &Default::default()).await;
        let problem = match found.artifact {
            Ok(signed) if Some(&signed.artifact.digest.hex()) == state.sha256.known() => {
                return Ok(Some(state));
            }
            Ok(_) => "it says something else than was written".to_owned(),
            Err(NotFound::Missing(_)) => return Ok(None),
            Err(error) => error.to_string(),
        };
        let summary = format!("The artefact of the run {:?} is not the one that was written", state.run_id);
        let detail =
            format!("In {root}: {problem}. Decisions that are made from it now are not those that were.");
        cx.warn(Diagnostic::warning(summary, detail));
        Ok(Some(state))
    }

    async fn update(_: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
        // Every attribute that is configured replaces.
        Ok(plan)
    }

    async fn delete(_: &mut Context<Self>, _: Self) -> Result<()> {
        // Decisions refer to it: it stays.
        Ok(())
    }
}

impl CostArtifact {
    /// The artefact as of a moment.
    fn made(&self, generated: Timestamp) -> Result<(Json<'static>, Artifact)> {
        let imported = self.imported();
        let valid = SignedDuration::from_hours(i64::from(self.valid_hours));
        let target = self.target.clone().map(|target| Target {
            provider: target.provider,
            account: target.account,
            region: target.region,
        });
        let head = Head {
            run_id: self.run_id.clone(),
            component: self.component.clone(),
            env: self.env.clone(),
            owner: self.owner.clone(),
            purpose: self.purpose.clone(),
            scenario: self.scenario.clone(),
            baseline: self.baseline.clone(),
            currency: self.currency.clone(),
            generated,
            valid_until: generated.checked_add(valid).unwrap_or(generated),
            uncertainty: decimal(&self.uncertainty_percent),
            emitter: vec![("system", "terraform".to_owned())],
            target,
            requires: self.requires.clone(),
            action: self.scenario.clone(),
            actions: Vec::new(),
            prices: PriceSource {
                kind: self.prices.kind.clone(),
                id: self.prices.id.clone(),
                as_of: moment(&self.prices.as_of).unwrap_or(generated),
                sha256: self.prices.sha256.as_deref().and_then(Digest::parse),
            },
            source: self.lines_digest(),
            zero_cost_reason: self.zero_cost_reason.clone(),
        };
        emit(&head, &imported).map_err(|error| {
            let detail = format!("{}.", chain(&error));
            Diagnostics::error_at(at("lines"), "The artefact cannot be made", detail)
        })
    }

    fn imported(&self) -> Imported {
        let count = |is: &dyn Fn(&CostLine) -> bool| {
            u64::try_from(self.lines.iter().filter(|line| is(line)).count()).unwrap_or(u64::MAX)
        };
        let detected = count(&|_| true);
        let without_price = count(&|line| line.price.is_none());
        Imported {
            lines: self.lines.iter().map(CostLine::draft).collect(),
            currency: Some(self.currency.clone()),
            coverage: Coverage {
                detected,
                supported: detected,
                unsupported: 0,
                without_price,
                usage_based: count(&|line| line.usage_estimated == Some(true)),
                lines_without_price: without_price,
            },
            prices: None,
            format: "terraform",
            version: None,
            plan: None,
            notes: Vec::new(),
        }
    }

    /// What the lines say, as they are configured.
    fn lines_digest(&self) -> Digest {
        let text = |text: &str| Json::of(text);
        let line = |line: &CostLine| {
            Json::object([
                ("id", text(&line.id)),
                ("action", text(&line.action)),
                ("quantity", text(&line.quantity)),
                ("baseline", text(&line.baseline_quantity)),
                ("price", line.price.as_deref().map_or(Json::Null, text)),
            ])
        };
        Digest::of(canonical(&Json::List(self.lines.iter().map(line).collect())).as_bytes())
    }

    /// The artefact that is there, where it is this one made at another time.
    async fn there(&self, source: &Source) -> Option<(String, Artifact)> {
        let found = source.find(&self.component, Some(&self.run_id), &Default::default()).await;
        let signed = found.artifact.ok()?;
        let (_, artifact) = self.made(signed.artifact.generated).ok()?;
        (artifact.digest == signed.artifact.digest).then_some((signed.path, artifact))
    }

    fn filled(self, root: String, path: String, artifact: &Artifact) -> Self {
        Self {
            root: root.into(),
            path: path.into(),
            sha256: artifact.digest.hex().into(),
            generated: artifact.generated.to_string().into(),
            valid_until: artifact.valid_until.to_string().into(),
            hourly: artifact.incremental.hourly.gross.to_string().into(),
            one_time: artifact.incremental.one_time.gross.to_string().into(),
            ..self
        }
    }
}

impl CostLine {
    fn draft(&self) -> Draft {
        Draft {
            id: self.id.clone(),
            action: Some(self.action.clone()),
            kind: match self.kind {
                Charged::Recurring => LineKind::Recurring,
                Charged::OneTime => LineKind::OneTime,
                Charged::PerMonthStep => LineKind::PerMonthStep,
            },
            service: self.service.clone(),
            unit: self.unit.clone(),
            quantity: decimal(&self.quantity),
            baseline: decimal(&self.baseline_quantity),
            price: self.price.as_deref().map(decimal),
            usage: self.usage_estimated.unwrap_or(false),
            basis: self.basis.clone(),
            resource_type: self.resource_type.clone(),
            resource: self.resource.clone(),
            sku: self.sku.clone(),
            region: self.region.clone(),
        }
    }
}
