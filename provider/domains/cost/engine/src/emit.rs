//! Writing an artefact from imported lines.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::decimal::Decimal;
use crate::documents::{Artifact, HOURS_PER_MONTH, LineKind, MAX_LINES, PriceSource, Target};
use crate::fields::FieldError;
use crate::import::{Draft, Imported};
use crate::json::{Digest, Json};

/// What an artefact says besides its lines.
#[derive(Debug, Clone)]
pub struct Head {
    /// Run of the pipeline.
    pub run_id: String,
    /// What it is the cost of.
    pub component: String,
    /// Environment.
    pub env: String,
    /// Who pays.
    pub owner: String,
    /// dr, burst, drill or baseline.
    pub purpose: String,
    /// What the costs are of.
    pub scenario: String,
    /// What they are compared with.
    pub baseline: String,
    /// Currency.
    pub currency: String,
    /// When it is made.
    pub generated: Timestamp,
    /// Until when it may be used.
    pub valid_until: Timestamp,
    /// How much the costs may be exceeded, in percent.
    pub uncertainty: Decimal,
    /// The system that writes it, and what else is known of it: pairs of a field of `emitter` and its value.
    pub emitter: Vec<(&'static str, String)>,
    /// Where it would run.
    pub target: Option<Target>,
    /// Actions that belong to the scenario.
    pub requires: Vec<String>,
    /// Action of lines that no rule names one for.
    pub action: String,
    /// Beginnings of resource addresses, and the action of lines about them. The longest that fits counts.
    pub actions: Vec<(String, String)>,
    /// Where the prices come from.
    pub prices: PriceSource,
    /// SHA-256 of the bytes that were imported.
    pub source: Digest,
    /// Why it costs nothing, where it does.
    pub zero_cost_reason: Option<String>,
}

/// Why no artefact can be made.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// There is nothing to write.
    #[error(
        "there is nothing in it that costs: no line could be made; say why with a reason for costing nothing"
    )]
    Empty,
    /// There are too many lines.
    #[error("{0} lines, more than {MAX_LINES}")]
    Lines(usize),
    /// The artefact would be wrong.
    #[error("the artefact would be wrong: {0}")]
    Wrong(#[from] FieldError),
}

/// Most digits after the point of a quantity; a price has the rest of the 18 that sums may have.
const QUANTITY_DIGITS: u32 = 9;
const SUM_DIGITS: u32 = 18;

/// Makes an artefact, and reads it as the gate will.
///
/// # Errors
/// It has no lines or too many, or what the head says makes it wrong.
pub fn emit(head: &Head, imported: &Imported) -> Result<(Json<'static>, Artifact), EmitError> {
    let mut drafts = imported.lines.clone();
    if drafts.is_empty() && head.zero_cost_reason.is_some() {
        drafts.push(nothing());
    }
    if drafts.is_empty() {
        return Err(EmitError::Empty);
    }
    if drafts.len() > MAX_LINES {
        return Err(EmitError::Lines(drafts.len()));
    }
    let mut sums = Sums::default();
    let mut ids = HashSet::new();
    let lines = drafts.iter().map(|draft| line(head, draft, &mut sums, &mut ids)).collect();
    let mut json = Json::object([
        ("schema", Json::of("hybridops.cost-artifact")),
        ("schemaVersion", Json::of("1.0.0")),
        ("runId", Json::of(&head.run_id)),
        ("component", Json::of(&head.component)),
        ("currency", Json::of(&head.currency)),
        ("hoursPerMonth", Json::of(HOURS_PER_MONTH)),
        ("timeGenerated", Json::of(head.generated)),
        ("validUntil", Json::of(head.valid_until)),
        ("tags", tags(head)),
        ("emitter", texts(&head.emitter)),
        ("scenario", Json::of(&head.scenario)),
        ("baseline", Json::of(&head.baseline)),
        ("lines", Json::List(lines)),
        ("uncertaintyPercent", Json::of(&head.uncertainty)),
        ("summary", summary(imported, &sums)),
        ("priceSource", prices(&head.prices)),
        ("source", source(head, imported)),
    ]);
    sums.write(&mut json);
    if !head.requires.is_empty() {
        json.set("requires", Json::List(head.requires.iter().map(Json::of).collect()));
    }
    if let Some(target) = &head.target {
        json.set("target", target_of(target));
    }
    if let Some(plan) = imported.plan {
        json.set("planSha256", Json::of(plan.hex()));
    }
    if let Some(reason) = &head.zero_cost_reason {
        json.set("x_ZeroCostReason", Json::of(reason));
    }
    let artifact = Artifact::read(&json)?;
    Ok((json, artifact))
}

