//! A Terraform plan as `terraform show -json` writes it, priced by a book.

use super::{Draft, ImportError, Imported, source};
use crate::decimal::Decimal;
use crate::documents::{Coverage, Price, PriceBook};
use crate::json::{Digest, Json};

pub(super) fn import(value: &Json<'_>, bytes: &[u8], book: &PriceBook) -> Result<Imported, ImportError> {
    let version = value.get("format_version").and_then(Json::as_text);
    let Some(version) = version.filter(|version| version.starts_with("1.")) else {
        return Err(ImportError::Version(format!("a plan of format {:?}", version.unwrap_or_default())));
    };
    let Some(Json::List(changes)) = value.get("resource_changes") else {
        return Err(ImportError::wrong("resource_changes", "a list is expected"));
    };
    let mut imported = Imported {
        lines: Vec::new(),
        currency: Some(book.currency.clone()),
        coverage: Coverage::default(),
        prices: Some(source(book)),
        format: "terraform-plan",
        version: Some(version.to_owned()),
        plan: Some(Digest::of(bytes)),
        notes: Vec::new(),
    };
    for (index, change) in changes.iter().enumerate() {
        let at = format!("resource_changes[{index}]");
        let text = |name: &str| {
            let text = change.get(name).and_then(Json::as_text);
            text.ok_or_else(|| ImportError::wrong(format!("{at}.{name}"), "missing"))
        };
        // Data is read and costs nothing by being read.
        if change.get("mode").and_then(Json::as_text) == Some("data") {
            continue;
        }
        resource(text("address")?, text("type")?, change, book, &mut imported);
    }
    Ok(imported)
}

fn resource(address: &str, kind: &str, change: &Json<'_>, book: &PriceBook, imported: &mut Imported) {
    let side = |name: &str| {
        let values = change.get("change").and_then(|change| change.get(name));
        values.filter(|values| !matches!(values, Json::Null))
    };
    let (before, after) = (side("before"), side("after"));
    if before.is_none() && after.is_none() {
        return;
    }
    let coverage = &mut imported.coverage;
    coverage.detected += 1;
    if book.free.iter().any(|free| free == kind) {
        coverage.supported += 1;
        return;
    }
    let prices: Vec<&Price> =
        book.prices.iter().filter(|price| price.resource_type.as_deref() == Some(kind)).collect();
    if prices.is_empty() {
        coverage.unsupported += 1;
        imported.notes.push(format!("{address}: the price book {} knows no {kind}", book.id));
        return;
    }
    coverage.supported += 1;
    let mut unpriced = false;
    let mut matched = after.is_none();
    for price in prices {
        let of = |values: Option<&Json<'_>>| {
            values.filter(|values| is_for(price, values)).map(|values| quantity(price, values))
        };
        let (now, then) = (of(after), of(before));
        if now.is_none() && then.is_none() {
            continue;
        }
        matched |= now.is_some();
        let id = format!("{address}/{}", price.sku);
        // A quantity that is known only afterwards is not nothing. One of the baseline that is not known is left out.
        let unknown = matches!(now, Some(None));
        let quantities = (now.flatten().unwrap_or_default(), then.flatten().unwrap_or_default());
        let mut line = line(price, id, Some((address, kind)), quantities);
        if unknown {
            line.price = None;
            unpriced = true;
            let names = price.quantity_from.join(", ");
            imported.notes.push(format!("{address}: {names} is not known before apply, or no number"));
        }
        imported.lines.push(line);
    }
    if !matched {
        unpriced = true;
        imported.notes.push(format!("{address}: no price of the book {} is for what it is", book.id));
        imported.lines.push(without_price(address, kind));
    }
    imported.coverage.without_price += u64::from(unpriced);
}

/// Whether a price is for a resource with these values.
fn is_for(price: &Price, values: &Json<'_>) -> bool {
    price.matches.iter().all(|(path, expected)| match at(values, path) {
        Some(Json::Text(text)) => text == expected,
        Some(Json::Number(number)) => *number == expected,
        Some(Json::Bool(value)) => value.to_string() == *expected,
        _ => false,
    })
}

/// The quantity, where all of it is known.
fn quantity(price: &Price, values: &Json<'_>) -> Option<Decimal> {
    let mut product = price.factor.clone();
    for path in &price.quantity_from {
        let number = match at(values, path)? {
            Json::Number(number) => Decimal::foreign(number)?,
            Json::Text(text) => Decimal::foreign(text)?,
            _ => return None,
        };
        if number.is_negative() {
            return None;
        }
        product = &product * &number;
    }
    Some(product)
}

/// What stands at a path such as `default_node_pool.0.max_count`.
fn at<'j>(values: &'j Json<'j>, path: &str) -> Option<&'j Json<'j>> {
    path.split('.').try_fold(values, |value, part| match value {
        Json::List(elements) => elements.get(part.parse::<usize>().ok()?),
        _ => value.get(part),
    })
}

/// A line by a price of a book; the quantity is told in the scenario and in the baseline.
pub(super) fn line(
    price: &Price,
    id: String,
    resource: Option<(&str, &str)>,
    (quantity, baseline): (Decimal, Decimal),
) -> Draft {
    Draft {
        id,
        action: price.action.clone(),
        kind: price.kind,
        service: price.service.clone(),
        unit: price.unit.clone(),
        quantity,
        baseline,
        price: Some(price.price.clone()),
        usage: false,
        basis: price.basis.clone(),
        resource_type: resource.map(|(_, kind)| kind.to_owned()),
        resource: resource.map(|(address, _)| address.to_owned()),
        sku: Some(price.sku.clone()),
        region: price.region.clone(),
    }
}

fn without_price(address: &str, kind: &str) -> Draft {
    Draft {
        id: format!("{address}/no price"),
        action: None,
        kind: crate::documents::LineKind::Recurring,
        service: kind.to_owned(),
        unit: "Hours".to_owned(),
        quantity: Decimal::from(1),
        baseline: Decimal::zero(),
        price: None,
        usage: false,
        basis: None,
        resource_type: Some(kind.to_owned()),
        resource: Some(address.to_owned()),
        sku: None,
        region: None,
    }
}
