//! The cost artefact: what a pipeline says a scenario costs.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::MAX_LINES;
use super::forms::{HOURS_PER_MONTH, is_component, is_currency, is_env, is_run_id};
use crate::decimal::Decimal;
use crate::fields::{Fields, Place, Read};
use crate::json::{Digest, Json, digest};

/// A cost artefact, checked in itself: its totals are those of its lines, its tags those of its head.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Which run of a pipeline wrote it.
    pub run_id: String,
    /// What it is the cost of.
    pub component: String,
    /// Currency of every amount in it.
    pub currency: String,
    /// When it was made.
    pub generated: Timestamp,
    /// Until when it may be used.
    pub valid_until: Timestamp,
    /// The tags every artefact carries.
    pub tags: Tags,
    /// The system that wrote it, such as `github-actions`.
    pub emitter: String,
    /// What the costs are of.
    pub scenario: String,
    /// What they are compared with.
    pub baseline: String,
    /// Actions that the emitter says belong to the scenario.
    pub requires: Vec<String>,
    /// Where it would run.
    pub target: Option<Target>,
    /// What it adds to the baseline.
    pub incremental: Incremental,
    /// Actions that have a line, each with whether all its lines have a price.
    pub actions: BTreeSet<String>,
    /// Resources it names, to find those that two artefacts count.
    pub resources: BTreeSet<String>,
    /// How much the costs may be exceeded, in percent.
    pub uncertainty_percent: Decimal,
    /// What could be priced.
    pub coverage: Coverage,
    /// Where the prices come from.
    pub prices: PriceSource,
    /// Why it costs nothing, where it does.
    pub zero_cost_reason: Option<String>,
    /// Number of lines.
    pub lines: usize,
    /// SHA-256 of its canonical form.
    pub digest: Digest,
}

/// The five tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// `cost:env`.
    pub env: String,
    /// `cost:owner`.
    pub owner: String,
    /// `cost:component`.
    pub component: String,
    /// `cost:run_id`.
    pub run_id: String,
    /// `cost:purpose`: dr, burst, drill or baseline.
    pub purpose: String,
}

/// Where a scenario would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `Microsoft`, `Google`, `AWS`, or a name of one's own.
    pub provider: String,
    /// Account, subscription or project.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
}

/// Where prices come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSource {
    /// `price-book`, or another kind.
    pub kind: String,
    /// Its name.
    pub id: String,
    /// When the prices held.
    pub as_of: Timestamp,
    /// SHA-256 of the price book.
    pub sha256: Option<Digest>,
}

/// How many resources could be priced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Resources found.
    pub detected: u64,
    /// Of a type that can be priced.
    pub supported: u64,
    /// Of a type that cannot.
    pub unsupported: u64,
    /// Without a price.
    pub without_price: u64,
    /// Priced by an assumed use.
    pub usage_based: u64,
    /// Lines without a price, counted here.
    pub lines_without_price: u64,
}

/// Scenario less baseline.
#[derive(Debug, Clone, Default)]
pub struct Incremental {
    /// For each hour.
    pub hourly: Sums,
    /// For each activation.
    pub one_time: Sums,
    /// For each month that is touched.
    pub month_step: Sums,
}

/// An amount, and the credits in it.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// Without credits.
    pub gross: Decimal,
    /// Credits and adjustments below nothing, as a number that is not positive.
    pub credits: Decimal,
}

/// How a line is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// By the hour.
    Recurring,
    /// Once for each activation.
    OneTime,
    /// By the month, whole.
    PerMonthStep,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Unique in the artefact.
    pub id: String,
    /// The action it belongs to.
    pub action: String,
    /// How it is charged.
    pub kind: LineKind,
    /// Whether it is a credit or an adjustment.
    pub is_credit: bool,
    /// Quantity in the scenario.
    pub quantity: Decimal,
    /// Quantity in the baseline.
    pub baseline: Decimal,
    /// Price of a unit; nothing where there is none.
    pub price: Option<Decimal>,
    /// The resource.
    pub resource: Option<String>,
}