fn texts(pairs: &[(&'static str, String)]) -> Json<'static> {
    let mut json = Json::object([]);
    for (name, value) in pairs {
        json.set(name, Json::of(value));
    }
    json
}

fn tags(head: &Head) -> Json<'static> {
    Json::object([
        ("cost:env", Json::of(&head.env)),
        ("cost:owner", Json::of(&head.owner)),
        ("cost:component", Json::of(&head.component)),
        ("cost:run_id", Json::of(&head.run_id)),
        ("cost:purpose", Json::of(&head.purpose)),
    ])
}

fn target_of(target: &Target) -> Json<'static> {
    let mut json = Json::object([("ProviderName", Json::of(&target.provider))]);
    for (name, value) in [("SubAccountId", &target.account), ("RegionId", &target.region)] {
        if let Some(value) = value {
            json.set(name, Json::of(value));
        }
    }
    json
}

fn prices(source: &PriceSource) -> Json<'static> {
    let mut json = Json::object([
        ("kind", Json::of(&source.kind)),
        ("id", Json::of(&source.id)),
        ("asOf", Json::of(source.as_of)),
    ]);
    if let Some(sha256) = source.sha256 {
        json.set("sha256", Json::of(sha256.hex()));
    }
    json
}

fn source(head: &Head, imported: &Imported) -> Json<'static> {
    let mut json =
        Json::object([("format", Json::of(imported.format)), ("sha256", Json::of(head.source.hex()))]);
    if let Some(version) = &imported.version {
        json.set("version", Json::of(version));
    }
    json
}

fn summary(imported: &Imported, sums: &Sums) -> Json<'static> {
    let coverage = &imported.coverage;
    let usage = coverage.usage_based.max(sums.usage);
    let mut json = Json::object([]);
    for (name, count) in [
        ("totalDetectedResources", coverage.detected),
        ("totalSupportedResources", coverage.supported),
        ("totalUnsupportedResources", coverage.unsupported),
        ("totalNoPriceResources", coverage.without_price),
        ("totalUsageBasedResources", usage),
    ] {
        json.set(name, Json::count(count));
    }
    json
}

/// The only line of an artefact that says why it costs nothing.
fn nothing() -> Draft {
    Draft {
        id: "nothing".to_owned(),
        action: None,
        kind: LineKind::Recurring,
        service: "None".to_owned(),
        unit: "Hours".to_owned(),
        quantity: Decimal::zero(),
        baseline: Decimal::zero(),
        price: Some(Decimal::zero()),
        usage: false,
        basis: None,
        resource_type: None,
        resource: None,
        sku: None,
        region: None,
    }
}

#[derive(Default)]
struct Sums {
    hourly: Decimal,
    past_hourly: Decimal,
    one_time: Decimal,
    usage: u64,
}

impl Sums {
    fn write(&self, json: &mut Json<'static>) {
        let month = Decimal::from(HOURS_PER_MONTH);
        let more = &self.hourly - &self.past_hourly;
        for (name, sum) in [
            ("totalHourlyCost", self.hourly.clone()),
            ("pastTotalHourlyCost", self.past_hourly.clone()),
            ("diffTotalHourlyCost", more.clone()),
            ("totalMonthlyCost", &self.hourly * &month),
            ("pastTotalMonthlyCost", &self.past_hourly * &month),
            ("diffTotalMonthlyCost", &more * &month),
            ("oneTimeCost", self.one_time.clone()),
        ] {
            json.set(name, Json::of(sum.normalized()));
        }
    }
}

