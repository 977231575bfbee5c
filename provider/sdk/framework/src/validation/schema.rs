//! A schema against core's internal rules, and ours.

use std::collections::BTreeMap;
use std::fmt;

use tf_value::{Path, Type};

use crate::schema::validator_check::compiled;
use crate::schema::{
    Attribute, AttributeKind, Attributes, Block, BlockNesting, Equality, Nesting, PlanModifier, Presence,
    Schema, Validator,
};

/// What a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaKind {
    /// The provider's configuration.
    Provider,
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
    /// An ephemeral resource.
    Ephemeral,
    /// An action.
    Action,
    /// The configuration of a list resource.
    List,
}

/// Something that core would refuse, or that cannot have been meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{type_name}: {}{message}", if path.is_root() { String::new() } else { format!("{path}: ") })]
pub struct SchemaProblem {
    /// The type the schema is of.
    pub type_name: String,
    /// The attribute or block.
    pub path: Path,
    /// The rule that is broken.
    pub rule: SchemaRule,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What a schema must obey. All but the last five are core's: breaking one fails the whole provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SchemaRule {
    /// Names are lower-case letters, digits and underscores, and begin with a letter or underscore.
    Name,
    /// A root name that Terraform's language uses itself.
    ReservedName,
    /// An attribute and a block of the same name.
    NameClash,
    /// Who may set the attribute contradicts the schema's kind or the attribute's other properties.
    Presence,
    /// A type that is open inside a set.
    DynamicInSet,
    /// A write-only attribute where none may be.
    WriteOnly,
    /// The numbers of blocks.
    BlockCount,
    /// A deprecation without advice.
    Deprecation,
    /// A default on an attribute that is not optional and computed, or of the wrong type.
    Default,
    /// A validator that cannot apply to the type, names no sibling or does not compile.
    Validator,
    /// A plan modifier that has no effect.
    Modifier,
    /// An equality that cannot apply to the type.
    Equality,
    /// No description.
    Description,
}

const RESERVED: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];
const RESERVED_IN_PROVIDER: [&str; 2] = ["alias", "version"];

/// Checks a schema.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check_schema(type_name: &str, kind: SchemaKind, schema: &Schema) -> Result<(), Vec<SchemaProblem>> {
    let mut check = Check { type_name, kind, problems: Vec::new() };
    check.root_names(&schema.block);
    check.block(&schema.block, &Path::root(), Inside::default());
    if check.problems.is_empty() { Ok(()) } else { Err(check.problems) }
}

struct Check<'a> {
    type_name: &'a str,
    kind: SchemaKind,
    problems: Vec<SchemaProblem>,
}

/// What surrounds an attribute.
#[derive(Clone, Copy, Default)]
struct Inside {
    set: bool,
    write_only: bool,
}

