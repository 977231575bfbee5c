//! What must hold of any table, whether just made or compiled in.

use std::collections::BTreeSet;

use catalogue::description::{Field, Kind, Presence, Shape};

/// Names that a Terraform block keeps for itself.
const RESERVED: [&str; 7] =
    ["count", "for_each", "provider", "lifecycle", "depends_on", "connection", "provisioner"];

/// Names that resources have beside their fields.
const OURS: [&str; 3] = ["id", "adopt", "timeouts"];

/// Everything wrong with a table, as sentences; none if it is sound.
#[must_use]
pub fn check(kinds: &[&Kind]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for kind in kinds {
        for name in [kind.name, kind.plural] {
            if !names.insert(name) {
                faults.push(format!("two things are called {name}"));
            }
            if !name.starts_with("proxmox_") || !legal(name) {
                faults.push(format!("{name:?} is no legal type name"));
            }
        }
        if !paths.insert(kind.path) {
            faults.push(format!("two kinds are at {}", kind.path));
        }
        let mut found = Vec::new();
        of_kind(kind, &mut found);
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", kind.name)));
    }
    if !kinds.windows(2).all(|pair| matches!(pair, [one, next] if one.path < next.path)) {
        faults.push("kinds are not sorted by path".to_owned());
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
        if RESERVED.contains(&name) || OURS.contains(&name) {
            faults.push(format!("{name:?} is no name for an attribute"));
        }
        let companion = format!("{name}_version");
        if field.secret && kind.fields.iter().any(|other| other.name == companion) {
            faults.push(format!("{companion} is a field, but {name} needs the name"));
        }
        of_field(field, faults);
    }
    for (what, text) in [("label", kind.label), ("subcategory", kind.subcategory)] {
        if text.trim().is_empty() {
            faults.push(format!("it has no {what}"));
        }
    }
    for text in [Some(kind.description), kind.deletion].into_iter().flatten() {
        if !is_sentence(text) {
            faults.push(format!("{text:?} is no sentence"));
        }
    }
    for name in kind.nature.identity.parts() {
        match kind.fields.iter().find(|field| field.name == *name) {
            None => faults.push(format!("its id has {name}, which is no field")),
            Some(field) if field.presence != Presence::Required || !field.replace => {
                faults.push(format!("its id has {name}, which may be left out or changed"));
            }
            Some(_) => {}
        }
    }
}

fn is_sentence(text: &str) -> bool {
    let text = text.trim();
    text.ends_with('.')
        && text.starts_with(|first: char| first.is_uppercase() || first == '`' || first.is_ascii_digit())
}

fn of_field(field: &Field, faults: &mut Vec<String>) {
    let name = field.name;
    if !legal(name) {
        faults.push(format!("{name:?} is no legal attribute name"));
    }
    if !is_sentence(field.description) {
        faults.push(format!("{name}: {:?} is no sentence", field.description));
    }
    if field.default.is_some() && field.presence != Presence::Optional {
        faults.push(format!("{name} has a default, but who sets it leaves no room for one"));
    }
    match field.shape {
        Shape::Objects { fields, .. } | Shape::Object { fields } => {
            let mut seen = BTreeSet::new();
            for member in fields {
                if !seen.insert(member.name) {
                    faults.push(format!("two parts of {name} are called {}", member.name));
                }
                of_field(member, faults);
            }
            if fields.is_empty() {
                faults.push(format!("{name} is an object without parts"));
            }
        }
        Shape::Choice { values: [] } => faults.push(format!("{name} is a choice of nothing")),
        _ => {}
    }
}
