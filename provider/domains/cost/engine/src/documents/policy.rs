//! The policy: budgets, caps, and how the gate reacts to what it cannot judge.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::artifact::is_version_1;
use super::forms::is_currency;
use crate::decimal::Decimal;
use crate::fields::{Fields, Place, Read};
use crate::json::{Digest, Json, digest};

/// A policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its version, for people.
    pub version: String,
    /// Until when it may be used.
    pub valid_until: Timestamp,
    /// Currency of every amount in it, and of decisions.
    pub currency: String,
    /// Budgets.
    pub budgets: Vec<Budget>,
    /// Limits of one activation.
    pub caps: Caps,
    /// What is asked of artefacts.
    pub artifact: ArtifactRules,
    /// Oldest spend snapshot that is believed, in seconds.
    pub spend_max_age: u64,
    /// The table amounts are converted with; without one nothing is converted.
    pub fx: Option<FxRule>,
    /// Whether credits lower what is compared with limits.
    pub credits: Credits,
    /// Credits there are.
    pub credit_grants: Vec<CreditGrant>,
    /// How often there may be an activation.
    pub rate: RateLimits,
    /// Rules besides budgets that an approval may lift.
    pub overridable: Vec<String>,
    /// Who may approve: name of a key to the key.
    pub approvers: BTreeMap<String, Key>,
    /// Reactions.
    pub on: Reactions,
    /// What it costs to be down, for comparison, in an hour.
    pub outage_cost_per_hour: Option<Decimal>,
    /// Whether the rest of a period is expected to cost what its past did.
    pub forecast: bool,
    /// SHA-256 of its canonical form.
    pub digest: Digest,
}

/// A budget.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Its name.
    pub id: String,
    /// What it is for.
    pub matches: Match,
    /// What it is for in time.
    pub period: Period,
    /// Where its days begin.
    pub timezone: TimeZone,
    /// Most that may be spent; spending just that passes.
    pub limit: Decimal,
    /// From where on it warns; spending just that warns.
    pub warn_at: Option<Decimal>,
    /// Whether an approval may lift it.
    pub overridable: bool,
}

/// What a budget is for: nothing named in a list means anything.
#[derive(Debug, Clone, Default)]
pub struct Match {
    /// Environments.
    pub env: Vec<String>,
    /// Components.
    pub component: Vec<String>,
    /// Owners.
    pub owner: Vec<String>,
    /// Purposes.
    pub purpose: Vec<String>,
    /// Targets.
    pub target: Vec<String>,
}

/// The time a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A calendar month.
    Month,
    /// A quarter of a year.
    Quarter,
    /// A year.
    Year,
    /// One activation.
    Activation,
}

/// Limits of one activation.
#[derive(Debug, Clone, Default)]
pub struct Caps {
    /// Cost in an hour, margin included.
    pub hourly: Option<Decimal>,
    /// Hours.
    pub hours: Option<Decimal>,
    /// Cost in all, margin included.
    pub activation: Option<Decimal>,
}

/// What is asked of artefacts.
#[derive(Debug, Clone)]
pub struct ArtifactRules {
    /// Oldest that is believed, in seconds.
    pub max_age: u64,
    /// Oldest prices that are believed, in seconds.
    pub price_max_age: Option<u64>,
    /// Actions that must be priced.
    pub requires: Vec<String>,
    /// Resources that may be unsupported or without a price.
    pub tolerance: u64,
    /// Keys that may sign; any artefact will do where there are none.
    pub signers: BTreeMap<String, Key>,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Ed25519, 32 bytes.
    pub public: [u8; 32],
    /// Systems whose artefacts it signs; any where there are none.
    pub systems: Vec<String>,
}

/// The table amounts are converted with.
#[derive(Debug, Clone)]
pub struct FxRule {
    /// SHA-256 of the table.
    pub digest: Digest,
    /// Oldest rates that are believed, in seconds.
    pub max_age: u64,
}

/// What credits do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credits {
    /// Limits hold for costs without credits.
    Gross,
    /// Limits hold for costs less credits.
    Net,
}

/// A credit that a provider gave.
#[derive(Debug, Clone)]
pub struct CreditGrant {
    /// Its name.
    pub id: String,
    /// The provider.
    pub provider: String,
    /// What is left of it, in the policy's currency.
    pub amount: Decimal,
    /// When it ends.
    pub expires: Timestamp,
}

