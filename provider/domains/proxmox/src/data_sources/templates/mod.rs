//! `hybridops_proxmox_templates`.

mod rank;
mod version_order;

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use regex::Regex;
use tf_framework::{Computed, DataContext, DataSource, Diagnostic, Diagnostics, Field, Model, Result};
use tf_value::Path;

use self::rank::{Rule, sort, version};
use super::tags::{TagFilter, Tags};
use crate::api::{ConfigView, Guest, GuestKind, GuestRef, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// Templates of virtual machines, the newest first.
///
/// What makes a template newer is the first of these that **every** matching template says; `decided_by` tells which
/// it was: the version in the tag `version-…` (compared by its numbers, `1.10` after `1.9`, `1.0-rc1` before `1.0`),
/// the date or timestamp in the name, the creation time in the configuration. The creation time is the weakest: a template
/// that was built as a clone carries the time of its source. Equals go by VMID, the higher first.
///
/// Reads the index that all reads of a run share; configurations are read only where the creation time has to decide.
/// What the account may not audit is missing.
#[derive(Debug, Clone, Model)]
pub struct Templates {
    /// Only templates of exactly this name.
    pub name: Option<String>,
    /// Only templates whose name matches this regular expression.
    pub name_regex: Option<String>,
    /// Only templates with these tags. Compared without regard to case.
    pub tags: Option<TagFilter>,
    /// Only templates on this node.
    pub node: Option<String>,
    /// Whether finding none is an error. It is not unless set.
    pub required: Option<bool>,
    /// The templates, the newest first.
    pub templates: Computed<Vec<TemplateInfo>>,
    /// The newest template; null where there is none.
    pub newest: Computed<Option<TemplateInfo>>,
    /// VMID of the newest template on each node that has one.
    pub by_node: Computed<BTreeMap<String, Vmid>>,
    /// What decided which is newer: `version_tag`, `name_stamp` or `creation_time`; null for fewer than two.
    pub decided_by: Computed<Option<String>>,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct TemplateInfo {
    /// Its number.
    #[attr(computed)]
    pub vmid: Vmid,
    /// Its name.
    #[attr(computed)]
    pub name: String,
    /// The node it is on.
    #[attr(computed)]
    pub node: String,
    /// Its tags.
    #[attr(computed)]
    pub tags: BTreeSet<String>,
    /// The version it is tagged with; null without a tag `version-…`.
    #[attr(computed)]
    pub version: Option<String>,
    /// When it was created, in seconds since 1970; null unless that had to decide, or where it is not known.
    #[attr(computed)]
    pub created: Option<u64>,
}

/// The filters, ready to use.
struct Wanted<'a> {
    config: &'a Templates,
    name: Option<Regex>,
    tags: Tags,
}

fn pattern(text: &str) -> Result<Regex> {
    Regex::new(text).map_err(|error| {
        let detail = format!("{error}.");
        Diagnostics::error_at(
            Path::root().attribute("name_regex"),
            "The regular expression cannot be read",
            detail,
        )
    })
}

impl<'a> Wanted<'a> {
    fn new(config: &'a Templates) -> Result<Self> {
        let tags = Tags::new(config.tags.as_ref());
        Ok(Self { config, name: config.name_regex.as_deref().map(pattern).transpose()?, tags })
    }

    fn fits(&self, guest: &Guest) -> bool {
        let Self { config, name, tags } = self;
        guest.template
            && guest.kind == GuestKind::Qemu
            && config.name.as_ref().is_none_or(|name| *name == guest.name)
            && config.node.as_ref().is_none_or(|node| *node == guest.node)
            && name.as_ref().is_none_or(|name| name.is_match(&guest.name))
            && tags.fit(&guest.tags)
    }
}

/// Creation times, from the guests' configurations.
async fn creation_times(cx: &DataContext<Templates>, px: &Proxmox, guests: &[&Guest]) -> BTreeMap<Vmid, u64> {
    let budget = budget(cx);
    let reads = guests.iter().map(|guest| async {
        let guest: GuestRef = (*guest).into();
        (guest.vmid, px.api.guest_config(&guest, ConfigView::Current, &budget).await)
    });
    let mut times = BTreeMap::new();
    for (vmid, config) in join_all(reads).await {
        match config {
            Ok(config) => times.extend(config.created().map(|created| (vmid, created))),
            Err(error) => cx.warn(Diagnostic::warning(
                format!("Template {vmid} could not be read"),
                format!("{error}. When it was created is not known, so that it is taken for the oldest."),
            )),
        }
    }
    times
}

impl DataSource for Templates {
    const NAME: &'static str = "proxmox_templates";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    fn validate(config: &TemplatesPartial, diagnostics: &mut Diagnostics) {
        if let Field::Known(text) = &config.name_regex
            && let Err(errors) = pattern(text)
        {
            diagnostics.extend(errors);
        }
    }

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let px = cx.client()?;
        let wanted = Wanted::new(&config)?;
        let inventory = px.api.inventory(&budget(cx)).await;
        let inventory = inventory.map_err(|error| failure("Reading the templates failed", &error))?;
        let mut guests: Vec<&Guest> = inventory.guests().filter(|guest| wanted.fits(guest)).collect();
        if guests.is_empty() && config.required == Some(true) {
            return Err(nothing_found(inventory.guests().filter(|guest| guest.template).count()));
        }
        let rule = Rule::for_all(&guests);
        let decides = guests.len() > 1;
        let times = match rule {
            Rule::CreationTime if decides => creation_times(cx, &px, &guests).await,
            _ => BTreeMap::new(),
        };
        sort(&mut guests, rule, |guest| times.get(&guest.vmid).copied());
        let templates: Vec<TemplateInfo> = guests.iter().map(|guest| told(guest, &times)).collect();
        if decides
            && rule == Rule::CreationTime
            && let Some(doubt) = doubt(&templates)
        {
            cx.warn(doubt);
        }
        let mut by_node = BTreeMap::new();
        for template in &templates {
            by_node.entry(template.node.clone()).or_insert(template.vmid);
        }
        Ok(Self {
            newest: Computed::Known(templates.first().cloned()),
            by_node: by_node.into(),
            decided_by: Computed::Known(decides.then(|| rule.as_str().to_owned())),
            templates: templates.into(),
            ..config
        })
    }
}

