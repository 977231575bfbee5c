//! List resources.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use tf_value::Value;
use tfplugin_proto::tfplugin6 as pb;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{Inner, Warnings, check, collected, encode, guard, unknown_type, wire};
use crate::context::known_or_null;
use crate::diagnostic::{Diagnostics, Result};
use crate::erased::FoundValue;
use crate::planner;
use crate::provider::Provider;
use crate::resource::DefaultTimeouts;
use crate::schema::Block;
use crate::validation;

const TIMEOUT: std::time::Duration = DefaultTimeouts::USUAL.create;

pub(super) type EventStream = Pin<Box<dyn Stream<Item = Result<pb::list_resource::Event, Status>> + Send>>;

impl<P: Provider> Inner<P> {
    pub(super) fn validate_list(&self, request: &pb::validate_list_resource_config::Request) -> Diagnostics {
        let Some(list) = self.registry.lists.get(&request.type_name) else {
            return unknown_type("list resource", &request.type_name);
        };
        let block = &list.shape().schema.block;
        check("Validating the list resource", block, self.reach(), || {
            let config = wire::decode(request.config.as_ref(), &list.shape().ty)?;
            let mut diagnostics = validation::validate_config(block, &config);
            list.validate(&config, &mut diagnostics);
            Ok(diagnostics)
        })
    }

    fn list_block(&self, name: &str) -> Option<&Block> {
        self.registry.lists.get(name).map(|list| &list.shape().schema.block)
    }

    /// Streams what is found, each with the warnings so far: core stops listening when it has enough. What goes wrong comes as the last event.
    pub(super) fn list(self: &Arc<Self>, request: pb::list_resource::Request) -> EventStream {
        let (events, receiver) = mpsc::channel(16);
        let inner = self.clone();
        tokio::spawn(async move {
            let warnings = Warnings::default();
            let result = inner.run_list(&request, &warnings, &events).await;
            let mut diagnostics = collected(&warnings);
            diagnostics.extend(result.err().unwrap_or_default());
            if !diagnostics.is_empty() {
                let block = inner.list_block(&request.type_name);
                let event = pb::list_resource::Event {
                    diagnostic: inner.told(block, diagnostics),
                    ..pb::list_resource::Event::default()
                };
                let _ = events.send(Ok(event)).await;
            }
        });
        Box::pin(ReceiverStream::new(receiver))
    }

    async fn run_list(
        &self,
        request: &pb::list_resource::Request,
        warnings: &Warnings,
        events: &mpsc::Sender<Result<pb::list_resource::Event, Status>>,
    ) -> Result<()> {
        let name = &request.type_name;
        let list = self.registry.lists.get(name).ok_or_else(|| unknown_type("list resource", name))?;
        let config = wire::decode(request.config.as_ref(), &list.shape().ty)?;
        let config = planner::apply_defaults(&list.shape().schema.block, config);
        let limit = u64::try_from(request.limit).ok().filter(|limit| *limit > 0).unwrap_or(u64::MAX);
        let (found, mut receiver) = mpsc::channel(16);
        let environment = self.environment(TIMEOUT, warnings);
        let listing = list.list(environment, config, limit, request.include_resource_object, found);
        let what = format!("Listing {name}");
        let sending = async {
            let mut result = Ok(());
            while let Some(item) = receiver.recv().await {
                match self.event(name, item, request.include_resource_object) {
                    Ok(mut event) => {
                        event.diagnostic = self.told(self.list_block(name), collected(warnings));
                        if events.send(Ok(event)).await.is_err() {
                            break;
                        }
                    }
                    Err(errors) => {
                        result = Err(errors);
                        break;
                    }
                }
            }
            drop(receiver);
            result
        };
        let cancel = self.cancellation();
        let (listed, sent) = tokio::join!(guard::run(&what, TIMEOUT, &cancel, listing), sending);
        listed.and(sent)
    }

    fn event(&self, name: &str, item: FoundValue, whole: bool) -> Result<pb::list_resource::Event> {
        let resource = self.registry.resources.get(name).ok_or_else(|| unknown_type("resource", name))?;
        let identity = resource.identity().ok_or_else(|| unknown_type("resource with identity", name))?;
        let object: Value = known_or_null(item.object);
        let identity_value = super::resources::identity_of(identity, &object);
        let identity_data = wire::encode(&identity_value, &encode::identity_type(Some(identity)))?;
        let resource_object = if whole { Some(wire::encode(&object, &resource.shape().ty)?) } else { None };
        Ok(pb::list_resource::Event {
            identity: Some(pb::ResourceIdentityData { identity_data: Some(identity_data) }),
            display_name: item.display_name,
            resource_object,
            diagnostic: Vec::new(),
        })
    }
}
