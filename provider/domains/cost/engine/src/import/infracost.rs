//! Infracost: the JSON of version 0.2, with what was before and what comes; and that of the newer program, which has
//! neither a version nor a before.

use std::collections::HashMap;

use super::{Draft, ImportError, Imported, source_as_of};
use crate::decimal::Decimal;
use crate::documents::{Coverage, HOURS_PER_MONTH, LineKind};
use crate::fields::moment;
use crate::json::Json;

type Read<T> = Result<T, ImportError>;

/// Names of fields, which is most of what the two differ in.
struct Names {
    resource_type: &'static str,
    components: &'static str,
    monthly_quantity: &'static str,
}

const OLD: Names = Names {
    resource_type: "resourceType",
    components: "costComponents",
    monthly_quantity: "monthlyQuantity",
};
const NEW: Names =
    Names { resource_type: "type", components: "cost_components", monthly_quantity: "quantity" };

/// A cost component of a resource.
struct Component {
    resource: String,
    resource_type: String,
    unit: String,
    /// How much, how it is charged and for how much; nothing where that is not known.
    rate: Option<(LineKind, Decimal, Decimal)>,
    usage: bool,
}

/// Components by name, in the order they come.
#[derive(Default)]
struct Components {
    order: Vec<String>,
    by_name: HashMap<String, Component>,
}

/// Version 0.2.
pub(super) fn old(value: &Json<'_>) -> Read<Imported> {
    match value.get("version").and_then(Json::as_text) {
        Some("0.2") => {}
        Some(other) => return Err(ImportError::Version(format!("Infracost {other:?}"))),
        None => return Err(ImportError::wrong("version", "no text is there")),
    }
    let (mut scenario, mut baseline) = (Components::default(), Components::default());
    let projects = list(value, "projects", "")?;
    for (index, project) in projects.iter().enumerate() {
        let at = format!("projects[{index}]");
        let prefix = prefix(project, "name", projects.len(), index);
        for (part, components) in [("breakdown", &mut scenario), ("pastBreakdown", &mut baseline)] {
            let Some(breakdown) = project.get(part).filter(|part| !matches!(part, Json::Null)) else {
                continue;
            };
            let at = format!("{at}.{part}.resources");
            for (index, resource) in list(breakdown, "resources", &at)?.iter().enumerate() {
                components.enter(resource, &OLD, &prefix, &format!("{at}[{index}]"))?;
            }
        }
    }
    let summary = value
        .get("summary")
        .ok_or_else(|| ImportError::wrong("summary", "missing; without it nobody knows what has no price"))?;
    let count = |name: &str| count(summary, name);
    let coverage = Coverage {
        detected: count("totalDetectedResources")?,
        supported: count("totalSupportedResources")?,
        unsupported: count("totalUnsupportedResources")?,
        usage_based: count("totalUsageBasedResources")?,
        // What Infracost counts as without a price is free; what has none is counted by its lines.
        without_price: 0,
        lines_without_price: 0,
    };
    let generated = value.get("timeGenerated").and_then(Json::as_text).and_then(to_the_second);
    let prices = generated.map(|as_of| source_as_of("infracost", as_of));
    imported(value, scenario, baseline, coverage, "infracost", Some("0.2"), prices)
}

/// The newer program.
pub(super) fn new(value: &Json<'_>) -> Read<Imported> {
    let mut scenario = Components::default();
    let mut coverage = Coverage::default();
    let projects = list(value, "projects", "")?;
    for (index, project) in projects.iter().enumerate() {
        let at = format!("projects[{index}].resources");
        let prefix = prefix(project, "project_name", projects.len(), index);
        for (index, resource) in list(project, "resources", &at)?.iter().enumerate() {
            coverage.detected += 1;
            match (resource.get("is_supported"), resource.get("is_free")) {
                (_, Some(Json::Bool(true))) => coverage.supported += 1,
                (Some(Json::Bool(true)), _) => {
                    coverage.supported += 1;
                    scenario.enter(resource, &NEW, &prefix, &format!("{at}[{index}]"))?;
                }
                _ => coverage.unsupported += 1,
            }
        }
    }
    imported(value, scenario, Components::default(), coverage, "infracost", None, None)
}

