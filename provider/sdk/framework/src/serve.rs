//! The main function of a provider's binary.

use std::io::Write as _;
use std::process::ExitCode;

use go_plugin::{Environment, MagicCookie, ServeConfig, ServeError, ServeHandle};
use tfplugin_proto::tfplugin6::provider_server::ProviderServer as Service;
use tonic::service::Routes;

use crate::provider::Provider;
use crate::server::{MAX_MESSAGE_BYTES, ProviderServer};

/// By this Terraform tells a provider from a program run by hand. Not a secret.
const COOKIE: MagicCookie = MagicCookie {
    key: "TF_PLUGIN_MAGIC_COOKIE",
    value: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
};

/// Every core from 1.0 on speaks it.
const PROTOCOL: u16 = 6;

/// The registry whose name Terraform leaves out of an address.
const TERRAFORM_REGISTRY: &str = "registry.terraform.io/";

/// The registry whose name OpenTofu leaves out of an address: the same configuration means another provider there.
const OPENTOFU_REGISTRY: &str = "registry.opentofu.org/";

/// Where a debugged provider is found.
const REATTACH: &str = "TF_REATTACH_PROVIDERS";

/// How the binary was asked to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Started by Terraform.
    Plugin,
    /// Started by hand for Terraform to attach to.
    Debug,
}

/// Serves the provider until Terraform is done with it.
#[must_use]
pub fn serve<P: Provider>(mode: Mode) -> ExitCode {
    let env = Environment::of_process();
    go_plugin::install_panic_hook();
    let own = format!("TF_LOG_PROVIDER_{}", P::NAME.to_uppercase());
    go_plugin::install_logging(&env, &[&own, "TF_LOG_PROVIDER", "TF_LOG"], P::NAME);
    // Ten operations at once, nearly all of them waiting for a network: two threads are plenty.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "The provider cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let served = runtime.block_on(run::<P>(mode, &env));
    // An operation that does not listen to its cancellation must not keep the process.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

async fn run<P: Provider>(mode: Mode, env: &Environment) -> Result<(), ServeError> {
    match mode {
        Mode::Plugin => {
            go_plugin::serve(ServeConfig::new(COOKIE, [PROTOCOL]), env, routes::<P>).await?;
        }
        Mode::Debug => {
            let ready = |reattach: &go_plugin::Reattach| {
                // Asked for by the person at the terminal; there is no protocol on this stdout.
                let twin = P::ADDRESS.replacen(TERRAFORM_REGISTRY, OPENTOFU_REGISTRY, 1);
                let line = reattach.shell(REATTACH, &[P::ADDRESS, &twin]);
                let _ = writeln!(std::io::stdout(), "Set this where Terraform runs:\n\n\t{line}\n");
            };
            go_plugin::serve_debug(PROTOCOL, env, ready, routes::<P>).await?;
        }
    }
    Ok(())
}

fn routes<P: Provider>(_: ServeHandle) -> Routes {
    let service = Service::new(ProviderServer::<P>::new())
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    Routes::new(service)
}
