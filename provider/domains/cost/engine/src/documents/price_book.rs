//! The price book: prices that hold without asking anybody.

use jiff::Timestamp;

use super::artifact::{LineKind, is_version_1};
use super::forms::is_currency;
use crate::decimal::Decimal;
use crate::fields::{Fields, Place, Read};
use crate::json::{Digest, Json, digest};

/// A price book.
#[derive(Debug, Clone)]
pub struct PriceBook {
    /// Its name.
    pub id: String,
    /// When its prices held.
    pub as_of: Timestamp,
    /// Currency of its prices.
    pub currency: String,
    /// Prices.
    pub prices: Vec<Price>,
    /// Types of Terraform resources that cost nothing.
    pub free: Vec<String>,
    /// SHA-256 of its canonical form.
    pub digest: Digest,
}

/// A price.
#[derive(Debug, Clone)]
pub struct Price {
    /// Unique in the book.
    pub sku: String,
    /// Service, as bills name it.
    pub service: String,
    /// Unit that is priced, such as `Hours`.
    pub unit: String,
    /// How it is charged.
    pub kind: LineKind,
    /// Price of a unit; for a recurring one that of an hour.
    pub price: Decimal,
    /// Type of the Terraform resources it is for.
    pub resource_type: Option<String>,
    /// Attributes those must have: path such as `default_node_pool.0.vm_size`, and value.
    pub matches: Vec<(String, String)>,
    /// Attributes whose product is the quantity; one where there are none.
    pub quantity_from: Vec<String>,
    /// What that is multiplied with.
    pub factor: Decimal,
    /// What the quantity is, such as `autoscaler-max`.
    pub basis: Option<String>,
    /// Action it belongs to.
    pub action: Option<String>,
    /// Region it holds in.
    pub region: Option<String>,
}

impl PriceBook {
    /// Reads a price book.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn read(value: &Json<'_>) -> Read<Self> {
        let root = Place::Root;
        let mut fields = Fields::of(value, &root)?;
        fields.formed(
            "schema",
            |text| text == "hybridops.cost-price-book",
            "\"hybridops.cost-price-book\"",
        )?;
        fields.formed("schemaVersion", is_version_1, "a version 1.x.y that this program reads")?;
        let id = fields.formed("id", |text| !text.is_empty(), "a text that is not empty")?.to_owned();
        let as_of = fields.moment("asOf")?;
        let currency =
            fields.formed("currency", is_currency, "a currency of ISO 4217 such as EUR")?.to_owned();
        let place = fields.at("prices");
        let mut prices: Vec<Price> = Vec::new();
        for (index, element) in fields.list("prices")?.iter().enumerate() {
            let at = Place::Element(&place, index);
            let price = Price::read(element, &at)?;
            if prices.iter().any(|other| other.sku == price.sku) {
                return Err(
                    Place::Member(&at, "skuId").contradicts(format!("{:?} is there twice", price.sku))
                );
            }
            prices.push(price);
        }
        let free = fields.texts("freeResourceTypes")?;
        fields.finish()?;
        Ok(Self { id, as_of, currency, prices, free, digest: digest(value) })
    }
}

impl Price {
    fn read(value: &Json<'_>, place: &Place<'_>) -> Read<Self> {
        let mut fields = Fields::of(value, place)?;
        let filled = |text: &str| !text.is_empty() && text.chars().count() <= 128;
        let read = Self {
            sku: fields.formed("skuId", filled, "1 to 128 characters")?.to_owned(),
            service: fields.formed("serviceName", filled, "1 to 128 characters")?.to_owned(),
            unit: fields.formed("pricingUnit", filled, "1 to 128 characters")?.to_owned(),
            kind: match fields.text("kind")? {
                "recurring" => LineKind::Recurring,
                "one_time" => LineKind::OneTime,
                "per_month_step" => LineKind::PerMonthStep,
                other => {
                    return Err(fields.at("kind").form(other, "recurring, one_time or per_month_step"));
                }
            },
            price: fields.amount("unitPrice")?,
            resource_type: fields.maybe_text("resourceType")?.map(str::to_owned),
            matches: matches(&mut fields)?,
            quantity_from: fields.texts("quantityFrom")?,
            factor: match fields.optional("quantity")? {
                None => Decimal::from(1),
                Some(_) => fields.amount("quantity")?,
            },
            basis: fields.maybe_text("quantityBasis")?.map(str::to_owned),
            action: fields.maybe_text("action")?.map(str::to_owned),
            region: fields.maybe_text("regionId")?.map(str::to_owned),
        };
        fields.finish()?;
        Ok(read)
    }
}

fn matches(fields: &mut Fields<'_, '_>) -> Read<Vec<(String, String)>> {
    let place = fields.at("match");
    let Some(value) = fields.optional("match")? else { return Ok(Vec::new()) };
    let all = Fields::of(value, &place)?.all_texts()?;
    Ok(all.into_iter().map(|(path, value)| (path.to_owned(), value.to_owned())).collect())
}