fn imported(
    value: &Json<'_>,
    scenario: Components,
    baseline: Components,
    coverage: Coverage,
    format: &'static str,
    version: Option<&str>,
    prices: Option<crate::documents::PriceSource>,
) -> Read<Imported> {
    let currency = match value.get("currency").and_then(Json::as_text) {
        Some("") | None => return Err(ImportError::wrong("currency", "missing")),
        Some(currency) => currency.to_owned(),
    };
    let mut notes = Vec::new();
    let mut coverage = coverage;
    let lines = merge(scenario, baseline, &mut notes);
    let without = |draft: &&Draft| draft.price.is_none();
    let mut unpriced: Vec<&Option<String>> =
        lines.iter().filter(without).map(|line| &line.resource).collect();
    unpriced.sort();
    unpriced.dedup();
    coverage.without_price = u64::try_from(unpriced.len()).unwrap_or(u64::MAX);
    let version = version.map(str::to_owned);
    Ok(Imported { lines, currency: Some(currency), coverage, prices, format, version, plan: None, notes })
}

fn list<'j>(value: &'j Json<'j>, name: &str, at: &str) -> Read<&'j [Json<'j>]> {
    match value.get(name) {
        Some(Json::List(elements)) => Ok(elements),
        Some(Json::Null) | None if name != "projects" => Ok(&[]),
        _ => Err(ImportError::wrong(if at.is_empty() { name } else { at }, "a list is expected")),
    }
}

fn count(summary: &Json<'_>, name: &str) -> Read<u64> {
    let place = || format!("summary.{name}");
    match summary.get(name) {
        Some(Json::Number(number)) => {
            number.parse().map_err(|_| ImportError::wrong(place(), format!("{number} is no count")))
        }
        _ => Err(ImportError::wrong(place(), "missing; without it nobody knows what has no price")),
    }
}

/// Names of resources are unique in a project only.
fn prefix(project: &Json<'_>, name: &str, projects: usize, index: usize) -> String {
    match project.get(name).and_then(Json::as_text) {
        _ if projects == 1 => String::new(),
        Some(name) if !name.is_empty() => format!("{name}: "),
        _ => format!("{index}: "),
    }
}

fn to_the_second(text: &str) -> Option<jiff::Timestamp> {
    let exact = moment(text).or_else(|| text.parse().ok())?;
    jiff::Timestamp::from_second(exact.as_second()).ok()
}

/// A number as Infracost writes it: a text or a number of JSON, or nothing.
fn number(value: Option<&Json<'_>>, place: &str) -> Read<Option<Decimal>> {
    let text = match value {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Number(text)) => text,
        Some(Json::Text(text)) => text.as_ref(),
        Some(other) => return Err(ImportError::wrong(place, format!("{} is no number", other.kind()))),
    };
    match Decimal::foreign(text) {
        Some(number) => Ok(Some(number)),
        None => Err(ImportError::wrong(place, format!("{text:?} is no number"))),
    }
}

impl Components {
    /// Takes a resource, and what is below it.
    fn enter(&mut self, resource: &Json<'_>, names: &Names, prefix: &str, at: &str) -> Read<()> {
        let name = resource
            .get("name")
            .and_then(Json::as_text)
            .ok_or_else(|| ImportError::wrong(format!("{at}.name"), "missing"))?;
        let kind = resource.get(names.resource_type).and_then(Json::as_text).unwrap_or_default();
        self.below(resource, names, &format!("{prefix}{name}"), (name, kind), at)
    }

    fn below(
        &mut self,
        value: &Json<'_>,
        names: &Names,
        path: &str,
        resource: (&str, &str),
        at: &str,
    ) -> Read<()> {
        let place = format!("{at}.{}", names.components);
        for (index, component) in list(value, names.components, &place)?.iter().enumerate() {
            let at = format!("{place}[{index}]");
            let name = component.get("name").and_then(Json::as_text).unwrap_or("component");
            let mut key = format!("{path}/{name}");
            while self.by_name.contains_key(&key) {
                key.push('+');
            }
            let component = Component {
                resource: resource.0.to_owned(),
                resource_type: resource.1.to_owned(),
                unit: component.get("unit").and_then(Json::as_text).unwrap_or("units").to_owned(),
                rate: rate(component, names, &at)?,
                usage: is_usage(component),
            };
            self.order.push(key.clone());
            self.by_name.insert(key, component);
        }
        let place = format!("{at}.subresources");
        for (index, inner) in list(value, "subresources", &place)?.iter().enumerate() {
            let name = inner.get("name").and_then(Json::as_text).unwrap_or("part");
            self.below(inner, names, &format!("{path}/{name}"), resource, &format!("{place}[{index}]"))?;
        }
        Ok(())
    }
}

fn is_usage(component: &Json<'_>) -> bool {
    let by_use = |value: &Json<'_>| match value {
        Json::Text(text) => Decimal::foreign(text).is_some_and(|cost| !cost.is_zero()),
        Json::Number(text) => Decimal::foreign(text).is_some_and(|cost| !cost.is_zero()),
        _ => false,
    };
    component.get("usageBased") == Some(&Json::Bool(true))
        || component.get("usage_monthly_cost").is_some_and(by_use)
}

