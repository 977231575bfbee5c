//! How the small parts of a description are spelled.

use catalogue::description::{
    Availability, Choice, Filter, Identity, Key, Literal, Nature, Offers, Presence, TargetChoice, Version,
};

/// The name of a constant.
pub fn constant(name: &str) -> String {
    name.replace(['-', '.'], "_").to_uppercase()
}

/// A version.
pub fn version(of: Version) -> String {
    format!("Version::new({}, {})", of.major, of.minor)
}

/// In which versions something is.
pub fn availability(available: Availability) -> String {
    let short =
        |name: &str, version: Version| format!("Availability::{name}({}, {})", version.major, version.minor);
    match (available.since, available.until) {
        (None, None) => "Availability::ALWAYS".to_owned(),
        (Some(since), None) => short("since", since),
        (None, Some(until)) => short("until", until),
        (Some(since), Some(until)) => {
            format!("Availability::between({}, {})", version(since), version(until))
        }
    }
}

/// Who sets a field.
pub fn presence(of: Presence) -> String {
    match of {
        Presence::Required => "Presence::Required".to_owned(),
        Presence::RequiredIn(available) => format!("Presence::RequiredIn({})", availability(available)),
        Presence::Optional => "Presence::Optional".to_owned(),
        Presence::OptionalComputed(from) => format!("Presence::OptionalComputed(&{from:?})"),
        Presence::ReadOnly => "Presence::ReadOnly".to_owned(),
    }
}

/// A constant value.
pub fn literal(of: Literal) -> String {
    match of {
        Literal::Bool(value) => format!("Literal::Bool({value})"),
        Literal::Integer(value) => format!("Literal::Integer({value})"),
        Literal::Decimal(value) => format!("Literal::Decimal({value:?})"),
        Literal::Text(value) => format!("Literal::Text({value:?})"),
    }
}

/// A list of values.
pub fn choices(values: &[Choice]) -> String {
    let spelled: Vec<String> = values
        .iter()
        .map(|choice| {
            let base = format!("value({:?})", choice.value);
            within("Choice", choice.available, base)
        })
        .collect();
    format!("&[{}]", spelled.join(", "))
}

/// A list of kinds that may be pointed to.
pub fn targets(of: &[TargetChoice]) -> String {
    let spelled: Vec<String> = of
        .iter()
        .map(|choice| {
            let base = format!("target({:?}, {:?}, {:?})", choice.name, choice.model, choice.kind);
            within("TargetChoice", choice.available, base)
        })
        .collect();
    format!("&[{}]", spelled.join(", "))
}

/// A filter.
pub fn filter(of: &Filter) -> String {
    within("Filter", of.available, format!("filter({:?}, {:#x})", of.name, of.suffixes.0))
}

/// A key.
pub fn key(of: &Key) -> String {
    let parts: Vec<String> = of
        .parts
        .iter()
        .map(|part| format!("KeyPart {{ field: {:?}, filter: {:?} }}", part.field, part.filter))
        .collect();
    format!("Key {{ parts: &[{}], enforced: {} }}", parts.join(", "), of.enforced)
}

/// Something, with its releases where it is not in all.
pub fn within(ty: &str, available: Availability, base: String) -> String {
    if available == Availability::ALWAYS {
        return base;
    }
    format!("{ty} {{ available: {}, ..{base} }}", availability(available))
}

/// What objects are known by, and what they are offered as.
#[must_use]
pub fn nature(nature: Nature) -> String {
    let (base, usual) = match (nature.identity, nature.standing) {
        (Identity::Number, _) => ("Nature::NUMBERED".to_owned(), Nature::NUMBERED),
        (Identity::Only(id), _) => (format!("Nature::only({id:?})"), Nature::only(id)),
        (Identity::Parts { parts, .. }, true) => {
            (format!("Nature::standing(&{parts:?})"), Nature::standing(parts))
        }
        (Identity::Parts { parts, within }, false) => {
            (format!("Nature::named(&{parts:?}, {within})"), Nature::named(parts, within))
        }
    };
    let Offers { one, many, list } = nature.offers;
    if nature.offers == usual.offers {
        return base;
    }
    format!("{base}.offering(catalogue::description::Offers {{ one: {one}, many: {many}, list: {list} }})")
}