/// How often there may be an activation.
#[derive(Debug, Clone, Default)]
pub struct RateLimits {
    /// Activations in 24 hours.
    pub per_day: Option<u64>,
    /// Seconds from the end of one to the next.
    pub cooldown: Option<u64>,
}

/// What is done about what cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It is refused.
    Block,
    /// It is let through with a warning.
    Warn,
}

/// Reactions, each a refusal unless the policy says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Reactions {
    /// There is no artefact.
    pub missing: Reaction,
    /// It is too old.
    pub stale: Reaction,
    /// It is not signed as it must be.
    pub unsigned: Reaction,
    /// Something in it has no price.
    pub uncovered: Reaction,
    /// What was spent is not known, or too old.
    pub stale_spend: Reaction,
    /// No budget is for it.
    pub no_budget: Reaction,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// What is wrong and where. A wrong policy is an error and no verdict.
    pub fn read(value: &Json<'_>) -> Read<Self> {
        let root = Place::Root;
        let mut fields = Fields::of(value, &root)?;
        fields.formed("schema", |text| text == "hybridops.cost-policy", "\"hybridops.cost-policy\"")?;
        fields.formed("schemaVersion", is_version_1, "a version 1.x.y that this program reads")?;
        let version =
            fields.formed("version", |text| !text.is_empty(), "a text that is not empty")?.to_owned();
        let valid_until = fields.moment("validUntil")?;
        let currency =
            fields.formed("currency", is_currency, "a currency of ISO 4217 such as EUR")?.to_owned();
        let budgets = budgets(&mut fields)?;
        let caps = caps(&mut fields)?;
        let artifact = artifact_rules(&mut fields)?;
        let spend_max_age = maybe_count(&mut fields, "spendMaxAge")?.unwrap_or(DAY);
        let fx = fx(&mut fields)?;
        let credits = match fields.maybe_text("credits")? {
            None | Some("gross") => Credits::Gross,
            Some("net") => Credits::Net,
            Some(other) => return Err(fields.at("credits").form(other, "gross or net")),
        };
        let policy = Self {
            version,
            valid_until,
            currency,
            budgets,
            caps,
            artifact,
            spend_max_age,
            fx,
            credits,
            credit_grants: grants(&mut fields)?,
            rate: rate(&mut fields)?,
            overridable: fields.texts("overridable")?,
            approvers: keys(&mut fields, "approvers")?,
            on: Reactions {
                missing: reaction(&mut fields, "on_missing")?,
                stale: reaction(&mut fields, "on_stale")?,
                unsigned: reaction(&mut fields, "on_unsigned")?,
                uncovered: reaction(&mut fields, "on_uncovered")?,
                stale_spend: reaction(&mut fields, "on_stale_spend")?,
                no_budget: reaction(&mut fields, "on_no_budget")?,
            },
            outage_cost_per_hour: maybe_amount(&mut fields, "outageCostPerHour")?,
            forecast: flag(&mut fields, "forecast")?,
            digest: digest(value),
        };
        fields.finish()?;
        Ok(policy)
    }
}

const DAY: u64 = 24 * 3600;

fn maybe_count<'p>(fields: &mut Fields<'_, 'p>, name: &'p str) -> Read<Option<u64>> {
    fields.optional(name)?.map(|_| fields.count(name)).transpose()
}

fn maybe_amount<'p>(fields: &mut Fields<'_, 'p>, name: &'p str) -> Read<Option<Decimal>> {
    fields.optional(name)?.map(|_| fields.amount(name)).transpose()
}

fn flag<'p>(fields: &mut Fields<'_, 'p>, name: &'p str) -> Read<bool> {
    match fields.optional(name)? {
        None => Ok(false),
        Some(Json::Bool(value)) => Ok(*value),
        Some(other) => Err(fields.at(name).form(other.kind(), "true or false")),
    }
}

fn reaction<'p>(fields: &mut Fields<'_, 'p>, name: &'p str) -> Read<Reaction> {
    match fields.maybe_text(name)? {
        None | Some("block") => Ok(Reaction::Block),
        Some("warn") => Ok(Reaction::Warn),
        Some(other) => Err(fields.at(name).form(other, "block or warn")),
    }
}

