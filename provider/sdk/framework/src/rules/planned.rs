//! Whether a plan is one that core accepts for a configuration.

use std::collections::BTreeSet;

use tf_value::{Path, Value};

use super::object::{assert_type, assert_write_only};
use super::violation::{Findings, Rule, RuleViolation, Stage, same, show};
use crate::schema::members::{Member, Members, NULL, Nested, Place, member_of};
use crate::schema::{Attribute, Nesting, Presence, Schema};

/// Core's check of a plan against prior state and configuration.
#[must_use]
pub fn assert_plan_valid(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Vec<RuleViolation> {
    let mut check = Check { findings: Findings::new(Stage::Plan) };
    if assert_type(schema, planned, &mut check.findings) {
        assert_write_only(schema, planned, &mut check.findings);
        check.block((&schema.block).into(), [prior, config, planned], &Path::root());
    }
    check.findings.found
}

/// Prior, configured and planned value.
type Three<'a> = [&'a Value; 3];

struct Check {
    findings: Findings,
}

fn members_of<'a>(values: Three<'a>, name: &str) -> Three<'a> {
    static UNKNOWN: Value = Value::UNKNOWN;
    values.map(|object| if object.is_unknown() { &UNKNOWN } else { member_of(object, name) })
}

impl Check {
    fn report(&mut self, rule: Rule, path: &Path, message: impl Into<String>) {
        self.findings.report(rule, path, message);
    }

    /// Whether both are there, or both are not; reports if not.
    fn presence(&mut self, config: &Value, planned: &Value, path: &Path) -> bool {
        match (config.is_null(), planned.is_null()) {
            (false, true) => self.report(Rule::Presence, path, "planned for absence, but configured"),
            (true, false) => self.report(Rule::Presence, path, "planned for existence, but not configured"),
            (null, _) => return !null,
        }
        false
    }

    fn block(&mut self, members: Members<'_>, values: Three<'_>, path: &Path) {
        let [_, config, planned] = values;
        if self.presence(config, planned, path) {
            self.members(members, values, path, false);
        }
    }

    fn members(&mut self, members: Members<'_>, values: Three<'_>, path: &Path, secret: bool) {
        for member in members.iter() {
            let values = members_of(values, member.name);
            let path = path.clone().attribute(member.name);
            match (member.attribute, member.nested) {
                (Some(attribute), _) => self.attribute(member, attribute, values, &path, secret),
                (None, Some(nested)) => self.blocks(nested, values, &path),
                (None, None) => {}
            }
        }
    }

    fn attribute(
        &mut self,
        member: Member<'_>,
        attribute: &Attribute,
        values: Three<'_>,
        path: &Path,
        secret: bool,
    ) {
        let [prior, config, planned] = values;
        let secret = secret || attribute.sensitive || attribute.write_only;
        let as_configured = same(planned, config);
        let as_before = same(planned, prior) && !prior.is_null() && !config.is_null();
        let free = attribute.presence == Presence::Computed
            || (config.is_null() && attribute.presence.is_computed());
        // A write-only value has a check of its own.
        if as_configured || as_before || free || attribute.write_only {
            return;
        }
        if config.is_null() {
            let message = format!(
                "planned {} for an attribute that is neither configured nor computed",
                show(planned, secret)
            );
            self.report(Rule::UnsetIsNull, path, message);
        } else if let Some(nested) = member.nested {
            self.nested(nested, values, path, secret);
        } else if planned.is_unknown() {
            let message = format!("planned as unknown, but configured as {}", show(config, secret));
            self.report(Rule::ConfiguredIsKnown, path, message);
        } else {
            let message = format!(
                "planned {}, but configured {} and {} before",
                show(planned, secret),
                show(config, secret),
                show(prior, secret)
            );
            self.report(Rule::ConfiguredAsPlanned, path, message);
        }
    }

