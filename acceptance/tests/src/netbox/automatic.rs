//! Values made by rule, from nothing but a field's description.

use std::collections::BTreeMap;

use catalogue::description::{Choice, Field, Format, Kind, Literal, PairElement, Presence, Shape, Version};
use serde_json::{Value as Json, json};

use super::value::{Form, Link, Sample};

/// What the objects of a run are called by, so that they are told from everybody else's.
#[derive(Debug, Clone)]
pub struct Naming {
    /// Begins every name.
    pub prefix: String,
}

/// For which object, and when, a value is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) kind: &'static Kind,
    pub(super) instance: &'a str,
    /// Tells instances of a kind apart where a number is needed.
    pub(super) ordinal: usize,
    /// 1 for first values, 2 for changed ones.
    pub(super) phase: u8,
    pub(super) version: Version,
}

impl Naming {
    /// The start of custom fields' names, which take no hyphens.
    #[must_use]
    pub fn identifier(&self) -> String {
        self.prefix.replace('-', "_")
    }
}

/// The keys of the custom fields that a run defines, with their values in both phases.
pub(super) fn custom_values(naming: &Naming, phase: u8) -> BTreeMap<String, Json> {
    let key = |name: &str| format!("{}_{name}", naming.identifier());
    let values = match phase {
        1 => [("text", json!("one")), ("integer", json!(7)), ("boolean", json!(true))],
        // Zero and false are values, not absences.
        _ => [("text", json!("two")), ("integer", json!(0)), ("boolean", json!(false))],
    };
    values.into_iter().map(|(name, value)| (key(name), value)).collect()
}

/// The value of a field by rule; `None` where no rule gives one.
pub(super) fn automatic(
    naming: &Naming,
    who: Who<'_>,
    field: &Field,
    link: &dyn Fn(&str) -> Option<Link>,
) -> Option<Sample> {
    if field.secret {
        let text = format!("{}-secret-{}-{}", naming.prefix, who.instance, who.phase);
        return Some(Sample::Secret(text, u32::from(who.phase)));
    }
    Some(match field.shape {
        Shape::Bool => {
            let first = !matches!(field.default, Some(Literal::Bool(true)));
            Sample::Plain(Json::from(first == (who.phase == 1)))
        }
        Shape::Integer { min, max } => {
            let wanted = i64::from(who.phase) * 10;
            Sample::Plain(Json::from(wanted.clamp(min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX))))
        }
        Shape::Decimal { places, .. } => Sample::Plain(decimal(places, who.phase)?),
        Shape::IntegerChoice { values } => {
            let is_default =
                |value: &&i64| matches!(field.default, Some(Literal::Integer(default)) if default == **value);
            let (default, mut offered): (Vec<&i64>, Vec<&i64>) = values.iter().partition(is_default);
            offered.extend(default);
            Sample::Plain(Json::from(**pick(&offered, who.phase)?))
        }
        Shape::Choice { values } => {
            let is_default = |value: &&Choice| matches!(field.default, Some(Literal::Text(default)) if default == value.value);
            let there = values.iter().filter(|value| value.available.covers(who.version));
            let (default, mut offered): (Vec<&Choice>, Vec<&Choice>) = there.partition(is_default);
            offered.extend(default);
            Sample::Plain(Json::from(pick(&offered, who.phase)?.value))
        }
        Shape::Text { max, format, .. } => Sample::Plain(Json::from(text(
            naming,
            who,
            field,
            max.map_or(usize::MAX, |max| max as usize),
            format,
        ))),
        Shape::Json => Sample::Encoded(match who.phase {
            1 => json!({"one": 1}),
            _ => json!({"two": [2, null, "b"]}),
        }),
        Shape::Reference { target } => Sample::Reference(link(target)?),
        Shape::References { target } => Sample::References(vec![link(target)?]),
        Shape::Target { of, .. } => {
            let offered: Vec<_> = of.iter().filter(|choice| choice.available.covers(who.version)).collect();
            let choice = pick(&offered, who.phase)?;
            Sample::Target(choice.name.to_owned(), link(choice.kind)?)
        }
        Shape::Texts { values, format, .. } => texts(who, field, values, format),
        Shape::Integers { .. } => Sample::Plain(if who.phase == 1 { json!([1, 2]) } else { json!([3]) }),
        Shape::Pairs { names, element } => {
            let [a, b] = names;
            Sample::Plain(match (element, who.phase) {
                (PairElement::Text, 1) => json!([{a: "a", b: "A"}]),
                (PairElement::Text, _) => json!([{a: "a", b: "A"}, {a: "b", b: "B"}]),
                (PairElement::Integer, 1) => json!([{a: 100, b: 199}]),
                (PairElement::Integer, _) => json!([{a: 100, b: 199}, {a: 300, b: 300}]),
            })
        }
        Shape::Objects { .. } if who.kind.nature.identity.is_number() => return None,
        Shape::Objects { fields, .. } => Sample::Plain(Json::from(vec![inner(naming, who, fields)])),
        Shape::Object { fields } => Sample::Plain(inner(naming, who, fields)),
        Shape::Tags => Sample::Tags(vec![link("extras/tags")?]),
        Shape::CustomFields => Sample::Keys(custom_values(naming, who.phase)),
        Shape::File => Sample::File(format!("picture-{}.png", who.phase)),
    })
}

