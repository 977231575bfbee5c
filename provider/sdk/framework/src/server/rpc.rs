//! The service itself: each call in a line or two, with its log span.

use std::time::Instant;

use tfplugin_proto::tfplugin6 as pb;
use tfplugin_proto::tfplugin6::provider_server::Provider as ProviderService;
use tonic::{Request, Response, Status, Streaming};
use tracing::{Instrument, debug, info_span, trace};

use super::{ProviderServer, actions, lists, wire};
use crate::provider::Provider;

/// Runs a call inside its span and logs how long it took.
async fn traced<T>(
    name: &'static str,
    object: &str,
    call: impl Future<Output = T>,
) -> Result<Response<T>, Status> {
    let object = Some(object).filter(|object| !object.is_empty());
    let span = info_span!("rpc", tf_rpc = name, tf_resource_type = object, tf_proto_version = "6.11");
    let started = Instant::now();
    let run = async {
        trace!("Received request");
        let answer = call.await;
        debug!(
            tf_req_duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "Served request"
        );
        answer
    };
    Ok(Response::new(run.instrument(span).await))
}

/// A file's worth of calls that answer with diagnostics only.
macro_rules! diagnosed {
    ($module:ident, $diagnostics:expr) => {
        pb::$module::Response { diagnostics: wire::diagnostics($diagnostics) }
    };
}

fn unsupported(what: &str) -> Status {
    Status::unimplemented(format!("{what} are not offered by this provider"))
}

#[tonic::async_trait]
impl<P: Provider> ProviderService for ProviderServer<P> {
    type ListResourceStream = lists::EventStream;
    type InvokeActionStream = actions::EventStream;
    type ReadStateBytesStream =
        std::pin::Pin<Box<dyn futures::Stream<Item = Result<pb::read_state_bytes::Response, Status>> + Send>>;

    async fn get_metadata(
        &self,
        _: Request<pb::get_metadata::Request>,
    ) -> Result<Response<pb::get_metadata::Response>, Status> {
        traced("GetMetadata", "", async { self.inner.get_metadata() }).await
    }

    async fn get_provider_schema(
        &self,
        _: Request<pb::get_provider_schema::Request>,
    ) -> Result<Response<pb::get_provider_schema::Response>, Status> {
        traced("GetProviderSchema", "", async { self.inner.get_schema() }).await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<pb::get_resource_identity_schemas::Request>,
    ) -> Result<Response<pb::get_resource_identity_schemas::Response>, Status> {
        traced("GetResourceIdentitySchemas", "", async { self.inner.identity_schemas() }).await
    }

    async fn validate_provider_config(
        &self,
        request: Request<pb::validate_provider_config::Request>,
    ) -> Result<Response<pb::validate_provider_config::Response>, Status> {
        let request = request.into_inner();
        let call = async { diagnosed!(validate_provider_config, self.inner.validate_provider(&request)) };
        traced("ValidateProviderConfig", "", call).await
    }

    async fn configure_provider(
        &self,
        request: Request<pb::configure_provider::Request>,
    ) -> Result<Response<pb::configure_provider::Response>, Status> {
        let request = request.into_inner();
        let call = async { diagnosed!(configure_provider, self.inner.configure(&request)) };
        traced("ConfigureProvider", "", call).await
    }

    async fn stop_provider(
        &self,
        _: Request<pb::stop_provider::Request>,
    ) -> Result<Response<pb::stop_provider::Response>, Status> {
        let call = async {
            self.inner.cancellation().cancel();
            pb::stop_provider::Response::default()
        };
        traced("StopProvider", "", call).await
    }

