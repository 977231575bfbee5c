//! Actions.

use futures::StreamExt;
use tf_framework::Diagnostics;
use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tonic::Request;

use crate::{Config, Core, CoreError, wire};

/// What an action did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Invoked {
    /// What it told while it ran.
    pub progress: Vec<String>,
    /// Warnings.
    pub warnings: Diagnostics,
}

impl<S: Provider> Core<S> {
    /// Validates, plans and invokes an `action` block.
    ///
    /// # Errors
    /// The configuration or the plan is refused, or the action fails.
    pub async fn invoke(&self, type_name: &str, config: impl Into<Config>) -> Result<Invoked, CoreError> {
        let schemas = self.schemas().await?;
        let schema = schemas.actions.get(type_name).ok_or_else(|| CoreError::no_such("action", type_name))?;
        let (what, ty) = (format!("invoking {type_name}"), schema.value_type());
        let config = config.into().read(&schema.block)?;
        let request = pb::validate_action_config::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
        };
        let answer = self.server.validate_action_config(Request::new(request)).await?.into_inner();
        wire::accepted(&format!("validating {type_name}"), &answer.diagnostics)?;
        let request = pb::plan_action::Request {
            action_type: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
            client_capabilities: Some(self.capabilities()),
        };
        let answer = self.server.plan_action(Request::new(request)).await?.into_inner();
        let mut invoked = Invoked {
            warnings: wire::accepted(&format!("planning {type_name}"), &answer.diagnostics)?,
            ..Invoked::default()
        };
        let request = pb::invoke_action::Request {
            action_type: type_name.to_owned(),
            config: wire::encode(&what, &config, &ty)?,
            client_capabilities: Some(self.capabilities()),
        };
        let mut events = std::pin::pin!(self.server.invoke_action(Request::new(request)).await?.into_inner());
        let mut completed = false;
        while let Some(event) = events.next().await {
            use pb::invoke_action::event::Type;
            match event?.r#type {
                _ if completed => return Err(CoreError::answer(&what, "an event after the last")),
                Some(Type::Progress(progress)) => invoked.progress.push(progress.message),
                Some(Type::Completed(end)) => {
                    completed = true;
                    invoked.warnings.extend(wire::accepted(&what, &end.diagnostics)?);
                }
                None => return Err(CoreError::answer(&what, "an empty event")),
            }
        }
        if completed {
            Ok(invoked)
        } else {
            Err(CoreError::answer(&what, "the action never said that it was done"))
        }
    }
}
