//! One `resource` block through its life.

mod apply;
mod exchange;
mod import;
mod plan;
mod refresh;

use std::collections::BTreeSet;

use tf_framework::rules::PlannedAction;
use tf_framework::schema::{IdentitySchema, Schema};
use tf_framework::{Diagnostics, rules};
use tf_value::{Path, Type, Value};
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

pub use import::MoveSource;

use crate::{Config, Core, CoreError, wire};

/// An object in the state.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its type.
    pub type_name: String,
    /// Version of the schema it was written under.
    pub schema_version: i64,
    /// Its value.
    pub value: Value,
    /// What the provider keeps beside it.
    pub private: Vec<u8>,
    /// What names it outside the state.
    pub identity: Option<Value>,
    /// Its creation failed half way: the next plan replaces it.
    pub tainted: bool,
}

/// A plan that core has checked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The object.
    pub address: String,
    /// What is to be done.
    pub action: PlannedAction,
    /// The object as it is; null when it is to be created.
    pub prior: Value,
    /// The object as it is to be; null when it is to be destroyed. Planned without prior state for a replacement.
    pub planned: Value,
    /// The attributes for which the object is replaced.
    pub requires_replace: BTreeSet<Path>,
    /// Warnings.
    pub warnings: Diagnostics,
    pub(crate) before: Option<Instance>,
}

/// A `resource` block: a type, a name and a configuration.
pub struct Resource<'c, S> {
    core: &'c Core<S>,
    type_name: String,
    name: String,
    config: Config,
    settle: bool,
}

/// A resource type as this module needs it.
pub(crate) struct Kind<'c> {
    pub(crate) schema: &'c Schema,
    pub(crate) identity: Option<&'c IdentitySchema>,
    pub(crate) ty: Type,
    pub(crate) identity_ty: Type,
}

// === impl Plan ===

impl Plan {
    /// The plan, if it is for this action.
    ///
    /// # Errors
    /// It is for another; says what differs.
    pub fn expect(self, expected: PlannedAction) -> Result<Self, CoreError> {
        if self.action == expected {
            return Ok(self);
        }
        let differences = self.differences();
        Err(CoreError::Unexpected { address: self.address, found: self.action, expected, differences })
    }

    /// The paths at which state and plan differ. Shows no values: they may be secret.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.planned.walk(&mut |path, planned| {
            let prior = self.prior.at(path);
            let inner = planned.as_map().is_some() && prior.is_some_and(|prior| prior.as_map().is_some());
            if !inner && prior != Some(planned) {
                let kind = prior.map_or("absent", Value::kind);
                found.push(format!("{path} ({kind} before, {} planned)", planned.kind()));
            }
            inner
        });
        found.extend(self.requires_replace.iter().map(|path| format!("{path} requires replacement")));
        found
    }
}

// === impl Resource ===

impl<'c, S: Provider> Resource<'c, S> {
    pub(crate) fn new(core: &'c Core<S>, type_name: &str, config: Config) -> Self {
        Self { core, type_name: type_name.to_owned(), name: "test".to_owned(), config, settle: true }
    }

    /// The same type under another name: another object.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same object with another configuration.
    #[must_use]
    pub fn with(&self, config: impl Into<Config>) -> Self {
        Self {
            core: self.core,
            type_name: self.type_name.clone(),
            name: self.name.clone(),
            config: config.into(),
            settle: self.settle,
        }
    }

    /// Does not refresh and plan again after an apply, for tests that count requests or expect drift.
    #[must_use]
    pub fn unsettled(mut self) -> Self {
        self.settle = false;
        self
    }

    /// Its address in the state.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}.{}", self.type_name, self.name)
    }

    /// Its value in the state.
    #[must_use]
    pub fn state(&self) -> Option<Value> {
        self.core.state(&self.address())
    }

    /// Asks the provider to validate the configuration. Gives the warnings.
    ///
    /// # Errors
    /// The configuration is refused.
    pub async fn validate(&self) -> Result<Diagnostics, CoreError> {
        let kind = self.kind().await?;
        self.validate_config(&kind, &self.config.read(&kind.schema.block)?).await
    }

    async fn validate_config(&self, kind: &Kind<'_>, config: &Value) -> Result<Diagnostics, CoreError> {
        let what = self.what("validating");
        let request = pb::validate_resource_config::Request {
            type_name: self.type_name.clone(),
            config: wire::encode(&what, config, &kind.ty)?,
            client_capabilities: Some(self.core.capabilities()),
        };
        let answer = self.core.server.validate_resource_config(Request::new(request)).await?.into_inner();
        wire::accepted(&what, &answer.diagnostics)
    }

    async fn kind(&self) -> Result<Kind<'c>, CoreError> {
        self.core.kind(&self.type_name).await
    }

    fn what(&self, doing: &str) -> String {
        format!("{doing} {}", self.address())
    }
}

impl<S: Provider> Core<S> {
    pub(crate) async fn kind(&self, type_name: &str) -> Result<Kind<'_>, CoreError> {
        let schemas = self.schemas().await?;
        let schema =
            schemas.resources.get(type_name).ok_or_else(|| CoreError::no_such("resource", type_name))?;
        let identity = schemas.identities.get(type_name);
        let identity_ty = identity.map_or(Type::Dynamic, IdentitySchema::value_type);
        Ok(Kind { schema, identity, ty: schema.value_type(), identity_ty })
    }
}

impl Kind<'_> {
    /// Reads an identity and holds it against core's rules.
    pub(crate) fn identity(
        &self,
        what: &str,
        stage: rules::Stage,
        sent: Option<&pb::ResourceIdentityData>,
        before: Option<&Value>,
    ) -> Result<Option<Value>, CoreError> {
        match (self.identity, wire::decode_identity(what, sent, &self.identity_ty)?) {
            (Some(schema), Some(identity)) => {
                let found = rules::assert_identity(stage, schema, before, &identity);
                CoreError::unless_kept(what, found)?;
                Ok(Some(identity))
            }
            (None, Some(_)) => Err(CoreError::answer(what, "an identity without an identity schema")),
            (_, None) => Ok(None),
        }
    }
}
