//! Costs as others tell them, made into lines: Infracost of both generations, Terraform plans, price books.
//!
//! Whatever has no price, or no quantity, becomes a line without a price: it is counted, and never nothing.

mod infracost;
mod plan;

use jiff::Timestamp;

use crate::decimal::Decimal;
use crate::documents::{Coverage, LineKind, PriceBook, PriceSource};
use crate::json::{Digest, Json};

/// What was imported.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The lines.
    pub lines: Vec<Draft>,
    /// Currency of the prices, where the source says it.
    pub currency: Option<String>,
    /// What could be priced.
    pub coverage: Coverage,
    /// Where the prices come from, where the source says when they held.
    pub prices: Option<PriceSource>,
    /// What the source is, such as `infracost-0.2`.
    pub format: &'static str,
    /// Version of its format.
    pub version: Option<String>,
    /// SHA-256 of the bytes of a Terraform plan.
    pub plan: Option<Digest>,
    /// What a person should know: what has no price, and why.
    pub notes: Vec<String>,
}

/// A line that is still to be written.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its name; made unique when it is written.
    pub id: String,
    /// Action it belongs to, where the source says it.
    pub action: Option<String>,
    /// How it is charged.
    pub kind: LineKind,
    /// Service, as bills name it.
    pub service: String,
    /// Unit that is priced.
    pub unit: String,
    /// Quantity in the scenario.
    pub quantity: Decimal,
    /// Quantity in the baseline.
    pub baseline: Decimal,
    /// Price of a unit; nothing where there is none.
    pub price: Option<Decimal>,
    /// Whether the quantity is an assumed use.
    pub usage: bool,
    /// What the quantity is.
    pub basis: Option<String>,
    /// Type of the resource.
    pub resource_type: Option<String>,
    /// The resource.
    pub resource: Option<String>,
    /// Which price.
    pub sku: Option<String>,
    /// Region.
    pub region: Option<String>,
}

/// Why something cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Nobody knows what it is.
    #[error(
        "neither a result of Infracost, nor a plan as `terraform show -json` writes it, nor a price book"
    )]
    Unknown,
    /// It is a version nobody knows.
    #[error("{0} is no version that can be read")]
    Version(String),
    /// Something is not there, or something else.
    #[error("{place}: {problem}")]
    Wrong {
        /// Where.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A plan has no prices of its own.
    #[error("a plan says what there will be and not what it costs: a price book is needed")]
    NoBook,
}

impl Imported {
    /// The same, with another import as what was there before.
    ///
    /// # Errors
    /// The two are in different currencies, or this one has a before of its own.
    pub fn since(self, before: Self) -> Result<Self, ImportError> {
        if before.currency != self.currency {
            return Err(ImportError::wrong(
                "currency",
                "is not the one of what comes; currencies are not mixed",
            ));
        }
        if self.lines.iter().any(|line| !line.baseline.is_zero()) {
            return Err(ImportError::wrong("baseline", "what is imported tells what was before itself"));
        }
        let mut lines = self.lines;
        for mut line in before.lines {
            // What was there without a price is left out of the baseline: the difference is larger then, never smaller.
            let Some(price) = line.price.take() else { continue };
            let same = |now: &&mut Draft| {
                now.id == line.id && now.kind == line.kind && now.price.as_ref() == Some(&price)
            };
            if let Some(now) = lines.iter_mut().find(same) {
                now.baseline = line.quantity;
            } else {
                let id = format!("{} (before)", line.id);
                let (quantity, baseline) = (Decimal::zero(), line.quantity);
                lines.push(Draft { id, quantity, baseline, price: Some(price), ..line });
            }
        }
        Ok(Self { lines, ..self })
    }
}

impl ImportError {
    fn wrong(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Wrong { place: place.into(), problem: problem.into() }
    }
}

/// Imports what somebody else wrote. `bytes` are what `value` was read from.
///
/// # Errors
/// It is nothing that is known, or not what it claims to be.
pub fn import(value: &Json<'_>, bytes: &[u8], book: Option<&PriceBook>) -> Result<Imported, ImportError> {
    match (value.get("projects"), value.get("resource_changes")) {
        (Some(_), _) if value.get("version").is_some() => infracost::old(value),
        (Some(_), _) => infracost::new(value),
        (None, Some(_)) => plan::import(value, bytes, book.ok_or(ImportError::NoBook)?),
        (None, None) => Err(ImportError::Unknown),
    }
}

/// Lines of a price book in quantities that somebody names: SKU, quantity in the scenario, quantity in the baseline.
///
/// # Errors
/// The book has no such SKU.
pub fn priced(book: &PriceBook, quantities: &[(String, Decimal, Decimal)]) -> Result<Imported, ImportError> {
    let mut lines = Vec::new();
    for (sku, quantity, baseline) in quantities {
        let price = book.prices.iter().find(|price| price.sku == *sku).ok_or_else(|| {
            ImportError::wrong(sku.as_str(), format!("the price book {} has no such SKU", book.id))
        })?;
        lines.push(plan::line(price, sku.clone(), None, (quantity.clone(), baseline.clone())));
    }
    let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    Ok(Imported {
        lines,
        currency: Some(book.currency.clone()),
        coverage: Coverage { detected: count, supported: count, ..Coverage::default() },
        prices: Some(source(book)),
        format: "price-book",
        version: None,
        plan: None,
        notes: Vec::new(),
    })
}

/// A price book as the source of prices.
#[must_use]
pub fn source(book: &PriceBook) -> PriceSource {
    PriceSource {
        kind: "price-book".to_owned(),
        id: book.id.clone(),
        as_of: book.as_of,
        sha256: Some(book.digest),
    }
}

/// A price with no moment of its own, as of one that somebody names.
#[must_use]
pub fn source_as_of(kind: &str, as_of: Timestamp) -> PriceSource {
    PriceSource { kind: kind.to_owned(), id: kind.to_owned(), as_of, sha256: None }
}
