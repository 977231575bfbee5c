//! What was spent, the rates amounts are converted with, and who approved what.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::artifact::is_version_1;
use super::forms::is_currency;
use super::policy::Key;
use crate::decimal::Decimal;
use crate::fields::{Fields, Place, Read};
use crate::json::{Digest, Json, canonical, digest};

/// A snapshot of what was spent.
#[derive(Debug, Clone)]
pub struct Spend {
    /// Currency of its amounts.
    pub currency: String,
    /// When the figures held.
    pub as_of: Timestamp,
    /// By budget and period.
    pub actual: BTreeMap<(String, String), Decimal>,
    /// SHA-256 of its canonical form.
    pub digest: Digest,
}

/// A table of rates.
#[derive(Debug, Clone)]
pub struct FxTable {
    /// Its name.
    pub id: String,
    /// When the rates held.
    pub as_of: Timestamp,
    /// The currency amounts are converted to.
    pub base: String,
    /// How much of the base one of a currency is: converting is a product, and exact.
    pub rates: BTreeMap<String, Decimal>,
    /// SHA-256 of its canonical form.
    pub digest: Digest,
}

/// An approval, whose signature is still to be checked.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its name.
    pub id: String,
    /// What it is for.
    pub scope: Scope,
    /// Most that it lets be spent.
    pub ceiling: Decimal,
    /// Currency of the ceiling.
    pub currency: String,
    /// From when on it holds.
    pub not_before: Timestamp,
    /// Until when it holds.
    pub expires_at: Timestamp,
    /// Who approved.
    pub approver: String,
    /// A second person who approved, where there is one.
    pub second_approver: Option<String>,
    /// Why.
    pub reason: String,
    /// Ids of the rules it lifts.
    pub rules: Vec<String>,
    /// Whether it is used up by one decision.
    pub single_use: bool,
    /// The key it is signed with.
    pub key_id: String,
    signature: Vec<u8>,
    signed: String,
}

/// What an approval is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One set of inputs, by its digest.
    Inputs(Digest),
    /// What is asked for.
    Request {
        /// Environment.
        env: String,
        /// Component.
        component: String,
        /// Purpose.
        purpose: String,
    },
}

/// Longest that an approval may hold.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

impl Spend {
    /// Reads a snapshot.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn read(value: &Json<'_>) -> Read<Self> {
        let root = Place::Root;
        let mut fields = Fields::of(value, &root)?;
        fields.formed("schema", |text| text == "hybridops.cost-spend", "\"hybridops.cost-spend\"")?;
        fields.formed("schemaVersion", is_version_1, "a version 1.x.y that this program reads")?;
        let currency =
            fields.formed("currency", is_currency, "a currency of ISO 4217 such as EUR")?.to_owned();
        let as_of = fields.moment("asOf")?;
        let place = fields.at("spend");
        let mut actual = BTreeMap::new();
        for (index, value) in fields.list("spend")?.iter().enumerate() {
            let at = Place::Element(&place, index);
            let mut entry = Fields::of(value, &at)?;
            let key = (entry.text("budget")?.to_owned(), entry.text("period")?.to_owned());
            let amount = entry.amount("actual")?;
            entry.finish()?;
            if actual.insert(key, amount).is_some() {
                return Err(at.contradicts("the same budget and period are there twice"));
            }
        }
        fields.finish()?;
        Ok(Self { currency, as_of, actual, digest: digest(value) })
    }
}

impl FxTable {
    /// Reads a table.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn read(value: &Json<'_>) -> Read<Self> {
        let root = Place::Root;
        let mut fields = Fields::of(value, &root)?;
        fields.formed("schema", |text| text == "hybridops.cost-fx", "\"hybridops.cost-fx\"")?;
        fields.formed("schemaVersion", is_version_1, "a version 1.x.y that this program reads")?;
        let id = fields.text("id")?.to_owned();
        let as_of = fields.moment("asOf")?;
        let base = fields.formed("base", is_currency, "a currency of ISO 4217 such as EUR")?.to_owned();
        let place = fields.at("rates");
        let value_of_rates = fields.required("rates")?;
        let mut rates = Fields::of(value_of_rates, &place)?;
        let mut read = BTreeMap::new();
        if let Json::Object(members) = value_of_rates {
            for (currency, _) in members {
                if !is_currency(currency) {
                    return Err(Place::Member(&place, currency).form(currency, "a currency of ISO 4217"));
                }
                let rate = rates.decimal(currency)?;
                if rate <= Decimal::zero() {
                    return Err(Place::Member(&place, currency).form(&rate.to_string(), "more than 0"));
                }
                read.insert(currency.clone().into_owned(), rate);
            }
        }
        rates.finish()?;
        fields.finish()?;
        Ok(Self { id, as_of, base, rates: read, digest: digest(value) })
    }

    /// How much of the base one of a currency is.
    #[must_use]
    pub fn rate(&self, currency: &str) -> Option<Decimal> {
        if currency == self.base { Some(Decimal::from(1)) } else { self.rates.get(currency).cloned() }
    }
}

