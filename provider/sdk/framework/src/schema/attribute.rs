//! Attributes: what can be assigned with `name = value`.

use std::collections::BTreeMap;

use tf_value::{Type, Value};

use super::{Equality, Validator};

/// Attributes by name. Sorted, as the protocol's object types are.
pub type Attributes = BTreeMap<String, Attribute>;

/// One attribute of a block or of a nested object.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// A plain type, or nested attributes.
    pub kind: AttributeKind,
    /// Who may set it.
    pub presence: Presence,
    /// Markdown for the registry and for editors.
    pub description: String,
    /// Terraform hides the value in its output.
    pub sensitive: bool,
    /// The value exists only in configuration and is never stored. Needs Terraform 1.11.
    pub write_only: bool,
    /// Why not to use it any more and what to use instead.
    pub deprecated: Option<String>,
    /// Value planned when the configuration leaves the attribute out. Makes it optional and computed.
    pub default: Option<Value>,
    /// Checked on known values at validation.
    pub validators: Vec<Validator>,
    /// Applied in order when planning.
    pub modifiers: Vec<PlanModifier>,
    /// When two spellings mean the same.
    pub equality: Equality,
}

/// The shape of an attribute's value.
#[derive(Debug, Clone)]
pub enum AttributeKind {
    /// A value of a type without attributes of its own.
    Leaf(Type),
    /// An object, or a collection of objects, whose members are attributes with rules of their own.
    Nested {
        /// How many objects, and how they are told apart.
        nesting: Nesting,
        /// The members.
        attributes: Attributes,
    },
}

/// How nested attributes are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// Objects in order.
    List,
    /// Objects without order or name.
    Set,
    /// Objects by key.
    Map,
}

/// Who may set an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The configuration must set it.
    Required,
    /// The configuration may set it.
    Optional,
    /// Only the provider sets it.
    Computed,
    /// The configuration may set it; the provider does otherwise.
    OptionalComputed,
}

impl Presence {
    /// Whether the configuration may set the attribute.
    #[must_use]
    pub fn is_configurable(self) -> bool {
        !matches!(self, Self::Computed)
    }

    /// Whether the provider may set the attribute.
    #[must_use]
    pub fn is_computed(self) -> bool {
        matches!(self, Self::Computed | Self::OptionalComputed)
    }
}

/// What planning does with an attribute beyond merging configuration over state.
#[derive(Debug, Clone)]
pub enum PlanModifier {
    /// A change replaces the object.
    RequiresReplace,
    /// A change replaces the object if the configuration sets the attribute.
    RequiresReplaceIfConfigured,
    /// A change replaces the object when the function says so; the text tells when that is.
    RequiresReplaceIf {
        /// When it is, for the documentation: a clause after "Replaces the object".
        when: &'static str,
        /// The decision; a pure function of the question.
        decide: fn(&ReplaceQuestion<'_>) -> bool,
    },
    /// Keeps the prior value instead of "known after apply" where nothing is configured.
    UseStateForUnknown,
    /// Like [`PlanModifier::UseStateForUnknown`], but a null prior value becomes unknown.
    UseNonNullStateForUnknown,
}

/// What a conditional replacement is decided on.
#[derive(Debug, Clone, Copy)]
pub struct ReplaceQuestion<'a> {
    /// The attribute's value in state.
    pub prior: &'a Value,
    /// The attribute's planned value.
    pub planned: &'a Value,
    /// The attribute's value in configuration.
    pub config: &'a Value,
    /// The whole object in state.
    pub prior_object: &'a Value,
    /// The whole planned object.
    pub planned_object: &'a Value,
}

impl Attribute {
    /// A required attribute of a plain type, without rules.
    #[must_use]
    pub fn leaf(ty: Type) -> Self {
        Self::of(AttributeKind::Leaf(ty))
    }

    /// A required attribute holding nested attributes.
    #[must_use]
    pub fn nested(nesting: Nesting, attributes: Attributes) -> Self {
        Self::of(AttributeKind::Nested { nesting, attributes })
    }

    /// A required attribute of the given kind, without rules.
    #[must_use]
    pub fn of(kind: AttributeKind) -> Self {
        Self {
            kind,
            presence: Presence::Required,
            description: String::new(),
            sensitive: false,
            write_only: false,
            deprecated: None,
            default: None,
            validators: Vec::new(),
            modifiers: Vec::new(),
            equality: Equality::Exact,
        }
    }

    /// Sets who may set it.
    #[must_use]
    pub fn presence(mut self, presence: Presence) -> Self {
        self.presence = presence;
        self
    }

    /// Makes it optional: an attribute the provider computes stays computed.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.presence = match self.presence {
            Presence::Computed | Presence::OptionalComputed => Presence::OptionalComputed,
            Presence::Required | Presence::Optional => Presence::Optional,
        };
        self
    }

    /// Makes it required.
    #[must_use]
    pub fn required(self) -> Self {
        self.presence(Presence::Required)
    }

    /// Makes it computed.
    #[must_use]
    pub fn computed(self) -> Self {
        self.presence(Presence::Computed)
    }

    /// Sets the description.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Hides the value in Terraform's output.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Keeps the value out of plan and state.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Marks it deprecated with the advice what to do instead.
    #[must_use]
    pub fn deprecated(mut self, advice: impl Into<String>) -> Self {
        self.deprecated = Some(advice.into());
        self
    }

    /// Plans this value where the configuration leaves the attribute out.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self.presence = Presence::OptionalComputed;
        self
    }

    /// Adds a validator.
    #[must_use]
    pub fn validate(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Adds a plan modifier.
    #[must_use]
    pub fn modify(mut self, modifier: PlanModifier) -> Self {
        self.modifiers.push(modifier);
        self
    }

    /// A change replaces the object.
    #[must_use]
    pub fn replace(self) -> Self {
        self.modify(PlanModifier::RequiresReplace)
    }

    /// Keeps the prior value while nothing is configured.
    #[must_use]
    pub fn stable(self) -> Self {
        self.modify(PlanModifier::UseStateForUnknown)
    }

    /// Sets when two spellings mean the same.
    #[must_use]
    pub fn equality(mut self, equality: Equality) -> Self {
        self.equality = equality;
        self
    }

    /// The type of the attribute's value.
    #[must_use]
    pub fn value_type(&self) -> Type {
        match &self.kind {
            AttributeKind::Leaf(ty) => ty.clone(),
            AttributeKind::Nested { nesting, attributes } => {
                let object = object_type(attributes);
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }
}

/// The object type of a group of attributes.
pub(crate) fn object_type(attributes: &Attributes) -> Type {
    Type::object(attributes.iter().map(|(name, attribute)| (name.clone(), attribute.value_type())))
}