impl Check<'_> {
    fn report(&mut self, rule: SchemaRule, path: &Path, message: impl fmt::Display) {
        let type_name = self.type_name.to_owned();
        self.problems.push(SchemaProblem {
            type_name,
            path: path.clone(),
            rule,
            message: message.to_string(),
        });
    }

    fn root_names(&mut self, block: &Block) {
        let reserved: &[&str] =
            if self.kind == SchemaKind::Provider { &RESERVED_IN_PROVIDER } else { &RESERVED };
        for name in block.attributes.keys().chain(block.blocks.keys()) {
            if reserved.contains(&name.as_str()) {
                let path = Path::root().attribute(name);
                self.report(SchemaRule::ReservedName, &path, "the name belongs to Terraform's language");
            }
        }
    }

    fn block(&mut self, block: &Block, path: &Path, inside: Inside) {
        self.texts(&block.description, block.deprecated.as_deref(), path);
        self.attributes(&block.attributes, path, inside);
        for (name, nested) in &block.blocks {
            let path = path.clone().attribute(name);
            self.name(name, &path);
            if block.attributes.contains_key(name) {
                self.report(SchemaRule::NameClash, &path, "an attribute has the same name");
            }
            let (min, max) = (nested.min_items, nested.max_items);
            if max != 0 && min > max {
                self.report(
                    SchemaRule::BlockCount,
                    &path,
                    format!("at least {min} and at most {max} blocks"),
                );
            }
            if nested.nesting == BlockNesting::Single && (min > 1 || max > 1) {
                self.report(SchemaRule::BlockCount, &path, "a single block has counts of 0 or 1");
            }
            self.block(
                &nested.block,
                &path,
                Inside { set: inside.set || nested.nesting == BlockNesting::Set, ..inside },
            );
        }
    }

    fn attributes(&mut self, attributes: &Attributes, path: &Path, inside: Inside) {
        for (name, attribute) in attributes {
            let path = path.clone().attribute(name);
            self.name(name, &path);
            self.texts(&attribute.description, attribute.deprecated.as_deref(), &path);
            self.presence(attribute, &path);
            self.kind(attribute, &path, inside);
            self.default(attribute, &path);
            self.modifiers(attribute, &path);
            self.equality(attribute, &path);
            for validator in &attribute.validators {
                self.validator(validator, &attribute.value_type(), attributes, name, &path);
            }
        }
    }

    fn name(&mut self, name: &str, path: &Path) {
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let rest =
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !(first && rest) {
            let message = "names are lower-case letters, digits and underscores, and begin with a letter";
            self.report(SchemaRule::Name, path, message);
        }
    }

    fn texts(&mut self, description: &str, deprecated: Option<&str>, path: &Path) {
        if description.trim().is_empty() {
            self.report(SchemaRule::Description, path, "has no description");
        }
        if deprecated.is_some_and(|advice| advice.trim().is_empty()) {
            self.report(SchemaRule::Deprecation, path, "is deprecated without saying what to use instead");
        }
    }

    fn presence(&mut self, attribute: &Attribute, path: &Path) {
        let configuration_only =
            matches!(self.kind, SchemaKind::Provider | SchemaKind::Action | SchemaKind::List);
        if configuration_only && attribute.presence.is_computed() && attribute.default.is_none() {
            self.report(
                SchemaRule::Presence,
                path,
                "is computed, but nothing is computed in a mere configuration",
            );
        }
        if attribute.write_only && attribute.presence.is_computed() {
            self.report(SchemaRule::Presence, path, "is write-only, so the provider cannot compute it");
        }
    }

    fn kind(&mut self, attribute: &Attribute, path: &Path, inside: Inside) {
        if attribute.write_only && self.kind != SchemaKind::Resource {
            self.report(SchemaRule::WriteOnly, path, "only managed resources have write-only attributes");
        }
        if attribute.write_only && inside.set {
            self.report(SchemaRule::WriteOnly, path, "a set cannot hold write-only attributes");
        }
        if inside.write_only && !attribute.write_only {
            self.report(
                SchemaRule::WriteOnly,
                path,
                "everything in a write-only attribute must be write-only",
            );
        }
        match &attribute.kind {
            AttributeKind::Leaf(ty) => {
                if has_dynamic(ty) && (inside.set || dynamic_in_set(ty)) {
                    self.report(SchemaRule::DynamicInSet, path, "a set cannot hold values of an open type");
                }
            }
            AttributeKind::Nested { nesting, attributes } => {
                let set = inside.set || *nesting == Nesting::Set;
                self.attributes(attributes, path, Inside { set, write_only: attribute.write_only });
            }
        }
    }

    fn default(&mut self, attribute: &Attribute, path: &Path) {
        let Some(default) = &attribute.default else { return };
        if attribute.presence != Presence::OptionalComputed {
            self.report(SchemaRule::Default, path, "has a default, so it must be optional and computed");
        }
        if !default.is_wholly_known() || default.is_null() {
            self.report(SchemaRule::Default, path, "has a default that is not a known value");
        }
        if let Err(error) = default.conforms(&attribute.value_type()) {
            self.report(SchemaRule::Default, path, format!("has a default of another type: {error}"));
        }
        for validator in &attribute.validators {
            if let Err(problem) = validator.check(default) {
                self.report(SchemaRule::Default, path, format!("has a default that {problem}"));
            }
        }
    }

    fn modifiers(&mut self, attribute: &Attribute, path: &Path) {
        for modifier in &attribute.modifiers {
            let keeps = matches!(
                modifier,
                PlanModifier::UseStateForUnknown | PlanModifier::UseNonNullStateForUnknown
            );
            if keeps && !attribute.presence.is_computed() {
                self.report(
                    SchemaRule::Modifier,
                    path,
                    "is stable, but only computed values are ever unknown",
                );
            }
            if keeps && attribute.default.is_some() {
                self.report(SchemaRule::Modifier, path, "is stable, but its default makes it known");
            }
            if !keeps && attribute.write_only {
                self.report(
                    SchemaRule::Modifier,
                    path,
                    "replaces on change, but changes of a write-only value are never seen",
                );
            }
        }
    }

    fn equality(&mut self, attribute: &Attribute, path: &Path) {
        let fits = match &attribute.kind {
            AttributeKind::Leaf(ty) => equality_fits(&attribute.equality, ty),
            AttributeKind::Nested { .. } => matches!(attribute.equality, Equality::Exact),
        };
        if !fits {
            self.report(SchemaRule::Equality, path, "has an equality for another type");
        }
    }

    fn validator(
        &mut self,
        validator: &Validator,
        ty: &Type,
        siblings: &Attributes,
        name: &str,
        path: &Path,
    ) {
        if !validator_fits(validator, ty) {
            let message = format!("must be {}, but is of type {ty}", validator.expectation());
            self.report(SchemaRule::Validator, path, message);
        }
        match validator {
            Validator::Matches { pattern, .. } => {
                if let Err(problem) = compiled(pattern) {
                    self.report(SchemaRule::Validator, path, format!("has a pattern that {problem}"));
                }
            }
            Validator::Each(inner) | Validator::Keys(inner) => {
                let of =
                    if matches!(validator, Validator::Keys(_)) { Some(&Type::String) } else { ty.element() };
                for validator in inner {
                    self.validator(validator, of.unwrap_or(&Type::Dynamic), &BTreeMap::new(), name, path);
                }
            }
            Validator::ConflictsWith(names)
            | Validator::RequiredWith(names)
            | Validator::ExactlyOneOf(names)
            | Validator::AtLeastOneOf(names) => {
                for other in names.iter().filter(|other| *other == name || !siblings.contains_key(*other)) {
                    self.report(
                        SchemaRule::Validator,
                        path,
                        format!("speaks of `{other}`, which is no sibling"),
                    );
                }
            }
            _ => {}
        }
    }
}