impl Approval {
    /// Reads an approval.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn read(value: &Json<'_>) -> Read<Self> {
        let root = Place::Root;
        let mut fields = Fields::of(value, &root)?;
        fields.formed("schema", |text| text == "hybridops.cost-approval", "\"hybridops.cost-approval\"")?;
        fields.formed("schemaVersion", is_version_1, "a version 1.x.y that this program reads")?;
        let id = fields
            .formed("id", |text| !text.is_empty() && text.chars().count() <= 128, "1 to 128 characters")?
            .to_owned();
        let scope = scope(&mut fields)?;
        let not_before = fields.moment("notBefore")?;
        let expires_at = fields.moment("expiresAt")?;
        if expires_at <= not_before || expires_at.duration_since(not_before) > LONGEST {
            return Err(fields.at("expiresAt").contradicts("must be after notBefore, by 24 hours at most"));
        }
        let approver =
            fields.formed("approver", |text| !text.is_empty(), "a text that is not empty")?.to_owned();
        let second_approver = fields.maybe_text("secondApprover")?.map(str::to_owned);
        if second_approver.as_ref() == Some(&approver) {
            return Err(fields.at("secondApprover").contradicts("is the approver again"));
        }
        let single_use = match fields.required("singleUse")? {
            Json::Bool(value) => *value,
            other => return Err(fields.at("singleUse").form(other.kind(), "true or false")),
        };
        let signature = base64(fields.text("signature")?).ok_or_else(|| {
            fields.at("signature").contradicts("is no Ed25519 signature of 64 bytes in base64")
        })?;
        let approval = Self {
            id,
            scope,
            ceiling: fields.amount("ceiling")?,
            currency: fields
                .formed("currency", is_currency, "a currency of ISO 4217 such as EUR")?
                .to_owned(),
            not_before,
            expires_at,
            approver,
            second_approver,
            reason: fields.formed("reason", |text| !text.is_empty(), "a text that is not empty")?.to_owned(),
            rules: fields.texts("rules")?,
            single_use,
            key_id: fields.text("keyId")?.to_owned(),
            signature,
            signed: Self::signed_text(value),
        };
        fields.finish()?;
        Ok(approval)
    }

    /// What is signed: the canonical form without the signature.
    #[must_use]
    pub fn signed_text(value: &Json<'_>) -> String {
        let mut unsigned = value.clone();
        unsigned.take("signature");
        canonical(&unsigned)
    }

    /// Whether the key signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &Key) -> bool {
        verify(key, self.signed.as_bytes(), &self.signature)
    }
}

/// Whether a key made a signature over bytes.
#[must_use]
pub fn verify(key: &Key, bytes: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key.public).verify(bytes, signature).is_ok()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 64)
}

/// `decisionScope`: `{inputDigest}` or `{env, component, purpose}`.
fn scope(fields: &mut Fields<'_, '_>) -> Read<Scope> {
    let place = fields.at("decisionScope");
    let mut inner = Fields::of(fields.required("decisionScope")?, &place)?;
    let scope = if inner.optional("inputDigest")?.is_some() {
        Scope::Inputs(inner.digest("inputDigest")?)
    } else {
        Scope::Request {
            env: inner.text("env")?.to_owned(),
            component: inner.text("component")?.to_owned(),
            purpose: inner.text("purpose")?.to_owned(),
        }
    };
    inner.finish()?;
    Ok(scope)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;
    use crate::json::parse;

    fn approval(change: impl Fn(String) -> String) -> (Read<Approval>, Key) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let text = change(
            r#"{"schema":"hybridops.cost-approval","schemaVersion":"1.0.0","id":"ap-1",
            "decisionScope":{"env":"prod","component":"dr-aks","purpose":"dr"},"ceiling":"600","currency":"EUR",
            "notBefore":"2026-03-30T20:00:00Z","expiresAt":"2026-03-31T20:00:00Z","approver":"alice","reason":"drill",
            "rules":["budget:prod-dr:2026-03"],"singleUse":true,"keyId":"alice-1"SIGNATURE}"#
                .to_owned(),
        );
        let unsigned = text.replace("SIGNATURE", "");
        let signature = pair.sign(canonical(&parse(unsigned.as_bytes()).unwrap()).as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(signature);
        let signed = text.replace("SIGNATURE", &format!(",\"signature\":\"{signature}\""));
        let public = pair.public_key().as_ref().try_into().unwrap();
        (Approval::read(&parse(signed.as_bytes()).unwrap()), Key { public, systems: Vec::new() })
    }

    #[test]
    fn a_signature_holds_for_what_was_signed() {
        let (read, key) = approval(|text| text);
        let mut read = read.unwrap();
        assert!(read.is_signed_by(&key));
        assert!(!read.is_signed_by(&Key { public: [9; 32], systems: Vec::new() }));
        read.signed = read.signed.replace("600", "900");
        assert!(!read.is_signed_by(&key), "the ceiling was raised afterwards");
    }

    #[test]
    fn approvals_are_short_and_of_two_people() {
        let (long, _) = approval(|text| text.replace("2026-03-31T20:00:00Z", "2026-03-31T20:00:01Z"));
        assert!(long.unwrap_err().to_string().contains("24 hours"));
        let (same, _) =
            approval(|text| text.replace("\"reason\"", "\"secondApprover\":\"alice\",\"reason\""));
        assert!(same.unwrap_err().to_string().contains("approver again"));
    }

    #[test]
    fn spend_and_rates_are_read() {
        let text = br#"{"schema":"hybridops.cost-spend","schemaVersion":"1.0.0","currency":"EUR","asOf":"2026-03-30T06:00:00Z",
            "spend":[{"budget":"prod-dr","period":"2026-03","actual":"312.40"}]}"#;
        let spend = Spend::read(&parse(text).unwrap()).unwrap();
        assert_eq!(spend.actual[&("prod-dr".into(), "2026-03".into())].to_string(), "312.40");
        let text = br#"{"schema":"hybridops.cost-fx","schemaVersion":"1.0.0","id":"ecb","asOf":"2026-03-30T06:00:00Z",
            "base":"EUR","rates":{"USD":"1.08","CHF":"0"}}"#;
        assert!(FxTable::read(&parse(text).unwrap()).unwrap_err().to_string().contains("rates.CHF"));
    }
}