    fn nested(&mut self, nested: Nested<'_>, values: Three<'_>, path: &Path, secret: bool) {
        let [prior, config, planned] = values;
        if !self.presence(config, planned, path) {
            return;
        }
        if planned.is_unknown() {
            return self.report(Rule::ConfiguredIsKnown, path, "planned as unknown, but configured");
        }
        if config.is_unknown() {
            return self.report(
                Rule::ConfiguredAsPlanned,
                path,
                "planned as known, but configured as unknown",
            );
        }
        if nested.nesting == Nesting::Set {
            return self.set_count(config, planned, path);
        }
        if !self.same_places(nested, config, planned, path) {
            return;
        }
        for (place, planned) in nested.objects(planned) {
            let config = place.look_up(config).unwrap_or(&NULL);
            let prior = place.of(prior).unwrap_or(&NULL);
            self.element(nested, [prior, config, planned], &place.path(path), secret);
        }
    }

    fn element(&mut self, nested: Nested<'_>, values: Three<'_>, path: &Path, secret: bool) {
        let [_, config, planned] = values;
        if config.is_known() && planned.is_known() {
            self.members(nested.members, values, path, secret);
        } else if !same(config, planned) {
            let rule = if planned.is_unknown() { Rule::ConfiguredIsKnown } else { Rule::ConfiguredAsPlanned };
            self.report(rule, path, format!("planned {}, but configured {}", planned.kind(), config.kind()));
        }
    }

    /// Elements of sets cannot be told apart, so core only counts them, and trusts.
    fn set_count(&mut self, config: &Value, planned: &Value, path: &Path) {
        let (fewest, most) = count_range(planned);
        let (configured_fewest, configured_most) = count_range(config);
        if most < configured_fewest || configured_most < fewest {
            let message = format!("{most} elements planned, but {configured_most} configured");
            self.report(Rule::NestedCount, path, message);
        }
    }

    fn same_places(&mut self, nested: Nested<'_>, config: &Value, planned: &Value, path: &Path) -> bool {
        let (configured, planned) = (places(nested, config), places(nested, planned));
        if configured != planned {
            let message =
                format!("{} planned, but {} configured", places_text(&planned), places_text(&configured));
            self.report(Rule::NestedCount, path, message);
        }
        configured == planned
    }

    fn blocks(&mut self, nested: Nested<'_>, values: Three<'_>, path: &Path) {
        let [prior, config, planned] = values;
        if same(planned, config) {
            return;
        }
        if config.is_unknown() || planned.is_unknown() {
            return self.report(
                Rule::BlockCount,
                path,
                "blocks are unknown if and only if the configuration's are",
            );
        }
        if nested.nesting == Nesting::Single {
            return self.block(nested.members, values, path);
        }
        if planned.is_null() {
            return self.report(Rule::BlockCount, path, "no blocks are an empty collection, not null");
        }
        let planned_blocks = nested.objects(planned);
        if planned_blocks.iter().any(|(_, block)| block.is_unknown()) {
            return self.report(Rule::BlockCount, path, "a block cannot be unknown as a whole");
        }
        if nested.nesting == Nesting::Set {
            return;
        }
        let configured = nested.objects(config).len();
        if planned_blocks.len() != configured {
            let message = format!("{} blocks planned, but {configured} configured", planned_blocks.len());
            return self.report(Rule::BlockCount, path, message);
        }
        for (place, planned) in planned_blocks {
            let config = place.look_up(config).unwrap_or(&NULL);
            self.block(
                nested.members,
                [place.of(prior).unwrap_or(&NULL), config, planned],
                &place.path(path),
            );
        }
    }
}

/// How many elements a set has at least and at most: unknown ones may turn out to be the same.
fn count_range(set: &Value) -> (usize, usize) {
    let elements = set.as_list().map_or(&[][..], |elements| elements);
    let known = elements.iter().filter(|element| element.is_wholly_known()).count();
    (known.max(usize::from(!elements.is_empty())), elements.len())
}

fn places(nested: Nested<'_>, value: &Value) -> BTreeSet<String> {
    let name = |place: &Place<'_>| match place {
        Place::Whole | Place::Element(_) => String::new(),
        Place::Index(index) => index.to_string(),
        Place::Key(key) => format!("{key:?}"),
    };
    nested.objects(value).iter().map(|(place, _)| name(place)).collect()
}

fn places_text(places: &BTreeSet<String>) -> String {
    if places.is_empty() {
        "nothing".to_owned()
    } else {
        places.iter().cloned().collect::<Vec<_>>().join(", ")
    }
}
