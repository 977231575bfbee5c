//! What the data says of an attribute, in sentences.

use tf_value::Number;

use super::markdown::{expectation, hcl, literal};
use crate::schema::{Attribute, PlanModifier, Presence, Validator};

/// The sentences under an attribute's description, in the order in which a reader asks.
pub(super) fn facts(attribute: &Attribute, read_only: bool) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(advice) = &attribute.deprecated {
        facts.push(format!("**Deprecated.** {}", advice.trim()));
    }
    if read_only {
        // Nobody sets it: nothing is checked, replaced or compared.
        return facts;
    }
    match &attribute.default {
        Some(default) => facts.push(format!("Default: {}.", literal(&hcl(default)))),
        None if attribute.presence == Presence::OptionalComputed => {
            facts.push("Filled in by the provider when unset.".to_owned());
        }
        None => {}
    }
    facts.extend(number(&attribute.validators));
    facts.extend(attribute.validators.iter().filter(|v| !is_numeric(v)).map(sentence));
    facts.extend(attribute.modifiers.iter().filter_map(replacement));
    if let Some(meaning) = attribute.equality.name() {
        facts.push(format!("Compared {meaning}."));
    }
    if attribute.write_only {
        facts.push("Never stored in plan or state. Needs Terraform 1.11 or OpenTofu 1.11.".to_owned());
    }
    facts
}

fn sentence(validator: &Validator) -> String {
    match validator {
        Validator::Each(inner) => format!("Each element must be {}.", all(inner)),
        Validator::Keys(inner) => format!("Each key must be {}.", all(inner)),
        other => format!("Must be {}.", expectation(other)),
    }
}

fn all(validators: &[Validator]) -> String {
    let numeric = number_expectation(validators);
    let others = validators.iter().filter(|v| !is_numeric(v)).map(expectation);
    numeric.into_iter().chain(others).collect::<Vec<_>>().join(" and ")
}

fn replacement(modifier: &PlanModifier) -> Option<String> {
    match modifier {
        PlanModifier::RequiresReplace => Some("A change replaces the object.".to_owned()),
        PlanModifier::RequiresReplaceIfConfigured => {
            Some("A change in the configuration replaces the object.".to_owned())
        }
        PlanModifier::RequiresReplaceIf { when, .. } => {
            Some(format!("A change replaces the object {}.", when.trim_end_matches('.')))
        }
        // Says only how the plan is shown.
        PlanModifier::UseStateForUnknown | PlanModifier::UseNonNullStateForUnknown => None,
    }
}

// === numbers ===

/// What is said of whole numbers, of which the type of a field says so itself.
const WHOLE: &str = "a whole number";

fn is_numeric(validator: &Validator) -> bool {
    matches!(validator, Validator::Range { .. } | Validator::Custom { expected: WHOLE, .. })
}

fn number(validators: &[Validator]) -> Option<String> {
    number_expectation(validators).map(|expectation| format!("Must be {expectation}."))
}

/// The ranges of the type and of the author as one.
fn number_expectation(validators: &[Validator]) -> Option<String> {
    let whole = validators.iter().any(|v| matches!(v, Validator::Custom { expected: WHOLE, .. }));
    let (mut least, mut greatest): (Option<&Number>, Option<&Number>) = (None, None);
    for validator in validators {
        if let Validator::Range { min, max } = validator {
            least = least.max(min.as_ref());
            greatest = match (greatest, max.as_ref()) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }
    // The limits of wide integers tell the reader nothing.
    let wide = |number: &&Number| {
        let limits = [i64::MIN, i64::MAX, i64::from(i32::MIN), i64::from(i32::MAX), i64::from(u32::MAX)];
        !limits.map(Number::from).contains(number) && **number != Number::from(u64::MAX)
    };
    let (least, greatest) = (least.filter(wide), greatest.filter(wide));
    let bounds = match (least, greatest) {
        (None, None) => None,
        (min, max) => Some(Validator::Range { min: min.cloned(), max: max.cloned() }.expectation()),
    };
    match (whole, bounds) {
        (true, Some(bounds)) => Some(format!("{WHOLE}, {bounds}")),
        (true, None) => Some(WHOLE.to_owned()),
        (false, bounds) => bounds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AttributeType;
    use crate::schema::Equality;
    use tf_value::{Type, Value};

    fn of(attribute: &Attribute) -> String {
        facts(attribute, false).join(" ")
    }

    fn range(min: Option<i64>, max: Option<i64>) -> Validator {
        Validator::Range { min: min.map(Number::from), max: max.map(Number::from) }
    }

    #[test]
    fn the_range_of_the_type_and_that_of_the_author_are_one() {
        let port = u16::attribute().validate(range(Some(1), None));
        assert_eq!(of(&port), "Must be a whole number, between 1 and 65535.");
        assert_eq!(of(&u64::attribute()), "Must be a whole number, at least 0.");
        assert_eq!(of(&i64::attribute()), "Must be a whole number.");
        assert_eq!(of(&f64::attribute().validate(range(None, Some(2)))), "Must be at most 2.");
        assert_eq!(of(&Vec::<u8>::attribute()), "Each element must be a whole number, between 0 and 255.");
    }

    #[test]
    fn everything_in_the_data_is_said() {
        let attribute = String::attribute()
            .validate(Validator::OneOf(vec!["a".into(), "b".into()]))
            .validate(Validator::ConflictsWith(vec!["other".to_owned()]))
            .replace()
            .equality(Equality::case_insensitive())
            .default_value("a")
            .deprecated("Use `other`.");
        let expected = "**Deprecated.** Use `other`. Default: `\"a\"`. Must be `\"a\"` or `\"b\"`. \
                        Must be unset where `other` is set. A change replaces the object. \
                        Compared without regard to case.";
        assert_eq!(of(&attribute), expected);
        assert_eq!(facts(&attribute, true), ["**Deprecated.** Use `other`."]);
    }

    #[test]
    fn what_the_provider_fills_in_is_told_from_a_default() {
        let attribute = Attribute::leaf(Type::Bool).presence(Presence::OptionalComputed);
        assert_eq!(of(&attribute), "Filled in by the provider when unset.");
        assert_eq!(of(&attribute.default_value(Value::from(false))), "Default: `false`.");
    }
}