fn told(guest: &Guest, times: &BTreeMap<Vmid, u64>) -> TemplateInfo {
    TemplateInfo {
        vmid: guest.vmid,
        name: guest.name.clone(),
        node: guest.node.clone(),
        tags: guest.tags.clone(),
        version: version(guest).map(str::to_owned),
        created: times.get(&guest.vmid).copied(),
    }
}

/// What makes it doubtful which template is the newest: a clone carries the creation time of its source.
fn doubt(templates: &[TemplateInfo]) -> Option<Diagnostic> {
    let [first, second, ..] = templates else { return None };
    (first.created == second.created).then(|| {
        Diagnostic::warning(
            "Which template is the newest is not certain",
            format!(
                "Templates {} and {} were created at the same time as far as Proxmox VE tells, as clones of one source are; \
                 the higher VMID was taken. Tag templates with `version-…`, or put a date in their names.",
                first.vmid, second.vmid
            ),
        )
    })
}

fn nothing_found(templates: usize) -> Diagnostics {
    Diagnostics::error(
        "No template matches",
        format!(
            "`required` is set, and none of the {templates} templates this account sees fits the filters. A template the \
             account may not see (VM.Audit) counts as none."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config() -> Templates {
        Templates {
            name: None,
            name_regex: None,
            tags: None,
            node: None,
            required: None,
            templates: Computed::Unknown,
            newest: Computed::Unknown,
            by_node: Computed::Unknown,
            decided_by: Computed::Unknown,
        }
    }

    fn fits(config: &Templates, line: serde_json::Value) -> bool {
        let guest: Guest = serde_json::from_value(line).unwrap();
        Wanted::new(config).unwrap().fits(&guest)
    }

    #[test]
    fn a_tie_of_creation_times_is_told() {
        let template = |vmid, created| TemplateInfo {
            vmid,
            name: String::new(),
            node: String::new(),
            tags: BTreeSet::new(),
            version: None,
            created,
        };
        assert!(doubt(&[template(2, Some(7)), template(1, Some(7))]).is_some());
        assert!(doubt(&[template(2, None), template(1, None)]).is_some());
        assert!(doubt(&[template(2, Some(8)), template(1, Some(7))]).is_none());
        assert!(doubt(&[template(2, None)]).is_none());
    }

    #[test]
    fn filters_are_joined() {
        let line = json!({"type": "qemu", "vmid": 1, "name": "debian-12", "node": "a", "template": 1, "tags": "base;linux"});
        let set = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect::<BTreeSet<_>>());
        let tags = |all: &[&str], any: &[&str], none: &[&str]| {
            let given = |tags: &[&str]| if tags.is_empty() { None } else { set(tags) };
            Templates {
                tags: Some(TagFilter { all: given(all), any: given(any), none: given(none) }),
                ..config()
            }
        };
        assert!(fits(&config(), line.clone()));
        assert!(fits(&tags(&["BASE", "linux"], &["x", "base"], &["old"]), line.clone()));
        assert!(!fits(&tags(&["base", "x"], &[], &[]), line.clone()));
        assert!(!fits(&tags(&[], &["x"], &[]), line.clone()));
        assert!(!fits(&tags(&[], &[], &["Linux"]), line.clone()));
        assert!(fits(&Templates { name_regex: Some("^debian-".into()), ..config() }, line.clone()));
        assert!(!fits(&Templates { name: Some("debian".into()), ..config() }, line.clone()));
        assert!(!fits(&Templates { node: Some("b".into()), ..config() }, line.clone()));
        let mut machine = line.clone();
        machine["template"] = json!(0);
        assert!(!fits(&config(), machine));
        let mut container = line;
        container["type"] = json!("lxc");
        assert!(!fits(&config(), container));
    }

    #[test]
    fn a_bad_pattern_is_refused_offline() {
        let partial =
            TemplatesPartial { name_regex: Field::Known("(".to_owned()), ..TemplatesPartial::default() };
        let mut diagnostics = Diagnostics::new();
        Templates::validate(&partial, &mut diagnostics);
        assert!(diagnostics.has_errors());
    }
}
