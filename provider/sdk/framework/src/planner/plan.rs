//! From schema, prior state and configuration to the planned object.

use std::collections::BTreeSet;

use tf_value::{Path, Value};

use super::pairing;
use super::replace::replace_paths;
use crate::schema::members::{Member, Members, Nested, member_of, object_with};
use crate::schema::{Attribute, Block, Nesting, PlanModifier, Schema};

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// Schema of the resource.
    pub schema: &'a Schema,
    /// The object in state; null when it is to be created.
    pub prior: &'a Value,
    /// Core's merge of configuration and prior state; null when the object is to be destroyed.
    ///
    /// Only its being null is used. The rest follows from `prior` and `config`, and is merged anew because the
    /// elements of sets can be matched better than core does.
    pub proposed: &'a Value,
    /// The configuration.
    pub config: &'a Value,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The planned object.
    pub value: Value,
    /// The changed attributes that cannot change in place. Empty for a create or destroy.
    pub requires_replace: BTreeSet<Path>,
}

/// Plans a create, an update or a destroy.
#[must_use]
pub fn plan(input: PlanInput<'_>) -> Planned {
    let PlanInput { schema, prior, proposed, config } = input;
    if proposed.is_null() || config.is_null() {
        return Planned { value: Value::Null, requires_replace: BTreeSet::new() };
    }
    let members = Members::from(&schema.block);
    let prior = Some(prior).filter(|prior| prior.is_known());
    let draft = draft_object(members, prior, &with_defaults(members, config));
    let Some(prior) = prior else {
        return Planned { value: draft.if_changed, requires_replace: BTreeSet::new() };
    };
    if draft.if_unchanged == *prior {
        return Planned { value: draft.if_unchanged, requires_replace: BTreeSet::new() };
    }
    let requires_replace = replace_paths(members, prior, &draft.if_changed, config);
    Planned { value: draft.if_changed, requires_replace }
}

/// A configuration with the defaults in the places it leaves out, at every depth.
#[must_use]
pub fn apply_defaults(block: &Block, config: Value) -> Value {
    if config.is_known() { with_defaults(block.into(), &config) } else { config }
}

/// A default stands for configuration, so an object that is one has its computed members computed like any other.
pub(crate) fn with_defaults(members: Members<'_>, config: &Value) -> Value {
    object_with(members, |member| {
        let configured = member_of(config, member.name);
        let default = member.attribute.and_then(|attribute| attribute.default.as_ref());
        let value = default.filter(|_| configured.is_null()).unwrap_or(configured);
        match member.nested {
            Some(nested) => nested.map(value, |_, object| with_defaults(nested.members, object)),
            None => value.clone(),
        }
    })
}

/// What is planned if the whole object stays as it is, and if anything in it changes. Both are made in one walk,
/// so that the elements of a set are matched once.
struct Draft {
    if_unchanged: Value,
    if_changed: Value,
}

impl Draft {
    fn settled(value: Value) -> Self {
        Self { if_unchanged: value.clone(), if_changed: value }
    }
}

/// `prior` is `None` where there is no such object in the state.
fn draft_object(members: Members<'_>, prior: Option<&Value>, config: &Value) -> Draft {
    let mut unchanged = std::collections::BTreeMap::new();
    let if_changed = object_with(members, |member| {
        let prior = prior.map(|prior| member_of(prior, member.name));
        let draft = draft_member(member, prior, member_of(config, member.name));
        unchanged.insert(member.name.to_owned(), draft.if_unchanged);
        draft.if_changed
    });
    Draft { if_unchanged: Value::Object(unchanged), if_changed }
}

fn draft_member(member: Member<'_>, prior: Option<&Value>, config: &Value) -> Draft {
    if member.is_write_only() {
        return Draft::settled(Value::Null);
    }
    if config.is_null() {
        return match member.attribute {
            Some(attribute) if member.is_computed() => Draft {
                if_unchanged: prior.cloned().unwrap_or(Value::Null),
                if_changed: computed(attribute, prior),
            },
            _ => Draft::settled(absent(member, config)),
        };
    }
    let prior = prior.filter(|prior| prior.is_known());
    match (member.nested, prior) {
        (Some(nested), prior) if config.is_known() => draft_nested(nested, prior, config),
        (None, Some(prior)) if config.is_known() && member.same(prior, config) => {
            Draft::settled(prior.clone())
        }
        _ => Draft::settled(config.clone()),
    }
}

/// The value of a computed attribute that nothing configures, when something in the object changes.
fn computed(attribute: &Attribute, prior: Option<&Value>) -> Value {
    let keeps = |prior: &&Value| {
        attribute.modifiers.iter().any(|modifier| match modifier {
            PlanModifier::UseStateForUnknown => true,
            PlanModifier::UseNonNullStateForUnknown => !prior.is_null(),
            _ => false,
        })
    };
    prior.filter(keeps).cloned().unwrap_or(Value::UNKNOWN)
}

/// What stands for a member that is not configured and not computed. Absent blocks are empty, not null; a null
/// keeps the type it may carry.
fn absent(member: Member<'_>, config: &Value) -> Value {
    match (member.attribute, member.nested.map(|nested| nested.nesting)) {
        (None, Some(Nesting::List)) => Value::List(Vec::new()),
        (None, Some(Nesting::Set)) => Value::set(Vec::new()),
        _ => config.clone(),
    }
}

fn draft_nested(nested: Nested<'_>, prior: Option<&Value>, config: &Value) -> Draft {
    let priors = match nested.nesting {
        Nesting::Set => pairing::priors(nested.members, prior, config),
        _ => {
            let places = nested.objects(config).into_iter();
            places.map(|(place, _)| prior.and_then(|prior| place.of(prior))).collect()
        }
    };
    draft_elements(nested, &priors, config)
}

fn draft_elements(nested: Nested<'_>, priors: &[Option<&Value>], config: &Value) -> Draft {
    let elements = nested.objects(config).into_iter().zip(priors);
    let drafts = elements.map(|((_, element), prior)| {
        if element.is_known() {
            let draft = draft_object(nested.members, *prior, element);
            (draft.if_unchanged, draft.if_changed)
        } else {
            (element.clone(), element.clone())
        }
    });
    let (unchanged, changed) = drafts.unzip();
    Draft { if_unchanged: nested.rebuild(config, unchanged), if_changed: nested.rebuild(config, changed) }
}
