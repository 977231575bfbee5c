//! The services go-plugin adds to every plugin: a controller, a silent standard output, health.

use std::pin::Pin;

use futures::stream::{self, Stream, StreamExt as _};
use tfplugin_proto::plugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use tfplugin_proto::plugin::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use tfplugin_proto::plugin::{Empty, StdioData};
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tonic_health::ServingStatus;

use crate::broker::Broker;
use crate::lifecycle::{Lifecycle, StopReason};

/// The name under which hosts ask for health.
const HEALTH_SERVICE: &str = "plugin";

/// Whether the host's `Shutdown` ends the process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnShutdown {
    Stop,
    /// While debugging, the process outlives its hosts.
    Stay,
}

/// Adds go-plugin's services to the plugin's own.
pub(crate) async fn add_to(
    routes: Routes,
    lifecycle: &Lifecycle,
    broker: &Broker,
    on_shutdown: OnShutdown,
) -> Routes {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status(HEALTH_SERVICE, ServingStatus::Serving).await;
    routes
        .add_service(GrpcControllerServer::new(Controller { lifecycle: lifecycle.clone(), on_shutdown }))
        .add_service(GrpcStdioServer::new(Stdio { lifecycle: lifecycle.clone() }))
        .add_service(broker.server())
        .add_service(health)
}

struct Controller {
    lifecycle: Lifecycle,
    on_shutdown: OnShutdown,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        if self.on_shutdown == OnShutdown::Stop {
            self.lifecycle.stop(StopReason::Shutdown);
        }
        Ok(Response::new(Empty {}))
    }
}

/// Open for the life of the process and silent: hosts report whatever arrives here as unexpected.
struct Stdio {
    lifecycle: Lifecycle,
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = Pin<Box<dyn Stream<Item = Result<StdioData, Status>> + Send>>;

    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        let end = self.lifecycle.stopping().clone().cancelled_owned();
        Ok(Response::new(Box::pin(stream::pending().take_until(end))))
    }
}
