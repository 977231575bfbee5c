//! A double, for tests only: a plugin whose behaviour tests choose by environment. Its service is tflint's, the smallest
//! at hand that uses the broker.

#![allow(clippy::panic, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Duration;

use go_plugin::{
    Environment, MAX_MESSAGE_SIZE, MagicCookie, Reattach, ServeConfig, ServeError, ServeHandle, StopReason,
};
use tfplugin_proto::tflint::rule_set_server::{RuleSet, RuleSetServer};
use tfplugin_proto::tflint::runner_client::RunnerClient;
use tfplugin_proto::tflint::{
    apply_config, apply_global_config, check, get_config_schema, get_file, get_name, get_rule_names,
    get_sdk_version, get_version, get_version_constraint,
};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

const COOKIE: MagicCookie = MagicCookie { key: "DOUBLE_COOKIE", value: "4f2b" };

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let env = Environment::of_process();
    go_plugin::install_panic_hook();
    go_plugin::install_logging(&env, &["DOUBLE_LOG"], "double");
    let result = match env.get("DOUBLE_DEBUG") {
        Some(_) => debug(&env).await,
        None => serve(&env).await,
    };
    match result {
        Ok(reason) => {
            eprintln!("stopped: {reason:?}");
            ExitCode::SUCCESS
        }
        Err(error) => error.report(),
    }
}

async fn serve(env: &Environment) -> Result<StopReason, ServeError> {
    let mut config = ServeConfig::new(COOKIE, [3, 4]);
    if let Some(limit) = env.get("DOUBLE_FIRST_CONNECTION_MS").and_then(|text| text.parse().ok()) {
        config.limits.first_connection = Duration::from_millis(limit);
    }
    go_plugin::serve(config, env, services).await
}

async fn debug(env: &Environment) -> Result<StopReason, ServeError> {
    let tell = |reattach: &Reattach| eprintln!("{}", reattach.shell("DOUBLE_REATTACH", &["host/ns/double"]));
    go_plugin::serve_debug(4, env, tell, services).await
}

fn services(handle: ServeHandle) -> Routes {
    let service = RuleSetServer::new(Double { handle }).max_decoding_message_size(MAX_MESSAGE_SIZE);
    Routes::new(service.max_encoding_message_size(MAX_MESSAGE_SIZE))
}

struct Double {
    handle: ServeHandle,
}

#[tonic::async_trait]
impl RuleSet for Double {
    async fn get_name(&self, _: Request<get_name::Request>) -> Result<Response<get_name::Response>, Status> {
        Ok(Response::new(get_name::Response { name: "double".to_owned() }))
    }

    /// Answers the protocol version agreed on.
    async fn get_version(
        &self,
        _: Request<get_version::Request>,
    ) -> Result<Response<get_version::Response>, Status> {
        let version = self.handle.protocol_version().to_string();
        Ok(Response::new(get_version::Response { version }))
    }

    /// Slow work: answers some time after the process has been told to end.
    async fn get_sdk_version(
        &self,
        _: Request<get_sdk_version::Request>,
    ) -> Result<Response<get_sdk_version::Response>, Status> {
        tracing::info!("slow work begins");
        self.handle.shutdown().cancelled().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok(Response::new(get_sdk_version::Response { version: "finished".to_owned() }))
    }

    /// Panics.
    async fn get_version_constraint(
        &self,
        _: Request<get_version_constraint::Request>,
    ) -> Result<Response<get_version_constraint::Response>, Status> {
        panic!("the double was asked to");
    }

    /// Answers more than tonic's own limit.
    async fn get_rule_names(
        &self,
        _: Request<get_rule_names::Request>,
    ) -> Result<Response<get_rule_names::Response>, Status> {
        Ok(Response::new(get_rule_names::Response { names: vec!["x".repeat(6 << 20)] }))
    }

    async fn get_config_schema(
        &self,
        _: Request<get_config_schema::Request>,
    ) -> Result<Response<get_config_schema::Response>, Status> {
        Err(Status::unimplemented("not in the double"))
    }

    async fn apply_global_config(
        &self,
        _: Request<apply_global_config::Request>,
    ) -> Result<Response<apply_global_config::Response>, Status> {
        Err(Status::unimplemented("not in the double"))
    }

    async fn apply_config(
        &self,
        _: Request<apply_config::Request>,
    ) -> Result<Response<apply_config::Response>, Status> {
        Err(Status::unimplemented("not in the double"))
    }

    /// Asks the host's runner for a file.
    async fn check(&self, request: Request<check::Request>) -> Result<Response<check::Response>, Status> {
        let id = request.into_inner().runner;
        let channel =
            self.handle.broker().dial(id).await.map_err(|error| Status::unavailable(error.to_string()))?;
        let name = "main.tf".to_owned();
        let file = RunnerClient::new(channel).get_file(get_file::Request { name }).await?.into_inner().file;
        if file == b"content" {
            Ok(Response::new(check::Response {}))
        } else {
            Err(Status::data_loss("wrong file"))
        }
    }
}
