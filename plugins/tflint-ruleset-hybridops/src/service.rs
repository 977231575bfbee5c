//! The service that tflint calls.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use go_plugin::{Environment, MAX_MESSAGE_SIZE, MagicCookie, ServeConfig, ServeHandle};
use tfplugin_proto::tflint::rule_set_server::{RuleSet, RuleSetServer};
use tfplugin_proto::tflint::{
    apply_config, apply_global_config, check, get_config_schema, get_name, get_rule_names, get_sdk_version,
    get_version, get_version_constraint,
};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::check::Check;
use crate::host::Host;
use crate::rules;
use crate::settings::Settings;

/// By this tflint tells a plugin from a program run by hand. Not a secret.
const COOKIE: MagicCookie = MagicCookie {
    key: "TFLINT_RULESET_PLUGIN",
    value: "5adSn1bX8nrDfgBqiAqqEkC6OE1h3iD8SqbMc5UUONx8x3xCF0KlPDsBRNDjoYDP",
};

/// The version of tflint's protocol between it and its plugins.
const PROTOCOL: u16 = 11;

/// The version of the Go SDK whose behaviour is spoken here: tflint decides by it what it may send.
const SPOKEN: &str = "0.25.0";

/// The tflint that can be spoken with.
const TFLINT: &str = ">= 0.46";

/// Serves tflint until it is done.
pub async fn serve() -> ExitCode {
    let env = Environment::of_process();
    go_plugin::install_panic_hook();
    go_plugin::install_logging(&env, &["TFLINT_LOG"], "hybridops");
    match go_plugin::serve(ServeConfig::new(COOKIE, [PROTOCOL]), &env, services).await {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn services(handle: ServeHandle) -> Routes {
    let service = RuleSetServer::new(Service { handle, settings: Mutex::default() })
        .max_decoding_message_size(MAX_MESSAGE_SIZE)
        .max_encoding_message_size(MAX_MESSAGE_SIZE);
    Routes::new(service)
}

struct Service {
    handle: ServeHandle,
    settings: Mutex<Settings>,
}

impl Service {
    fn settings(&self) -> Settings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, settings: Settings) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }
}

#[tonic::async_trait]
impl RuleSet for Service {
    async fn get_name(&self, _: Request<get_name::Request>) -> Result<Response<get_name::Response>, Status> {
        Ok(Response::new(get_name::Response { name: "hybridops".to_owned() }))
    }

    async fn get_version(
        &self,
        _: Request<get_version::Request>,
    ) -> Result<Response<get_version::Response>, Status> {
        Ok(Response::new(get_version::Response { version: env!("CARGO_PKG_VERSION").to_owned() }))
    }

    async fn get_sdk_version(
        &self,
        _: Request<get_sdk_version::Request>,
    ) -> Result<Response<get_sdk_version::Response>, Status> {
        Ok(Response::new(get_sdk_version::Response { version: SPOKEN.to_owned() }))
    }

    async fn get_version_constraint(
        &self,
        _: Request<get_version_constraint::Request>,
    ) -> Result<Response<get_version_constraint::Response>, Status> {
        Ok(Response::new(get_version_constraint::Response { constraint: TFLINT.to_owned() }))
    }

    async fn get_rule_names(
        &self,
        _: Request<get_rule_names::Request>,
    ) -> Result<Response<get_rule_names::Response>, Status> {
        let names = rules::catalogue().map(|rule| rule.name.to_owned()).collect();
        Ok(Response::new(get_rule_names::Response { names }))
    }

    async fn get_config_schema(
        &self,
        _: Request<get_config_schema::Request>,
    ) -> Result<Response<get_config_schema::Response>, Status> {
        Ok(Response::new(get_config_schema::Response { schema: Some(Settings::schema()) }))
    }

    async fn apply_global_config(
        &self,
        request: Request<apply_global_config::Request>,
    ) -> Result<Response<apply_global_config::Response>, Status> {
        let config = request.into_inner().config.ok_or_else(|| missing("the configuration"))?;
        self.set(self.settings().with_global(config));
        Ok(Response::new(apply_global_config::Response {}))
    }

    async fn apply_config(
        &self,
        request: Request<apply_config::Request>,
    ) -> Result<Response<apply_config::Response>, Status> {
        let content = request.into_inner().content.ok_or_else(|| missing("the content"))?;
        let settings = self.settings().with_plugin(&content);
        self.set(settings.map_err(|error| Status::failed_precondition(error.to_string()))?);
        Ok(Response::new(apply_config::Response {}))
    }

    async fn check(&self, request: Request<check::Request>) -> Result<Response<check::Response>, Status> {
        let channel = self
            .handle
            .broker()
            .dial(request.into_inner().runner)
            .await
            .map_err(|error| Status::invalid_argument(format!("tflint cannot be reached: {error}")))?;
        Check::run(&self.settings(), Host::new(channel), &rules::RULES)
            .await
            .map_err(|(rule, error)| Status::aborted(format!("{rule} could not be checked: {error}")))?;
        Ok(Response::new(check::Response {}))
    }
}

fn missing(what: &str) -> Status {
    Status::invalid_argument(format!("the request comes without {what}"))
}