fn has_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::List(inner) | Type::Set(inner) | Type::Map(inner) => has_dynamic(inner),
        Type::Tuple(types) => types.iter().any(has_dynamic),
        Type::Object(types) => types.values().any(has_dynamic),
        Type::Bool | Type::Number | Type::String => false,
    }
}

fn dynamic_in_set(ty: &Type) -> bool {
    match ty {
        Type::Set(inner) => has_dynamic(inner),
        Type::List(inner) | Type::Map(inner) => dynamic_in_set(inner),
        Type::Tuple(types) => types.iter().any(dynamic_in_set),
        Type::Object(types) => types.values().any(dynamic_in_set),
        Type::Dynamic | Type::Bool | Type::Number | Type::String => false,
    }
}

fn equality_fits(equality: &Equality, ty: &Type) -> bool {
    match (equality, ty) {
        (Equality::Exact, _) | (Equality::Meaning { .. }, Type::String) => true,
        (Equality::Elements(inner), ty) => ty.element().is_some_and(|element| equality_fits(inner, element)),
        (Equality::Meaning { .. }, _) => false,
    }
}

fn validator_fits(validator: &Validator, ty: &Type) -> bool {
    let collection = ty.is_collection();
    match validator {
        _ if *ty == Type::Dynamic => true,
        Validator::OneOf(values) => values.iter().all(|value| value.conforms(ty).is_ok()),
        Validator::Range { .. } => *ty == Type::Number,
        Validator::Length { .. } | Validator::Matches { .. } => *ty == Type::String,
        Validator::Items { .. } | Validator::Each(_) => collection || matches!(ty, Type::Tuple(_)),
        Validator::Keys(_) => matches!(ty, Type::Map(_)),
        Validator::Custom { .. }
        | Validator::ConflictsWith(_)
        | Validator::RequiredWith(_)
        | Validator::ExactlyOneOf(_)
        | Validator::AtLeastOneOf(_) => true,
    }
}