fn budgets(fields: &mut Fields<'_, '_>) -> Read<Vec<Budget>> {
    let place = fields.at("budgets");
    let mut budgets: Vec<Budget> = Vec::new();
    for (index, element) in fields.list("budgets")?.iter().enumerate() {
        let at = Place::Element(&place, index);
        let budget = budget(element, &at)?;
        if budgets.iter().any(|other| other.id == budget.id) {
            return Err(Place::Member(&at, "id").contradicts(format!("{:?} is there twice", budget.id)));
        }
        budgets.push(budget);
    }
    Ok(budgets)
}

fn budget(value: &Json<'_>, place: &Place<'_>) -> Read<Budget> {
    let mut fields = Fields::of(value, place)?;
    let id = fields
        .formed("id", super::is_component, "a name of lower-case letters, digits and hyphens")?
        .to_owned();
    let matches = matches(&mut fields)?;
    let period = match fields.text("period")? {
        "month" => Period::Month,
        "quarter" => Period::Quarter,
        "year" => Period::Year,
        "activation" => Period::Activation,
        other => return Err(fields.at("period").form(other, "month, quarter, year or activation")),
    };
    let timezone = match fields.maybe_text("timezone")? {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name)
            .map_err(|_| fields.at("timezone").form(name, "a time zone such as Europe/Berlin"))?,
    };
    let limit = fields.amount("limit")?;
    let warn_at = maybe_amount(&mut fields, "warnAt")?;
    if let Some(warn_at) = warn_at.as_ref().filter(|warn_at| **warn_at > limit) {
        return Err(fields.at("warnAt").contradicts(format!("is {warn_at}, above the limit {limit}")));
    }
    let overridable = flag(&mut fields, "overridable")?;
    fields.finish()?;
    Ok(Budget { id, matches, period, timezone, limit, warn_at, overridable })
}

fn matches(fields: &mut Fields<'_, '_>) -> Read<Match> {
    let place = fields.at("match");
    let Some(value) = fields.optional("match")? else { return Ok(Match::default()) };
    let mut inner = Fields::of(value, &place)?;
    let read = Match {
        env: inner.texts("env")?,
        component: inner.texts("component")?,
        owner: inner.texts("owner")?,
        purpose: inner.texts("purpose")?,
        target: inner.texts("target")?,
    };
    inner.finish()?;
    Ok(read)
}

fn caps(fields: &mut Fields<'_, '_>) -> Read<Caps> {
    let place = fields.at("caps");
    let Some(value) = fields.optional("caps")? else { return Ok(Caps::default()) };
    let mut inner = Fields::of(value, &place)?;
    let read = Caps {
        hourly: maybe_amount(&mut inner, "hourly")?,
        hours: maybe_amount(&mut inner, "hours")?,
        activation: maybe_amount(&mut inner, "activation")?,
    };
    inner.finish()?;
    Ok(read)
}

fn artifact_rules(fields: &mut Fields<'_, '_>) -> Read<ArtifactRules> {
    let place = fields.at("artifact");
    let mut inner = Fields::of(fields.required("artifact")?, &place)?;
    let read = ArtifactRules {
        max_age: inner.count("maxAge")?,
        price_max_age: maybe_count(&mut inner, "priceMaxAge")?,
        requires: inner.texts("requires")?,
        tolerance: maybe_count(&mut inner, "tolerance")?.unwrap_or(0),
        signers: keys(&mut inner, "signers")?,
    };
    inner.finish()?;
    Ok(read)
}

fn fx(fields: &mut Fields<'_, '_>) -> Read<Option<FxRule>> {
    let place = fields.at("fx");
    let Some(value) = fields.optional("fx")? else { return Ok(None) };
    let mut inner = Fields::of(value, &place)?;
    let read = FxRule { digest: inner.digest("sha256")?, max_age: inner.count("maxAge")? };
    inner.finish()?;
    Ok(Some(read))
}

