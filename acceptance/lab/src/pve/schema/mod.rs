//! The API's own description, reduced to what deciding needs: paths, parameters, permissions.
//!
//! `data/api-8.4.json` and `data/api-9.1.json` are made from the API viewer's schema by `hybridops-lab api-table`.

mod check;
pub(crate) mod config_formats;
mod formats;
mod property_string;

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::Value;

use super::personality::Release;

pub(crate) use check::check;
pub(crate) use formats::split_list;
pub(crate) use property_string::{Properties, parse as parse_properties};

/// What one parameter, or one property inside a property string, may be.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Spec {
    /// JSON type name.
    #[serde(rename = "t", default)]
    pub(crate) kind: String,
    #[serde(rename = "opt", default)]
    optional: u8,
    #[serde(rename = "enum", default)]
    values: Vec<String>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(rename = "minlen")]
    min_length: Option<usize>,
    #[serde(rename = "maxlen")]
    max_length: Option<usize>,
    #[serde(rename = "re")]
    pattern: Option<String>,
    requires: Option<String>,
    /// Name of a registered format.
    #[serde(rename = "fmt")]
    format: Option<String>,
    /// Index of the properties of a property string.
    props: Option<usize>,
    /// This property is another name of that one…
    alias: Option<String>,
    /// …and its own name is the value of this one.
    #[serde(rename = "keyalias")]
    key_alias: Option<String>,
    /// Takes the value that has no key.
    #[serde(rename = "defkey", default)]
    default_key: u8,
    /// What the elements of an array may be.
    items: Option<Box<Spec>>,
    /// The table this comes from.
    #[serde(skip)]
    release: Release,
}

/// One method of one path.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Method {
    /// The permission expression, as the API describes it.
    pub(crate) check: Option<Value>,
    /// `world` (no login needed) or `all` (any login).
    pub(crate) user: Option<String>,
    /// Runs on the node named in the path.
    #[serde(default)]
    pub(crate) node: u8,
    params: BTreeMap<String, usize>,
    /// The table this comes from.
    #[serde(skip)]
    release: Release,
}

#[derive(Debug, Deserialize)]
struct Table {
    served: BTreeMap<String, BTreeMap<String, Method>>,
    other: BTreeMap<String, Vec<String>>,
    params: Vec<Spec>,
    formats: Vec<BTreeMap<String, Spec>>,
}

/// Result of looking a request up.
pub(crate) enum Found {
    /// Served: template, method, path variables.
    Served(&'static str, &'static Method, BTreeMap<String, String>),
    /// Exists in the API, not in this stand-in.
    NotServed,
    /// Does not exist.
    Nothing,
}

/// Where numbered parameters (`net[n]`) end, and so become unknown names.
const NUMBERED: &[(&str, u32)] = &[
    ("dev", 256),
    ("mp", 256),
    ("acmedomain", 6),
    ("hostpci", 16),
    ("ide", 4),
    ("ipconfig", 32),
    ("net", 32),
    ("numa", 8),
    ("parallel", 3),
    ("sata", 6),
    ("scsi", 31),
    ("serial", 4),
    ("unused", 256),
    ("usb", 14),
    ("virtio", 16),
    ("virtiofs", 10),
];

impl Table {
    fn load(release: Release) -> Self {
        let text = match release {
            Release::V8_4 => include_str!("../../../data/api-8.4.json"),
            Release::V9 => include_str!("../../../data/api-9.1.json"),
        };
        let mut table: Self = serde_json::from_str(text).unwrap_or_else(|error| {
            tracing::error!(%error, "the embedded API table is broken");
            Self { served: BTreeMap::new(), other: BTreeMap::new(), params: Vec::new(), formats: Vec::new() }
        });
        let methods = table.served.values_mut().flat_map(BTreeMap::values_mut);
        methods.for_each(|method| method.release = release);
        let specs = table.params.iter_mut().chain(table.formats.iter_mut().flat_map(BTreeMap::values_mut));
        specs.for_each(|spec| spec.belong_to(release));
        table
    }
}

fn table(release: Release) -> &'static Table {
    static V8_4: OnceLock<Table> = OnceLock::new();
    static V9: OnceLock<Table> = OnceLock::new();
    match release {
        Release::V8_4 => V8_4.get_or_init(|| Table::load(release)),
        Release::V9 => V9.get_or_init(|| Table::load(release)),
    }
}

fn match_template(template: &str, segments: &[&str]) -> Option<BTreeMap<String, String>> {
    let parts: Vec<&str> = template.split('/').filter(|s| !s.is_empty()).collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut vars = BTreeMap::new();
    for (part, segment) in parts.iter().zip(segments) {
        match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(name) => {
                vars.insert(name.to_owned(), (*segment).to_owned());
            }
            None if part == segment => {}
            None => return None,
        }
    }
    Some(vars)
}

/// Finds the method for a decoded, split path.
pub(crate) fn find(release: Release, method: &str, segments: &[&str]) -> Found {
    let table = table(release);
    let mut best: Option<(&'static str, &'static Method, BTreeMap<String, String>)> = None;
    for (template, methods) in &table.served {
        let (Some(vars), Some(spec)) = (match_template(template, segments), methods.get(method)) else {
            continue;
        };
        // `/nodes/{node}/tasks/{upid}` must not win over a literal; fewer variables is the closer match.
        if best.as_ref().is_none_or(|(_, _, seen)| vars.len() < seen.len()) {
            best = Some((template, spec, vars));
        }
    }
    if let Some((template, spec, vars)) = best {
        return Found::Served(template, spec, vars);
    }
    let known = table.other.iter().any(|(template, methods)| {
        methods.iter().any(|m| m == method) && match_template(template, segments).is_some()
    });
    if known { Found::NotServed } else { Found::Nothing }
}

