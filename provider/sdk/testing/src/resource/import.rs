//! Objects that come into the state from elsewhere: import and move.

use serde_json::Value as Json;
use tf_framework::Diagnostics;
use tf_framework::rules::{self, PlannedAction, Stage};
use tf_framework::schema::{Attribute, Block};
use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

use super::{Instance, Kind, Plan, Resource};
use crate::{Config, CoreError, wire};

/// The object a `moved` block takes over.
#[derive(Debug, Clone)]
pub struct MoveSource {
    /// Address of the provider that wrote it.
    pub provider: String,
    /// Its type there.
    pub type_name: String,
    /// Version of its schema there.
    pub version: i64,
    /// Its state.
    pub state: Json,
}

impl<S: Provider> Resource<'_, S> {
    /// Imports by id, reads, and plans with the configuration, which must find nothing to do. Gives the state.
    ///
    /// # Errors
    /// The provider finds no such object, fails or breaks a rule, or the configuration asks for something else.
    pub async fn import(&self, id: &str) -> Result<Value, CoreError> {
        let plan = self.import_and_plan(id).await?.expect(PlannedAction::NoOp)?;
        Ok(plan.planned)
    }

    /// Imports by id and plans with the configuration, whatever the plan.
    ///
    /// # Errors
    /// As for [`Self::import`], but for the plan.
    pub async fn import_and_plan(&self, id: &str) -> Result<Plan, CoreError> {
        self.import_by(id.to_owned(), None).await
    }

    /// Imports by identity, as JSON that is read by the identity schema; else as [`Self::import`].
    ///
    /// # Errors
    /// As for [`Self::import`].
    pub async fn import_identity(&self, identity: impl Into<Config>) -> Result<Value, CoreError> {
        let kind = self.kind().await?;
        let schema =
            kind.identity.ok_or_else(|| CoreError::no_such("identity of the resource", &self.type_name))?;
        let block = schema.attributes.iter().fold(Block::new(""), |block, source| {
            let attribute = Attribute::leaf(source.ty.clone());
            block.attribute(
                &source.name,
                if source.required_for_import { attribute } else { attribute.optional() },
            )
        });
        let identity = identity.into().read(&block)?;
        let plan = self.import_by(String::new(), Some(&identity)).await?.expect(PlannedAction::NoOp)?;
        Ok(plan.planned)
    }

    async fn import_by(&self, id: String, identity: Option<&Value>) -> Result<Plan, CoreError> {
        let kind = self.kind().await?;
        let what = self.what("importing");
        if self.core.instance(&self.address()).is_some() {
            return Err(CoreError::answer(&what, "there is an object at this address already"));
        }
        let request = pb::import_resource_state::Request {
            type_name: self.type_name.clone(),
            id,
            client_capabilities: Some(self.core.capabilities()),
            identity: wire::encode_identity(&what, identity, &kind.identity_ty)?,
        };
        let answer = self.core.server.import_resource_state(Request::new(request)).await?.into_inner();
        wire::accepted(&what, &answer.diagnostics)?;
        let [imported] = answer.imported_resources.as_slice() else {
            return Err(CoreError::answer(
                &what,
                format!("{} objects were imported", answer.imported_resources.len()),
            ));
        };
        let instance = self.imported(&kind, &what, imported, identity)?;
        let (fresh, _) = self.read(&kind, instance).await?;
        let fresh = fresh.ok_or_else(|| CoreError::answer(&what, "the imported object does not exist"))?;
        self.core.set_instance(&self.address(), Some(fresh.clone()));
        self.plan_config(&kind, Some(fresh), &self.config.read(&kind.schema.block)?).await
    }

    fn imported(
        &self,
        kind: &Kind<'_>,
        what: &str,
        imported: &pb::import_resource_state::ImportedResource,
        identity: Option<&Value>,
    ) -> Result<Instance, CoreError> {
        if imported.type_name != self.type_name {
            return Err(CoreError::answer(what, format!("a {} was imported", imported.type_name)));
        }
        let value = wire::decode(what, imported.state.as_ref(), &kind.ty)?;
        CoreError::unless_kept(what, rules::assert_import(kind.schema, &value))?;
        let found = kind.identity(what, Stage::Import, imported.identity.as_ref(), None)?;
        if identity.is_some() && found.is_none() {
            return Err(CoreError::answer(what, "an import by identity gave no identity"));
        }
        Ok(Instance {
            type_name: self.type_name.clone(),
            schema_version: kind.schema.version,
            value,
            private: imported.private.clone(),
            identity: found,
            tainted: false,
        })
    }

    /// Takes over an object of another type, and puts it into the state. Gives its value; plan to see what the
    /// configuration makes of it.
    ///
    /// # Errors
    /// The provider cannot, or breaks a rule.
    pub async fn take_over(&self, source: MoveSource) -> Result<Value, CoreError> {
        let kind = self.kind().await?;
        let what = self.what("moving to");
        let state = pb::RawState { json: source.state.to_string().into_bytes(), flatmap: Default::default() };
        let request = pb::move_resource_state::Request {
            source_provider_address: source.provider,
            source_type_name: source.type_name,
            source_schema_version: source.version,
            source_state: Some(state),
            target_type_name: self.type_name.clone(),
            source_private: Vec::new(),
            source_identity: None,
            source_identity_schema_version: 0,
        };
        let answer = self.core.server.move_resource_state(Request::new(request)).await?.into_inner();
        wire::accepted(&what, &answer.diagnostics)?;
        let value = wire::decode(&what, answer.target_state.as_ref(), &kind.ty)?;
        CoreError::unless_kept(&what, rules::assert_move(kind.schema, &value))?;
        let identity = kind.identity(&what, Stage::Move, answer.target_identity.as_ref(), None)?;
        let instance = Instance {
            type_name: self.type_name.clone(),
            schema_version: kind.schema.version,
            value: value.clone(),
            private: answer.target_private,
            identity,
            tainted: false,
        };
        self.core.set_instance(&self.address(), Some(instance));
        Ok(value)
    }

    /// Has the provider write a configuration for the object in the state, as `plan -generate-config-out` does,
    /// and plans with it. Gives the configuration.
    ///
    /// # Errors
    /// There is no object, the provider fails, or the configuration does not describe the object.
    pub async fn generate_config(&self) -> Result<Value, CoreError> {
        let kind = self.kind().await?;
        let what = self.what("generating a configuration for");
        let instance =
            self.core.instance(&self.address()).ok_or_else(|| CoreError::NotInState(self.address()))?;
        let request = pb::generate_resource_config::Request {
            type_name: self.type_name.clone(),
            state: wire::encode(&what, &instance.value, &kind.ty)?,
        };
        let answer = self.core.server.generate_resource_config(Request::new(request)).await?.into_inner();
        let _: Diagnostics = wire::accepted(&what, &answer.diagnostics)?;
        let config = wire::decode(&what, answer.config.as_ref(), &kind.ty)?;
        self.validate_config(&kind, &config).await?;
        self.plan_config(&kind, Some(instance), &config).await?.expect(PlannedAction::NoOp)?;
        Ok(config)
    }
}