/// An inner object with all its members.
fn inner(naming: &Naming, who: Who<'_>, fields: &[Field]) -> Json {
    let member = |field: &Field| match automatic(naming, who, field, &|_| None) {
        Some(Sample::Plain(value)) => Some((field.name.to_owned(), value)),
        _ => None,
    };
    fields.iter().filter_map(member).collect::<serde_json::Map<_, _>>().into()
}

/// A name that is short enough everywhere, and no other kind's.
fn short_name(who: Who<'_>) -> String {
    let hash =
        who.kind.path.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    let letter = |number: u32| char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    format!("t{}{}{}{}", letter(hash), letter(hash / 26), letter(hash / 676), who.ordinal)
}

/// The first or the second of a list; the only one where there are no two.
fn pick<T>(values: &[T], phase: u8) -> Option<&T> {
    values.get(usize::from(phase) - 1).or_else(|| values.first())
}

fn decimal(places: Option<u8>, phase: u8) -> Option<Json> {
    let text = match (places, phase) {
        (Some(0), 1) => "1",
        (Some(0), _) => "2",
        (_, 1) => "1.5",
        _ => "2.5",
    };
    serde_json::from_str(text).ok()
}

fn texts(who: Who<'_>, field: &Field, values: &[Choice], format: Format) -> Sample {
    let offered: Vec<&str> =
        values.iter().filter(|value| value.available.covers(who.version)).map(|value| value.value).collect();
    let list: Vec<&str> = match (field.name, format, who.phase) {
        _ if offered.len() >= 2 => offered[..usize::from(who.phase)].to_vec(),
        ("object_types", _, 1) => vec!["dcim.site"],
        ("object_types", ..) => vec!["dcim.site", "dcim.rack"],
        (_, Format::IpInterface, 1) => vec!["192.0.2.0/24"],
        (_, Format::IpInterface, _) => vec!["192.0.2.0/24", "2001:db8::/32"],
        (_, _, 1) => vec!["view"],
        _ => vec!["view", "change"],
    };
    Sample::Plain(Json::from(list))
}

fn text(naming: &Naming, who: Who<'_>, field: &Field, max: usize, format: Format) -> String {
    let Naming { prefix } = naming;
    let (label, instance, phase, ordinal) = (who.kind.label, who.instance, who.phase, who.ordinal);
    if who.kind.nature.identity.parts().contains(&field.name) {
        return short_name(who);
    }
    let slug = || format!("{prefix}-{}-{instance}-{phase}", label.to_lowercase().replace([' ', '.'], "-"));
    let made = match format {
        // What an object is known by begins with the prefix: sweeps find it.
        Format::Plain if field.presence == Presence::Required || who.kind.lookup.contains(&field.name) => {
            let again = if phase == 1 { "" } else { " 2" };
            format!("{prefix} {label} {instance}{again}")
        }
        Format::Plain => {
            format!("{} {prefix} {instance} {}", if phase == 1 { "one" } else { "two" }, field.name)
        }
        Format::Slug | Format::UnicodeSlug => slug(),
        Format::Identifier => format!("{}_{}_{phase}", naming.identifier(), instance.replace('-', "_")),
        Format::Username => format!("{prefix}-{instance}-{phase}"),
        Format::IpInterface => format!("198.18.{ordinal}.{phase}/24"),
        Format::IpNetwork => format!("198.18.{ordinal}.{}/25", u16::from(phase - 1) * 128),
        Format::IpAddress => format!("198.18.{ordinal}.{phase}"),
        Format::Mac => format!("02:00:5E:00:{ordinal:02X}:0{phase}"),
        Format::Wwn => format!("50:01:43:80:00:00:{ordinal:02X}:0{phase}"),
        Format::DnsName => format!("host{phase}.{instance}.example.com"),
        Format::Url => format!("https://{phase}.example.com/{instance}"),
        Format::Color => if phase == 1 { "0a1b2c" } else { "d3e4f5" }.to_owned(),
        Format::Date => format!("2026-0{phase}-15"),
        Format::DateTime => format!("2030-0{phase}-15T08:00:00Z"),
        Format::Uuid => format!("c0901943-a812-4e26-9825-b52f9c645e0{phase}"),
        Format::Email => format!("{instance}{phase}@example.com"),
    };
    made.chars().take(max).collect::<String>().trim_end().to_owned()
}

/// How an instance of a kind is referred to in a form, as far as what it is known by goes.
pub(super) fn possible_form(target: &Kind, given: impl Fn(&str) -> bool, form: Form) -> Form {
    let known = target.lookup.iter().find_map(|name| target.field(name));
    let Some(known) = known.filter(|field| field.presence == Presence::Required || given(field.name)) else {
        return Form::Id;
    };
    match (form, known.shape) {
        (Form::Id, _) => Form::Id,
        (form, Shape::Text { .. }) => form,
        // A number would be taken for an id.
        (_, Shape::Integer { .. }) => Form::Attributes,
        _ => Form::Id,
    }
}