/// A served method by its template.
pub(crate) fn method(release: Release, method: &str, template: &str) -> Option<&'static Method> {
    table(release).served.get(template)?.get(method)
}

/// All served methods as (method, template).
#[cfg(test)]
pub(crate) fn served(release: Release) -> impl Iterator<Item = (&'static str, &'static str)> {
    table(release).served.iter().flat_map(|(t, m)| m.keys().map(move |k| (k.as_str(), t.as_str())))
}

impl Method {
    /// Description of a parameter; numbered names are found under their family.
    pub(crate) fn param(&self, name: &str) -> Option<&'static Spec> {
        if let Some(index) = self.params.get(name) {
            return table(self.release).params.get(*index);
        }
        let (family, number) = split_number(name)?;
        let limit = NUMBERED.iter().find(|(f, _)| *f == family)?.1;
        if number >= limit {
            return None;
        }
        table(self.release).params.get(*self.params.get(&format!("{family}[n]"))?)
    }

    fn required(&self) -> impl Iterator<Item = &str> {
        self.params
            .iter()
            .filter(|(_, i)| table(self.release).params.get(**i).is_some_and(|s| s.optional == 0))
            .map(|(n, _)| n.as_str())
    }
}

/// `scsi12` is family `scsi`, number 12.
pub(crate) fn split_number(name: &str) -> Option<(&str, u32)> {
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 || digits == name.len() {
        return None;
    }
    let (family, number) = name.split_at(name.len() - digits);
    if number.len() > 1 && number.starts_with('0') {
        return None;
    }
    Some((family, number.parse().ok()?))
}

/// Description of an option of what a path makes, in whatever release has it.
fn option(template: &str, key: &str) -> Option<&'static Spec> {
    let of = |release| method(release, "POST", template)?.param(key);
    of(Release::V9).or_else(|| of(Release::V8_4))
}

/// Description of a guest option by its configuration key.
pub(crate) fn qemu_option(key: &str) -> Option<&'static Spec> {
    option("/nodes/{node}/qemu", key)
}

/// Description of a container's option by its configuration key.
pub(crate) fn lxc_option(key: &str) -> Option<&'static Spec> {
    option("/nodes/{node}/lxc", key)
}

impl Spec {
    fn belong_to(&mut self, release: Release) {
        self.release = release;
        if let Some(items) = &mut self.items {
            items.belong_to(release);
        }
    }

    /// What the elements of an array may be.
    pub(crate) fn items(&self) -> Option<&Spec> {
        self.items.as_deref()
    }

    /// Whether the API shows values of it as numbers.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.kind.as_str(), "integer" | "number" | "boolean")
    }

    /// Properties of a property string, where the schema lists them.
    pub(crate) fn properties(&self) -> Option<&'static BTreeMap<String, Spec>> {
        match (self.props, self.format.as_deref()) {
            (Some(index), _) => table(self.release).formats.get(index),
            (None, Some(name)) => formats::properties(name),
            (None, None) => None,
        }
    }
}

/// A pattern of the schema, anchored, translated from Perl's notation.
fn pattern(text: &str) -> Option<Regex> {
    static CACHE: OnceLock<std::sync::Mutex<HashMap<String, Option<Regex>>>> = OnceLock::new();
    let cache = CACHE.get_or_init(Default::default);
    let mut cache = cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    cache
        .entry(text.to_owned())
        .or_insert_with(|| {
            let text = text
                .replace("(?^i:", "(?i:")
                .replace("(?^:", "(?:")
                .replace("{,", "{0,")
                .replace(r"\0", r"\x00");
            let text = format!("^(?:{text})$");
            // Repeated classes of all of Unicode can be too large; those of ASCII are not.
            Regex::new(&text).or_else(|_| RegexBuilder::new(&text).unicode(false).build()).ok()
        })
        .clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASES: [Release; 2] = [Release::V8_4, Release::V9];

    fn split(path: &str) -> Vec<&str> {
        path.split('/').filter(|s| !s.is_empty()).collect()
    }

    #[test]
    fn embedded_tables_are_whole() {
        for release in RELEASES {
            assert!(served(release).count() > 90);
            for (method, template) in served(release) {
                assert!(matches!(find(release, method, &split(template)), Found::Served(..)));
            }
            for spec in &table(release).params {
                if let Some(text) = &spec.pattern {
                    assert!(pattern(text).is_some(), "pattern {text} cannot be translated");
                }
            }
        }
    }

    #[test]
    fn numbered_names_end() {
        assert!(qemu_option("scsi30").is_some());
        assert!(qemu_option("scsi31").is_none());
        assert!(qemu_option("net01").is_none());
    }

    #[test]
    fn known_is_told_from_unknown() {
        let find = |path: &str| find(Release::V8_4, "GET", &split(path));
        assert!(matches!(find("/nodes/a/ceph/status"), Found::NotServed));
        assert!(matches!(find("/nope"), Found::Nothing));
    }
}
