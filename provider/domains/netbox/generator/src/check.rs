//! What must hold of any table, whether just made or compiled in.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::description::{Allocator, Field, Key, Kind, Presence, Setter, Shape};

/// Names that a Terraform block keeps for itself.
const RESERVED: [&str; 7] =
    ["count", "for_each", "provider", "lifecycle", "depends_on", "connection", "provisioner"];

/// Names that resources have beside their fields.
const OURS: [&str; 6] = ["id", "url", "adopt", "timeouts", "add_tags", "tags_all"];

/// Everything wrong with a table, as sentences; none if it is sound.
pub fn check(
    kinds: &[&Kind],
    setters: &[Setter],
    allocators: &[Allocator],
    outside: &[(&'static str, &'static str)],
) -> Vec<String> {
    let paths: BTreeSet<&str> =
        kinds.iter().map(|kind| kind.path).chain(outside.iter().map(|(path, _)| *path)).collect();
    let mut faults = names(kinds, setters, allocators);
    for kind in kinds {
        let mut found = Vec::new();
        of_kind(kind, &mut found);
        for field in kind.fields {
            of_field(field, &paths, &mut found);
        }
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", kind.path)));
    }
    let by_path: BTreeMap<&str, &Kind> = kinds.iter().map(|kind| (kind.path, *kind)).collect();
    for setter in setters {
        of_setter(setter, &by_path, &mut faults);
    }
    for allocator in allocators {
        of_allocator(allocator, &by_path, &mut faults);
    }
    faults
}

/// Names are legal, and each is there once.
fn names(kinds: &[&Kind], setters: &[Setter], allocators: &[Allocator]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let singular = kinds.iter().map(|kind| kind.name);
    let plural = kinds.iter().map(|kind| kind.plural);
    let special =
        setters.iter().map(|setter| setter.name).chain(allocators.iter().map(|allocator| allocator.name));
    for name in singular.chain(plural).chain(special) {
        if !seen.insert(name) {
            faults.push(format!("two things are called {name}"));
        }
        if !name.starts_with("netbox_") || !legal(name) {
            faults.push(format!("{name:?} is no legal type name"));
        }
    }
    if !kinds.windows(2).all(|pair| pair[0].path < pair[1].path) {
        faults.push("kinds are not sorted by path, or one is there twice".to_owned());
    }
    faults
}