fn line(head: &Head, draft: &Draft, sums: &mut Sums, ids: &mut HashSet<String>) -> Json<'static> {
    // Rounded so that nothing becomes cheaper, and that sums can be written exactly.
    let quantity = draft.quantity.rounded_up(QUANTITY_DIGITS).normalized();
    let baseline = rounded_down(&draft.baseline).normalized();
    let digits = SUM_DIGITS - quantity.scale().max(baseline.scale());
    let price = draft.price.as_ref().map(|price| price.rounded_up(digits).normalized());
    if let Some(price) = &price {
        let (now, before) = (&quantity * price, &baseline * price);
        match draft.kind {
            LineKind::Recurring => {
                sums.hourly = &sums.hourly + &now;
                sums.past_hourly = &sums.past_hourly + &before;
            }
            LineKind::OneTime => sums.one_time = &(&sums.one_time + &now) - &before,
            LineKind::PerMonthStep => {}
        }
    }
    sums.usage += u64::from(draft.usage);
    let kind = match draft.kind {
        LineKind::Recurring => "recurring",
        LineKind::OneTime => "one_time",
        LineKind::PerMonthStep => "per_month_step",
    };
    let mut json = Json::object([
        ("x_LineId", Json::of(unique(&draft.id, ids))),
        ("x_Action", Json::of(action(head, draft))),
        ("x_Kind", Json::of(kind)),
        ("ChargeCategory", Json::of("Usage")),
        ("ServiceName", Json::of(&draft.service)),
        ("PricingUnit", Json::of(&draft.unit)),
        ("PricingQuantity", Json::of(quantity)),
        ("x_BaselineQuantity", Json::of(baseline)),
        ("ListUnitPrice", price.map_or(Json::Null, Json::of)),
    ]);
    for (name, value) in [
        ("ResourceId", &draft.resource),
        ("ResourceType", &draft.resource_type),
        ("SkuId", &draft.sku),
        ("RegionId", &draft.region),
        ("x_QuantityBasis", &draft.basis),
    ] {
        if let Some(value) = value {
            json.set(name, Json::of(value));
        }
    }
    if draft.usage {
        json.set("x_UsageEstimated", Json::Bool(true));
    }
    json
}

/// The baseline is rounded the other way: less of it makes the difference larger.
fn rounded_down(quantity: &Decimal) -> Decimal {
    -&(-quantity).rounded_up(QUANTITY_DIGITS)
}

fn action<'h>(head: &'h Head, draft: &'h Draft) -> &'h str {
    let resource = draft.resource.as_deref().unwrap_or(&draft.id);
    let fits = |(beginning, _): &&(String, String)| resource.starts_with(beginning.as_str());
    let longest = head.actions.iter().filter(fits).max_by_key(|(beginning, _)| beginning.len());
    match (longest, &draft.action) {
        (Some((_, action)), _) => action,
        (None, Some(action)) => action,
        (None, None) => &head.action,
    }
}

/// A name of at most 256 bytes that no other line has.
fn unique(id: &str, ids: &mut HashSet<String>) -> String {
    let mut short = id.to_owned();
    if short.len() > 200 {
        let digest = Digest::of(id.as_bytes()).hex();
        let end = (0..=180).rev().find(|end| id.is_char_boundary(*end)).unwrap_or(0);
        short = format!("{}…{}", id.get(..end).unwrap_or_default(), digest.get(..16).unwrap_or_default());
    }
    let mut name = short.clone();
    let mut number = 1u32;
    while !ids.insert(name.clone()) {
        number += 1;
        name = format!("{short} #{number}");
    }
    name
}
