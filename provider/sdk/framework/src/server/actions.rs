//! Actions.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use tfplugin_proto::tfplugin6 as pb;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{Inner, Warnings, check, collected, guard, unknown_type, wire};
use crate::diagnostic::{Diagnostics, Result};
use crate::planner;
use crate::provider::Provider;
use crate::resource::DefaultTimeouts;
use crate::schema::Block;
use crate::validation;

const PLAN_TIMEOUT: std::time::Duration = DefaultTimeouts::USUAL.read;

pub(super) type EventStream = Pin<Box<dyn Stream<Item = Result<pb::invoke_action::Event, Status>> + Send>>;

fn event(kind: pb::invoke_action::event::Type) -> pb::invoke_action::Event {
    pb::invoke_action::Event { r#type: Some(kind) }
}

impl<P: Provider> Inner<P> {
    pub(super) fn validate_action(&self, request: &pb::validate_action_config::Request) -> Diagnostics {
        let Some(action) = self.registry.actions.get(&request.type_name) else {
            return unknown_type("action", &request.type_name);
        };
        let block = &action.shape().schema.block;
        check("Validating the action", block, self.reach(), || {
            let config = wire::decode(request.config.as_ref(), &action.shape().ty)?;
            let mut diagnostics = validation::validate_config(block, &config);
            action.validate(&config, &mut diagnostics);
            Ok(diagnostics)
        })
    }

    fn action_block(&self, name: &str) -> Option<&Block> {
        self.registry.actions.get(name).map(|action| &action.shape().schema.block)
    }

    pub(super) async fn plan_action(&self, request: pb::plan_action::Request) -> pb::plan_action::Response {
        let warnings = Warnings::default();
        let result = async {
            let name = &request.action_type;
            let action = self.registry.actions.get(name).ok_or_else(|| unknown_type("action", name))?;
            let config = wire::decode(request.config.as_ref(), &action.shape().ty)?;
            let planning = action.plan(self.environment(PLAN_TIMEOUT, &warnings), config);
            guard::run(&format!("Planning {name}"), PLAN_TIMEOUT, &self.cancellation(), planning).await
        };
        let result = result.await;
        let mut diagnostics = collected(&warnings);
        diagnostics.extend(result.err().unwrap_or_default());
        let block = self.action_block(&request.action_type);
        pb::plan_action::Response { diagnostics: self.told(block, diagnostics), deferred: None }
    }

    /// Streams the progress, then the end.
    pub(super) fn invoke_action(self: &Arc<Self>, request: pb::invoke_action::Request) -> EventStream {
        use pb::invoke_action::event::{Completed, Progress, Type};
        let (events, receiver) = mpsc::channel(16);
        let inner = self.clone();
        tokio::spawn(async move {
            let warnings = Warnings::default();
            let (progress, mut messages) = mpsc::unbounded_channel();
            let telling = async {
                while let Some(message) = messages.recv().await {
                    if events.send(Ok(event(Type::Progress(Progress { message })))).await.is_err() {
                        break;
                    }
                }
            };
            let (result, ()) = tokio::join!(inner.run_action(&request, &warnings, progress), telling);
            let mut diagnostics = collected(&warnings);
            diagnostics.extend(result.err().unwrap_or_default());
            let block = inner.action_block(&request.action_type);
            let completed = Completed { diagnostics: inner.told(block, diagnostics) };
            let _ = events.send(Ok(event(Type::Completed(completed)))).await;
        });
        Box::pin(ReceiverStream::new(receiver))
    }

    async fn run_action(
        &self,
        request: &pb::invoke_action::Request,
        warnings: &Warnings,
        progress: mpsc::UnboundedSender<String>,
    ) -> Result<()> {
        let name = &request.action_type;
        let action = self.registry.actions.get(name).ok_or_else(|| unknown_type("action", name))?;
        let config = wire::decode(request.config.as_ref(), &action.shape().ty)?;
        let config = planner::apply_defaults(&action.shape().schema.block, config);
        let timeout =
            super::resources::timeout_of(&config, "invoke").unwrap_or(DefaultTimeouts::USUAL.create);
        let invoking = action.invoke(self.environment(timeout, warnings), config, progress);
        guard::run(&format!("Running {name}"), timeout, &self.cancellation(), invoking).await
    }
}