fn legal(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

fn of_kind(kind: &Kind, faults: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for field in kind.fields {
        let name = field.name;
        if !seen.insert(name) {
            faults.push(format!("two fields are called {name}"));
        }
        if RESERVED.contains(&name) || OURS.contains(&name) || !legal(name) {
            faults.push(format!("{name:?} is no legal attribute name"));
        }
        let companion = match field.shape {
            Shape::File => format!("{name}_sha256"),
            _ if field.secret => format!("{name}_version"),
            _ => continue,
        };
        if kind.fields.iter().any(|other| other.name == companion) {
            faults.push(format!("{companion} is a field, but {name} needs the name"));
        }
    }
    for (what, text) in
        [("label", kind.label), ("description", kind.description), ("subcategory", kind.subcategory)]
    {
        if text.trim().is_empty() {
            faults.push(format!("it has no {what}"));
        }
    }
    if !kind.description.ends_with('.') {
        faults.push("its description is no sentence".to_owned());
    }
    for field in kind.lookup {
        match kind.fields.iter().find(|known| known.name == *field) {
            None => faults.push(format!("it is looked up by {field}, which is no field")),
            Some(_) if !kind.filters.iter().any(|filter| filter.name == *field) => {
                faults.push(format!("it is looked up by {field}, which is no filter"));
            }
            Some(_) => {}
        }
    }
    for key in kind.keys {
        of_key(kind, key, faults);
    }
    for field in kind.fields {
        if let Presence::OptionalComputed(from) = field.presence {
            for other in from.iter().filter(|other| !seen.contains(*other)) {
                faults.push(format!("{} is derived from {other}, which is no field", field.name));
            }
        }
    }
}

/// A key is of fields that can be found by, in every release that has the kind and the field.
fn of_key(kind: &Kind, key: &Key, faults: &mut Vec<String>) {
    for part in key.parts {
        let Some(field) = kind.fields.iter().find(|field| field.name == part.field) else {
            faults.push(format!("its key names {}, which is no field", part.field));
            continue;
        };
        let mut wanted = vec![part.filter];
        if let Shape::Target { type_key, .. } = field.shape {
            wanted.push(type_key);
        }
        for wanted in wanted {
            match kind.filters.iter().find(|filter| filter.name == wanted) {
                None => faults.push(format!("its key uses {wanted}, which is no filter")),
                Some(filter) if !covers(filter.available, field.available, kind) => {
                    faults.push(format!("its key uses {wanted}, a filter that not every release has"));
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether something is there whenever the field of the kind is.
fn covers(
    filter: catalogue::description::Availability,
    field: catalogue::description::Availability,
    kind: &Kind,
) -> bool {
    let since = field.since.max(kind.available.since);
    let until = field.until.or(kind.available.until);
    filter.since.is_none_or(|first| since.is_some_and(|since| first <= since))
        && filter.until.is_none_or(|last| until.is_some_and(|until| until <= last))
}

fn of_field(field: &Field, paths: &BTreeSet<&str>, faults: &mut Vec<String>) {
    let name = field.name;
    if field.description.trim().is_empty() || !field.description.ends_with(['.', ')']) {
        faults.push(format!("{name} has no description that is a sentence"));
    }
    match field.presence {
        Presence::OptionalComputed([])
        | Presence::Required
        | Presence::RequiredIn(_)
        | Presence::ReadOnly
            if field.default.is_some() =>
        {
            faults.push(format!("{name} has a default, but who sets it leaves no room for one"));
        }
        _ => {}
    }
    let mut point = |target: &str| {
        if !paths.contains(target) {
            faults.push(format!("{name} points to {target}, which is no kind"));
        }
    };
    match field.shape {
        Shape::Reference { target } | Shape::References { target } => point(target),
        Shape::Target { of, .. } => {
            let names: BTreeSet<&str> = of.iter().map(|choice| choice.name).collect();
            of.iter().for_each(|choice| point(choice.kind));
            if names.len() != of.len() || of.is_empty() {
                faults.push(format!("{name} names two kinds alike, or none"));
            }
        }
        Shape::Objects { fields, .. } => fields.iter().for_each(|member| of_field(member, paths, faults)),
        _ => {}
    }
}

fn of_setter(setter: &Setter, kinds: &BTreeMap<&str, &Kind>, faults: &mut Vec<String>) {
    let name = setter.name;
    let Some(kind) = kinds.get(setter.kind) else {
        faults.push(format!("{name} is about {}, which is no kind", setter.kind));
        return;
    };
    for field in setter.fields {
        match kind.fields.iter().find(|known| known.name == field.name) {
            Some(known) if known.presence == Presence::ReadOnly => {}
            Some(_) => faults.push(format!("{name} sets {}, which its kind sets as well", field.name)),
            None => faults.push(format!("{name} sets {}, which is no field", field.name)),
        }
        if !matches!(field.shape, Shape::Reference { .. }) || field.presence != Presence::Optional {
            faults.push(format!("{name} sets {}, which is no optional reference", field.name));
        }
    }
    if setter.fields.is_empty() || setter.fields.iter().any(|field| field.name == setter.object) {
        faults.push(format!("{name} sets nothing, or its object is one of its fields"));
    }
}

fn of_allocator(allocator: &Allocator, kinds: &BTreeMap<&str, &Kind>, faults: &mut Vec<String>) {
    let name = allocator.name;
    let Some(kind) = kinds.get(allocator.kind) else {
        faults.push(format!("{name} is about {}, which is no kind", allocator.kind));
        return;
    };
    let has = |field: &str| kind.fields.iter().any(|known| known.name == field);
    for field in allocator.decided.iter().filter(|field| !has(field)) {
        faults.push(format!("{name} says the server decides {field}, which is no field"));
    }
    for parent in allocator.parents {
        if !kinds.contains_key(parent.kind) {
            faults.push(format!("{name} takes from {}, which is no kind", parent.kind));
        }
        if has(parent.name) && !allocator.decided.contains(&parent.name) {
            faults.push(format!("{name} calls its pool {}, as a field is called", parent.name));
        }
    }
    for field in allocator.request.iter().filter(|field| has(field.name)) {
        faults.push(format!("{name} has {} in its request, which is a field", field.name));
    }
}