const CATEGORIES: [&str; 5] = ["Usage", "Purchase", "Tax", "Credit", "Adjustment"];
/// What money may be spent for.
pub(crate) const PURPOSES: [&str; 4] = ["dr", "burst", "drill", "baseline"];
/// Longest that an artefact may say it is valid.
const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Artifact {
    /// Reads an artefact.
    ///
    /// # Errors
    /// What is wrong and where; contradictions within the artefact are wrong too.
    pub fn read(value: &Json<'_>) -> Read<Self> {
        let root = Place::Root;
        let mut fields = Fields::of(value, &root)?;
        head(&mut fields)?;
        let run_id = fields.formed("runId", is_run_id, RUN_ID)?.to_owned();
        let component = fields.formed("component", is_component, NAME)?.to_owned();
        let currency =
            fields.formed("currency", is_currency, "a currency of ISO 4217 such as EUR")?.to_owned();
        let generated = fields.moment("timeGenerated")?;
        let valid_until = fields.moment("validUntil")?;
        if valid_until <= generated || valid_until.duration_since(generated) > LONGEST {
            return Err(fields
                .at("validUntil")
                .contradicts("must be after timeGenerated, by 90 days at most"));
        }
        let tags = tags(&mut fields, &run_id, &component)?;
        let emitter = emitter(&mut fields)?;
        let scenario = fields.text("scenario")?.to_owned();
        let baseline = fields.text("baseline")?.to_owned();
        let requires = fields.texts("requires")?;
        let target = target(&mut fields)?;
        let mut book = Book::default();
        let lines = lines(&mut fields, &mut book)?;
        book.totals(&mut fields)?;
        let uncertainty_percent = fields.amount("uncertaintyPercent")?;
        if uncertainty_percent > Decimal::from(500) {
            return Err(fields
                .at("uncertaintyPercent")
                .form(&uncertainty_percent.to_string(), "at most 500"));
        }
        let coverage = Coverage { lines_without_price: book.without_price, ..coverage(&mut fields)? };
        let prices = prices(&mut fields)?;
        fields.optional("planSha256")?.map(|_| fields.digest("planSha256")).transpose()?;
        source(&mut fields)?;
        fx(&mut fields)?;
        let zero_cost_reason = fields.maybe_text("x_ZeroCostReason")?.map(str::to_owned);
        fields.finish()?;
        Ok(Self {
            run_id,
            component,
            currency,
            generated,
            valid_until,
            tags,
            emitter,
            scenario,
            baseline,
            requires,
            target,
            incremental: book.incremental,
            actions: book.actions,
            resources: book.resources,
            uncertainty_percent,
            coverage,
            prices,
            zero_cost_reason,
            lines,
            digest: digest(value),
        })
    }
}

const NAME: &str = "a name of lower-case letters, digits and hyphens, at most 63";
const RUN_ID: &str = "a run id: letters, digits, `.`, `_` and `-`, at most 128, without `..`";

fn head(fields: &mut Fields<'_, '_>) -> Read<()> {
    fields.formed("schema", |text| text == "hybridops.cost-artifact", "\"hybridops.cost-artifact\"")?;
    fields.formed("schemaVersion", is_version_1, "a version 1.x.y that this program reads")?;
    fields.formed("hoursPerMonth", |text| text == "730", "\"730\", the only one there is")?;
    Ok(())
}