/// How a component is charged: nothing where its price or quantity is not known.
fn rate(component: &Json<'_>, names: &Names, at: &str) -> Read<Option<(LineKind, Decimal, Decimal)>> {
    let read = |name: &str| number(component.get(name), &format!("{at}.{name}"));
    let is_new = names.monthly_quantity == NEW.monthly_quantity;
    let (price, monthly) = (read("price")?, read(names.monthly_quantity)?);
    let hourly = if is_new { None } else { read("hourlyQuantity")? };
    if component.get("priceNotFound") == Some(&Json::Bool(true)) {
        return Ok(None);
    }
    // The newer program writes nothing as 0, be it a price it did not find or a use it does not know.
    let known = |number: Option<Decimal>| number.filter(|number| !(is_new && number.is_zero()));
    let Some(price) = known(price) else { return Ok(None) };
    let month = Decimal::from(HOURS_PER_MONTH);
    let unit = component.get("unit").and_then(Json::as_text).unwrap_or_default();
    Ok(match (hourly, known(monthly)) {
        (_, Some(monthly)) if matches!(unit, "months" | "month") => {
            Some((LineKind::PerMonthStep, monthly, price))
        }
        (Some(hourly), monthly) if monthly.as_ref().is_none_or(|monthly| *monthly == &hourly * &month) => {
            Some((LineKind::Recurring, hourly, price))
        }
        (_, Some(monthly)) => match monthly.divided_up(HOURS_PER_MONTH, 9) {
            // A whole number of units an hour, such as machines.
            Some(hourly) if &hourly * &month == monthly => {
                Some((LineKind::Recurring, hourly.normalized(), price))
            }
            _ => price.divided_up(HOURS_PER_MONTH, 18).map(|price| (LineKind::Recurring, monthly, price)),
        },
        (Some(hourly), None) => Some((LineKind::Recurring, hourly, price)),
        (None, None) => None,
    })
}

/// Lines of what comes and what was before. A price that changed makes two of them.
fn merge(scenario: Components, mut baseline: Components, notes: &mut Vec<String>) -> Vec<Draft> {
    let mut lines = Vec::new();
    let mut scenario = scenario;
    for name in scenario.order {
        let Some(now) = scenario.by_name.remove(&name) else { continue };
        let before = baseline.by_name.remove(&name).and_then(|before| before.rate);
        match (&now.rate, before) {
            (None, _) => {
                notes.push(format!("{name}: no price or no quantity; it is counted as one without a price"));
                lines.push(draft(name, &now, None, Decimal::zero(), Decimal::zero()));
            }
            (Some((kind, quantity, price)), Some((kind_before, before, price_before)))
                if *kind == kind_before && *price == price_before =>
            {
                lines.push(draft(name, &now, Some((*kind, price.clone())), quantity.clone(), before));
            }
            (Some((kind, quantity, price)), before) => {
                let rate = Some((*kind, price.clone()));
                lines.push(draft(name.clone(), &now, rate, quantity.clone(), Decimal::zero()));
                if let Some((kind, before, price)) = before {
                    let name = format!("{name} (before)");
                    lines.push(draft(name, &now, Some((kind, price)), Decimal::zero(), before));
                }
            }
        }
    }
    for name in baseline.order {
        let Some(before) = baseline.by_name.remove(&name) else { continue };
        // What is left out of the baseline makes the difference larger, never smaller.
        if let Some((kind, quantity, price)) = before.rate.clone() {
            lines.push(draft(name, &before, Some((kind, price)), Decimal::zero(), quantity));
        }
    }
    lines
}

fn draft(
    id: String,
    component: &Component,
    rate: Option<(LineKind, Decimal)>,
    quantity: Decimal,
    baseline: Decimal,
) -> Draft {
    let service = if component.resource_type.is_empty() {
        "Infracost".to_owned()
    } else {
        component.resource_type.clone()
    };
    let (kind, price) = rate.map_or((LineKind::Recurring, None), |(kind, price)| (kind, Some(price)));
    let unit = match component.unit.as_str() {
        "hours" => "Hours",
        "months" => "Months",
        other => other,
    };
    Draft {
        id,
        action: None,
        kind,
        service,
        unit: unit.to_owned(),
        quantity,
        baseline,
        price,
        usage: component.usage,
        basis: None,
        resource_type: Some(component.resource_type.clone()).filter(|kind| !kind.is_empty()),
        resource: Some(component.resource.clone()),
        sku: None,
        region: None,
    }
}