    async fn validate_resource_config(
        &self,
        request: Request<pb::validate_resource_config::Request>,
    ) -> Result<Response<pb::validate_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call = async { diagnosed!(validate_resource_config, self.inner.validate_resource(&request)) };
        traced("ValidateResourceConfig", &request.type_name, call).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<pb::upgrade_resource_state::Request>,
    ) -> Result<Response<pb::upgrade_resource_state::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("UpgradeResourceState", &name, async { self.inner.upgrade_resource(request) }).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<pb::upgrade_resource_identity::Request>,
    ) -> Result<Response<pb::upgrade_resource_identity::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("UpgradeResourceIdentity", &name, async { self.inner.upgrade_identity(request) }).await
    }

    async fn read_resource(
        &self,
        request: Request<pb::read_resource::Request>,
    ) -> Result<Response<pb::read_resource::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("ReadResource", &name, self.inner.read_resource(request)).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<pb::plan_resource_change::Request>,
    ) -> Result<Response<pb::plan_resource_change::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("PlanResourceChange", &name, self.inner.plan_resource(request)).await
    }

    async fn apply_resource_change(
        &self,
        request: Request<pb::apply_resource_change::Request>,
    ) -> Result<Response<pb::apply_resource_change::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("ApplyResourceChange", &name, self.inner.apply_resource(request)).await
    }

    async fn import_resource_state(
        &self,
        request: Request<pb::import_resource_state::Request>,
    ) -> Result<Response<pb::import_resource_state::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("ImportResourceState", &name, self.inner.import_resource(request)).await
    }

    async fn move_resource_state(
        &self,
        request: Request<pb::move_resource_state::Request>,
    ) -> Result<Response<pb::move_resource_state::Response>, Status> {
        let request = request.into_inner();
        let name = request.target_type_name.clone();
        traced("MoveResourceState", &name, async { self.inner.move_resource(request) }).await
    }

    async fn generate_resource_config(
        &self,
        request: Request<pb::generate_resource_config::Request>,
    ) -> Result<Response<pb::generate_resource_config::Response>, Status> {
        let request = request.into_inner();
        traced("GenerateResourceConfig", &request.type_name, async { self.inner.generate_config(&request) })
            .await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<pb::validate_data_resource_config::Request>,
    ) -> Result<Response<pb::validate_data_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call =
            async { diagnosed!(validate_data_resource_config, self.inner.validate_data_source(&request)) };
        traced("ValidateDataResourceConfig", &request.type_name, call).await
    }

    async fn read_data_source(
        &self,
        request: Request<pb::read_data_source::Request>,
    ) -> Result<Response<pb::read_data_source::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("ReadDataSource", &name, self.inner.read_data_source(request)).await
    }

    async fn get_functions(
        &self,
        _: Request<pb::get_functions::Request>,
    ) -> Result<Response<pb::get_functions::Response>, Status> {
        let call = async {
            pb::get_functions::Response { functions: self.inner.functions(), diagnostics: Vec::new() }
        };
        traced("GetFunctions", "", call).await
    }

    async fn call_function(
        &self,
        request: Request<pb::call_function::Request>,
    ) -> Result<Response<pb::call_function::Response>, Status> {
        let request = request.into_inner();
        traced("CallFunction", &request.name, async { self.inner.call_function(&request) }).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<pb::validate_ephemeral_resource_config::Request>,
    ) -> Result<Response<pb::validate_ephemeral_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call =
            async { diagnosed!(validate_ephemeral_resource_config, self.inner.validate_ephemeral(&request)) };
        traced("ValidateEphemeralResourceConfig", &request.type_name, call).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<pb::open_ephemeral_resource::Request>,
    ) -> Result<Response<pb::open_ephemeral_resource::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("OpenEphemeralResource", &name, self.inner.open_ephemeral(request)).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<pb::renew_ephemeral_resource::Request>,
    ) -> Result<Response<pb::renew_ephemeral_resource::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        traced("RenewEphemeralResource", &name, self.inner.renew_ephemeral(request)).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<pb::close_ephemeral_resource::Request>,
    ) -> Result<Response<pb::close_ephemeral_resource::Response>, Status> {
        let request = request.into_inner();
        let name = request.type_name.clone();
        let call = async { diagnosed!(close_ephemeral_resource, self.inner.close_ephemeral(request).await) };
        traced("CloseEphemeralResource", &name, call).await
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<pb::validate_list_resource_config::Request>,
    ) -> Result<Response<pb::validate_list_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call = async { diagnosed!(validate_list_resource_config, self.inner.validate_list(&request)) };
        traced("ValidateListResourceConfig", &request.type_name, call).await
    }

    async fn list_resource(
        &self,
        request: Request<pb::list_resource::Request>,
    ) -> Result<Response<Self::ListResourceStream>, Status> {
        Ok(Response::new(self.inner.list(request.into_inner())))
    }

    async fn validate_action_config(
        &self,
        request: Request<pb::validate_action_config::Request>,
    ) -> Result<Response<pb::validate_action_config::Response>, Status> {
        let request = request.into_inner();
        let call = async { diagnosed!(validate_action_config, self.inner.validate_action(&request)) };
        traced("ValidateActionConfig", &request.type_name, call).await
    }

    async fn plan_action(
        &self,
        request: Request<pb::plan_action::Request>,
    ) -> Result<Response<pb::plan_action::Response>, Status> {
        let request = request.into_inner();
        let name = request.action_type.clone();
        traced("PlanAction", &name, self.inner.plan_action(request)).await
    }

    async fn invoke_action(
        &self,
        request: Request<pb::invoke_action::Request>,
    ) -> Result<Response<Self::InvokeActionStream>, Status> {
        Ok(Response::new(self.inner.invoke_action(request.into_inner())))
    }

    async fn validate_state_store_config(
        &self,
        _: Request<pb::validate_state_store::Request>,
    ) -> Result<Response<pb::validate_state_store::Response>, Status> {
        Err(unsupported("State stores"))
    }

    async fn configure_state_store(
        &self,
        _: Request<pb::configure_state_store::Request>,
    ) -> Result<Response<pb::configure_state_store::Response>, Status> {
        Err(unsupported("State stores"))
    }

    async fn get_states(
        &self,
        _: Request<pb::get_states::Request>,
    ) -> Result<Response<pb::get_states::Response>, Status> {
        Err(unsupported("State stores"))
    }

    async fn read_state_bytes(
        &self,
        _: Request<pb::read_state_bytes::Request>,
    ) -> Result<Response<Self::ReadStateBytesStream>, Status> {
        Err(unsupported("State stores"))
    }

    async fn write_state_bytes(
        &self,
        _: Request<Streaming<pb::write_state_bytes::RequestChunk>>,
    ) -> Result<Response<pb::write_state_bytes::Response>, Status> {
        Err(unsupported("State stores"))
    }

    async fn lock_state(
        &self,
        _: Request<pb::lock_state::Request>,
    ) -> Result<Response<pb::lock_state::Response>, Status> {
        Err(unsupported("State stores"))
    }

    async fn unlock_state(
        &self,
        _: Request<pb::unlock_state::Request>,
    ) -> Result<Response<pb::unlock_state::Response>, Status> {
        Err(unsupported("State stores"))
    }

    async fn delete_state(
        &self,
        _: Request<pb::delete_state::Request>,
    ) -> Result<Response<pb::delete_state::Response>, Status> {
        Err(unsupported("State stores"))
    }
}