pub(crate) fn is_version_1(text: &str) -> bool {
    let mut parts = text.split('.');
    let number = |part: Option<&str>| {
        part.is_some_and(|part| {
            !part.is_empty() && part.len() < 6 && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    parts.next() == Some("1") && number(parts.next()) && number(parts.next()) && parts.next().is_none()
}

fn tags(fields: &mut Fields<'_, '_>, run_id: &str, component: &str) -> Read<Tags> {
    let place = fields.at("tags");
    let value = fields.required("tags")?;
    let mut tags = Fields::of(value, &place)?;
    let read = Tags {
        env: tags.formed("cost:env", is_env, NAME)?.to_owned(),
        owner: tags
            .formed(
                "cost:owner",
                |text| !text.is_empty() && text.chars().count() <= 63,
                "1 to 63 characters",
            )?
            .to_owned(),
        component: tags.text("cost:component")?.to_owned(),
        run_id: tags.text("cost:run_id")?.to_owned(),
        purpose: tags
            .formed("cost:purpose", |text| PURPOSES.contains(&text), "dr, burst, drill or baseline")?
            .to_owned(),
    };
    // Others may be there, too.
    Fields::of(value, &place)?.all_texts()?;
    if read.component != component {
        return Err(tags
            .at("cost:component")
            .contradicts(format!("is {:?}, but component is {component:?}", read.component)));
    }
    if read.run_id != run_id {
        return Err(tags
            .at("cost:run_id")
            .contradicts(format!("is {:?}, but runId is {run_id:?}", read.run_id)));
    }
    Ok(read)
}

fn emitter(fields: &mut Fields<'_, '_>) -> Read<String> {
    let place = fields.at("emitter");
    let mut emitter = Fields::of(fields.required("emitter")?, &place)?;
    let system = emitter.text("system")?.to_owned();
    for name in ["repository", "commit", "pipelineRun", "tool", "toolVersion"] {
        emitter.maybe_text(name)?;
    }
    emitter.finish()?;
    Ok(system)
}

fn target(fields: &mut Fields<'_, '_>) -> Read<Option<Target>> {
    let place = fields.at("target");
    let Some(value) = fields.optional("target")? else { return Ok(None) };
    let mut target = Fields::of(value, &place)?;
    let read = Target {
        provider: target.text("ProviderName")?.to_owned(),
        account: target.maybe_text("SubAccountId")?.map(str::to_owned),
        region: target.maybe_text("RegionId")?.map(str::to_owned),
    };
    target.finish()?;
    Ok(Some(read))
}

fn coverage(fields: &mut Fields<'_, '_>) -> Read<Coverage> {
    let place = fields.at("summary");
    let mut summary = Fields::of(fields.required("summary")?, &place)?;
    let read = Coverage {
        detected: summary.count("totalDetectedResources")?,
        supported: summary.count("totalSupportedResources")?,
        unsupported: summary.count("totalUnsupportedResources")?,
        without_price: summary.count("totalNoPriceResources")?,
        usage_based: summary.count("totalUsageBasedResources")?,
        lines_without_price: 0,
    };
    summary.finish()?;
    Ok(read)
}

/// What it was made from: told, and not judged.
fn source(fields: &mut Fields<'_, '_>) -> Read<()> {
    let place = fields.at("source");
    let Some(value) = fields.optional("source")? else { return Ok(()) };
    let mut source = Fields::of(value, &place)?;
    source.text("format")?;
    source.maybe_text("version")?;
    source.digest("sha256")?;
    source.finish()
}

/// The table its emitter converted prices with: told, and not judged.
fn fx(fields: &mut Fields<'_, '_>) -> Read<()> {
    let place = fields.at("fx");
    let Some(value) = fields.optional("fx")? else { return Ok(()) };
    let mut fx = Fields::of(value, &place)?;
    fx.text("id")?;
    fx.moment("asOf")?;
    fx.digest("sha256")?;
    fx.finish()
}

/// Tags of a line, which are texts.
fn line_tags(fields: &mut Fields<'_, '_>) -> Read<()> {
    let place = fields.at("Tags");
    let Some(value) = fields.optional("Tags")? else { return Ok(()) };
    Fields::of(value, &place)?.all_texts().map(drop)
}

fn prices(fields: &mut Fields<'_, '_>) -> Read<PriceSource> {
    let place = fields.at("priceSource");
    let mut source = Fields::of(fields.required("priceSource")?, &place)?;
    let read = PriceSource {
        kind: source.text("kind")?.to_owned(),
        id: source.text("id")?.to_owned(),
        as_of: source.moment("asOf")?,
        sha256: source.optional("sha256")?.map(|_| source.digest("sha256")).transpose()?,
    };
    source.finish()?;
    Ok(read)
}

fn lines(fields: &mut Fields<'_, '_>, book: &mut Book) -> Read<usize> {
    let place = fields.at("lines");
    let elements = fields.list("lines")?;
    if elements.is_empty() || elements.len() > MAX_LINES {
        return Err(place.form(&elements.len().to_string(), format!("1 to {MAX_LINES} lines")));
    }
    let mut ids = std::collections::HashSet::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let at = Place::Element(&place, index);
        let line = Line::read(element, &at)?;
        if !ids.insert(line.id.clone()) {
            return Err(Place::Member(&at, "x_LineId").contradicts(format!("{:?} is there twice", line.id)));
        }
        book.enter(line);
    }
    Ok(elements.len())
}

impl Line {
    fn read(value: &Json<'_>, place: &Place<'_>) -> Read<Self> {
        let mut fields = Fields::of(value, place)?;
        let id = fields.formed(
            "x_LineId",
            |text| !text.is_empty() && text.chars().count() <= 256,
            "1 to 256 characters",
        )?;
        let action = fields.formed(
            "x_Action",
            |text| !text.is_empty() && text.chars().count() <= 128,
            "1 to 128 characters",
        )?;
        let kind = match fields.text("x_Kind")? {
            "recurring" => LineKind::Recurring,
            "one_time" => LineKind::OneTime,
            "per_month_step" => LineKind::PerMonthStep,
            other => return Err(fields.at("x_Kind").form(other, "recurring, one_time or per_month_step")),
        };
        let category = fields.formed("ChargeCategory", |text| CATEGORIES.contains(&text), CATEGORIES_TOLD)?;
        for name in ["ServiceName", "PricingUnit"] {
            fields.formed(name, |text| !text.is_empty(), "a text that is not empty")?;
        }
        let quantity = fields.amount("PricingQuantity")?;
        let baseline = fields.amount("x_BaselineQuantity")?;
        let list = fields.maybe_decimal("ListUnitPrice")?;
        let contracted = fields.maybe_decimal("ContractedUnitPrice")?;
        let is_credit = matches!(category, "Credit" | "Adjustment");
        for (name, price) in [("ListUnitPrice", &list), ("ContractedUnitPrice", &contracted)] {
            if let Some(price) = price.as_ref().filter(|price| price.is_negative() && !is_credit) {
                return Err(fields
                    .at(name)
                    .form(&price.to_string(), "0 or more, for this is neither Credit nor Adjustment"));
            }
        }
        let resource = fields.maybe_text("ResourceId")?.map(str::to_owned);
        for name in ["ResourceType", "SkuId", "RegionId"] {
            fields.maybe_text(name)?;
        }
        line_tags(&mut fields)?;
        let (id, action) = (id.to_owned(), action.to_owned());
        fields.finish()?;
        Ok(Self { id, action, kind, is_credit, quantity, baseline, price: contracted.or(list), resource })
    }
}

const CATEGORIES_TOLD: &str = "Usage, Purchase, Tax, Credit or Adjustment";

/// Sums of lines as they are read.
#[derive(Default)]
struct Book {
    hourly: Decimal,
    past_hourly: Decimal,
    one_time: Decimal,
    incremental: Incremental,
    actions: BTreeSet<String>,
    resources: BTreeSet<String>,
    without_price: u64,
}

impl Book {
    fn enter(&mut self, line: Line) {
        if let Some(resource) = line.resource {
            self.resources.insert(resource);
        }
        let Some(price) = line.price else {
            self.without_price += 1;
            return;
        };
        self.actions.insert(line.action);
        let now = &line.quantity * &price;
        let before = &line.baseline * &price;
        let more = &now - &before;
        let sums = match line.kind {
            LineKind::Recurring => {
                self.hourly = &self.hourly + &now;
                self.past_hourly = &self.past_hourly + &before;
                &mut self.incremental.hourly
            }
            LineKind::OneTime => {
                self.one_time = &self.one_time + &more;
                &mut self.incremental.one_time
            }
            LineKind::PerMonthStep => &mut self.incremental.month_step,
        };
        let part = if line.is_credit { &mut sums.credits } else { &mut sums.gross };
        *part = &*part + &more;
    }

    /// The stated totals must be those of the lines, exactly.
    fn totals(&self, fields: &mut Fields<'_, '_>) -> Read<()> {
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
            let stated = fields.decimal(name)?;
            if stated != sum {
                return Err(fields
                    .at(name)
                    .contradicts(format!("is {stated}, but the lines make {}", sum.normalized())));
            }
        }
        Ok(())
    }
}

impl Default for Decimal {
    fn default() -> Self {
        Self::zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    const VECTOR: &str = include_str!("../../testdata/cost-run-gha-18273645-1.json");

    fn read(text: &str) -> Read<Artifact> {
        Artifact::read(&parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn the_published_vector_is_read_and_digested() {
        let artifact = read(VECTOR).unwrap();
        assert_eq!(artifact.digest.hex(), "a89cdf30e42743078c56e3a69a9f09f19a799c289b5e70d9fbfe0227131228ca");
        assert_eq!(artifact.incremental.hourly.gross.to_string(), "0.8419");
        assert_eq!(artifact.incremental.one_time.gross.to_string(), "15.0000");
        assert_eq!(artifact.actions.len(), 3);
        assert_eq!(artifact.lines, 5);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (from, to, expected) in [
            ("\"1.0.0\"", "\"2.0.0\"", "schemaVersion"),
            ("\"730\"", "\"720\"", "hoursPerMonth"),
            ("\"EUR\"", "\"EURO\"", "currency"),
            ("\"component\": \"dr-aks\"", "\"component\": \"dr_aks\"", "component"),
            ("\"cost:component\": \"dr-aks\"", "\"cost:component\": \"other\"", "tags.cost:component"),
            ("\"cost:run_id\": \"gha-18273645-1\"", "\"cost:run_id\": \"x\"", "tags.cost:run_id"),
            ("\"cost:owner\": \"platform\", ", "", "tags.cost:owner: missing"),
            ("\"2026-04-06T20:05:11Z\"", "\"2026-03-30T20:05:11Z\"", "validUntil"),
            ("\"2026-04-06T20:05:11Z\"", "\"2027-04-06T20:05:11Z\"", "validUntil"),
            ("\"x_LineId\": \"pg-large\"", "\"x_LineId\": \"pg-small\"", "lines[3].x_LineId"),
            ("\"x_Kind\": \"one_time\"", "\"x_Kind\": \"yearly\"", "lines[4].x_Kind"),
            ("\"PricingQuantity\": \"200\"", "\"PricingQuantity\": \"2e2\"", "lines[4].PricingQuantity"),
            ("\"PricingQuantity\": \"200\"", "\"PricingQuantity\": 200", "lines[4].PricingQuantity"),
            ("\"PricingQuantity\": \"200\"", "\"PricingQuantity\": \"-200\"", "lines[4].PricingQuantity"),
            ("\"ListUnitPrice\": \"0.0750\"", "\"ListUnitPrice\": \"-0.0750\"", "lines[4].ListUnitPrice"),
            ("\"totalHourlyCost\": \"1.0469\"", "\"totalHourlyCost\": \"1.0468\"", "the lines make 1.0469"),
            ("\"uncertaintyPercent\": \"20\"", "\"uncertaintyPercent\": \"501\"", "uncertaintyPercent"),
            ("\"summary\"", "\"sumary\"", "summary: missing"),
            ("\"scenario\": \"dr-active\"", "\"scenario\": \"dr-active\", \"note\": \"x\"", "note: unknown"),
            ("\"scenario\": \"dr-active\"", "\"scenario\": null", "scenario"),
        ] {
            let text = VECTOR.replacen(from, to, 1);
            assert_ne!(text, VECTOR, "{from}");
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        let own = VECTOR.replacen("\"scenario\"", "\"x_Note\": {\"a\": []}, \"scenario\"", 1);
        assert!(read(&own).is_ok(), "fields of one's own begin with x_");
    }

    #[test]
    fn a_line_without_a_price_is_counted_and_its_action_not_priced() {
        let text = VECTOR
            .replacen(
                "\"ListUnitPrice\": \"0.0750\", \"ContractedUnitPrice\": \"0.0750\"",
                "\"ListUnitPrice\": null",
                1,
            )
            .replacen("\"oneTimeCost\": \"15.0000\"", "\"oneTimeCost\": \"0\"", 1);
        let artifact = read(&text).unwrap();
        assert_eq!(artifact.coverage.lines_without_price, 1);
        assert!(!artifact.actions.contains("traffic.cutover"));
    }
}