fn grants(fields: &mut Fields<'_, '_>) -> Read<Vec<CreditGrant>> {
    let place = fields.at("creditGrants");
    if fields.optional("creditGrants")?.is_none() {
        return Ok(Vec::new());
    }
    let grant = |(index, value): (usize, &Json<'_>)| {
        let at = Place::Element(&place, index);
        let mut inner = Fields::of(value, &at)?;
        let read = CreditGrant {
            id: inner.text("id")?.to_owned(),
            provider: inner.text("provider")?.to_owned(),
            amount: inner.amount("amount")?,
            expires: inner.moment("expires")?,
        };
        inner.finish()?;
        Ok(read)
    };
    fields.list("creditGrants")?.iter().enumerate().map(grant).collect()
}

fn rate(fields: &mut Fields<'_, '_>) -> Read<RateLimits> {
    let place = fields.at("rateLimits");
    let Some(value) = fields.optional("rateLimits")? else { return Ok(RateLimits::default()) };
    let mut inner = Fields::of(value, &place)?;
    let read = RateLimits {
        per_day: maybe_count(&mut inner, "activationsPerDay")?,
        cooldown: maybe_count(&mut inner, "cooldown")?,
    };
    inner.finish()?;
    Ok(read)
}

/// A list of `{keyId, publicKey, systems}`.
fn keys<'p>(fields: &mut Fields<'_, 'p>, name: &'p str) -> Read<BTreeMap<String, Key>> {
    let place = fields.at(name);
    let mut keys = BTreeMap::new();
    if fields.optional(name)?.is_none() {
        return Ok(keys);
    }
    for (index, value) in fields.list(name)?.iter().enumerate() {
        let at = Place::Element(&place, index);
        let mut inner = Fields::of(value, &at)?;
        let id = inner.formed("keyId", |text| !text.is_empty(), "a text that is not empty")?.to_owned();
        let text = inner.text("publicKey")?;
        let public = public_key(text)
            .ok_or_else(|| inner.at("publicKey").form(text, "an Ed25519 public key, 32 bytes in base64"))?;
        let key = Key { public, systems: inner.texts("systems")? };
        inner.finish()?;
        if keys.insert(id.clone(), key).is_some() {
            return Err(Place::Member(&at, "keyId").contradicts(format!("{id:?} is there twice")));
        }
    }
    Ok(keys)
}

fn public_key(text: &str) -> Option<[u8; 32]> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()?.try_into().ok()
}

impl Match {
    /// Whether a budget is for something.
    #[must_use]
    pub fn covers(
        &self,
        env: &str,
        component: &str,
        owner: &str,
        purpose: &str,
        target: Option<&str>,
    ) -> bool {
        let any = |names: &[String], name: &str| names.is_empty() || names.iter().any(|known| known == name);
        any(&self.env, env)
            && any(&self.component, component)
            && any(&self.owner, owner)
            && any(&self.purpose, purpose)
            && (self.target.is_empty() || target.is_some_and(|target| any(&self.target, target)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    const POLICY: &str = include_str!("../../testdata/policy.json");

    fn read(text: &str) -> Read<Policy> {
        Policy::read(&parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_policy_is_read() {
        let policy = read(POLICY).unwrap();
        assert_eq!(policy.budgets[0].id, "prod-dr");
        assert_eq!(policy.on.missing, Reaction::Block);
        assert!(policy.budgets[0].matches.covers("prod", "dr-aks", "platform", "dr", None));
        assert!(!policy.budgets[0].matches.covers("stage", "dr-aks", "platform", "dr", None));
    }

    #[test]
    fn a_wrong_policy_is_an_error() {
        for (from, to, expected) in [
            ("\"limit\": \"500.00\"", "\"limit\": \"-1\"", "budgets[0].limit"),
            ("\"warnAt\": \"400.00\"", "\"warnAt\": \"500.01\"", "above the limit"),
            ("\"period\": \"month\"", "\"period\": \"week\"", "budgets[0].period"),
            ("\"UTC\"", "\"Mars/Olympus\"", "budgets[0].timezone"),
            ("\"on_missing\": \"block\"", "\"on_missing\": \"allow\"", "on_missing"),
            ("\"on_missing\"", "\"on_mising\"", "on_mising: unknown"),
            ("\"id\": \"prod-drill\"", "\"id\": \"prod-dr\"", "budgets[1].id"),
        ] {
            let text = POLICY.replacen(from, to, 1);
            assert_ne!(text, POLICY, "{from}");
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}
