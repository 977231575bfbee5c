//! Names of kinds: the rule, and its exceptions from the overrides.

use crate::overrides::{KindFacts, Overrides};

/// What a kind is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Type name, `netbox_site`.
    pub singular: String,
    /// Type name of many, `netbox_sites`.
    pub plural: String,
    /// In a sentence, `site`.
    pub label: String,
}

/// The names of the kind at a path.
pub fn names(overrides: &Overrides, path: &str, facts: &KindFacts) -> Names {
    let last = path.rsplit('/').next().unwrap_or(path);
    let one = facts.name.clone().unwrap_or_else(|| singular(last).replace('-', "_"));
    let many = facts.plural.clone().unwrap_or_else(|| match &facts.name {
        Some(name) => format!("{name}s"),
        None => last.replace('-', "_"),
    });
    let label = facts.label.clone().unwrap_or_else(|| {
        let word = |word: &str| overrides.general.words.get(word).cloned().unwrap_or_else(|| word.to_owned());
        one.split('_').map(word).collect::<Vec<_>>().join(" ")
    });
    Names { singular: format!("netbox_{one}"), plural: format!("netbox_{many}"), label }
}

/// One of what a path names many of.
fn singular(many: &str) -> String {
    for (end, instead) in
        [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("chassis", "chassis"), ("s", "")]
    {
        if let Some(stem) = many.strip_suffix(end) {
            return format!("{stem}{instead}");
        }
    }
    many.to_owned()
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn plurals_of_the_api() {
        let pairs = [
            ("sites", "site"),
            ("ip-addresses", "ip-address"),
            ("prefixes", "prefix"),
            ("ike-policies", "ike-policy"),
            ("virtual-chassis", "virtual-chassis"),
            ("asns", "asn"),
        ];
        for (many, one) in pairs {
            assert_eq!(singular(many), one);
        }
    }
}
