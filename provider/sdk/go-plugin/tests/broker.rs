//! The plugin dials a service of its host by the broker's id.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;

use support::certificate::HostCertificate;
use support::tls::Host;
use support::{Plugin, double, within};
use tfplugin_proto::plugin::ConnInfo;
use tfplugin_proto::plugin::grpc_broker_client::GrpcBrokerClient;
use tfplugin_proto::tflint::check;
use tfplugin_proto::tflint::rule_set_client::RuleSetClient;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;
use tokio_rustls::TlsAcceptor;
use tonic::service::Routes;
use tonic::transport::{Channel, Server};

/// Stands in for the host's runner: any method answers a file, encoded by hand to keep the double small.
async fn runner() -> Routes {
    use tfplugin_proto::tflint::*;
    struct Runner;
    macro_rules! refuse {
        ($($method:ident: $messages:ident),*) => {
            #[tonic::async_trait]
            impl runner_server::Runner for Runner {
                async fn get_file(
                    &self,
                    request: tonic::Request<get_file::Request>,
                ) -> Result<tonic::Response<get_file::Response>, tonic::Status> {
                    assert_eq!(request.into_inner().name, "main.tf");
                    Ok(tonic::Response::new(get_file::Response { file: b"content".to_vec() }))
                }
                $(
                    async fn $method(
                        &self,
                        _: tonic::Request<$messages::Request>,
                    ) -> Result<tonic::Response<$messages::Response>, tonic::Status> {
                        Err(tonic::Status::unimplemented("not in the double"))
                    }
                )*
            }
        };
    }
    refuse! {
        get_originalwd: get_originalwd, get_module_path: get_module_path, get_module_content: get_module_content,
        get_files: get_files, get_rule_config_content: get_rule_config_content, evaluate_expr: evaluate_expr,
        emit_issue: emit_issue, apply_changes: apply_changes
    }
    Routes::new(runner_server::RunnerServer::new(Runner))
}

/// Serves one connection of the runner, through a pipe, so that TLS can be put in front.
async fn serve_runner(socket: &Path, tls: Option<TlsAcceptor>) {
    let listener = UnixListener::bind(socket).expect("a socket");
    let routes = runner().await;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (near, far) = tokio::io::duplex(1 << 16);
        let incoming = futures::stream::iter([Ok::<_, std::io::Error>(far)]);
        let server = Server::builder().add_routes(routes).serve_with_incoming(incoming);
        let pump = async move {
            match tls {
                None => pump(stream, near).await,
                Some(tls) => pump(tls.accept(stream).await.expect("a handshake"), near).await,
            }
        };
        let _ = tokio::join!(server, pump);
    });
}

async fn pump(mut one: impl AsyncRead + AsyncWrite + Unpin, mut other: tokio::io::DuplexStream) {
    let _ = tokio::io::copy_bidirectional(&mut one, &mut other).await;
}

async fn told(channel: &Channel, service_id: u32, network: &str, address: &str) {
    let told = ConnInfo { service_id, network: network.to_owned(), address: address.to_owned(), knock: None };
    let sending = futures::StreamExt::chain(futures::stream::iter([told]), futures::stream::pending());
    let stream = GrpcBrokerClient::new(channel.clone()).start_stream(sending).await.expect("a stream");
    tokio::spawn(async move { stream.into_inner().message().await });
}

async fn check(channel: &Channel, runner: u32) -> Result<(), tonic::Status> {
    within(RuleSetClient::new(channel.clone()).check(check::Request { runner })).await.map(|_| ())
}

#[tokio::test]
async fn dials_the_host() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("runner");
    serve_runner(&socket, None).await;
    let plugin = Plugin::start(double()).await;
    let channel = plugin.plain().await;
    told(&channel, 7, "unix", socket.to_str().expect("text")).await;
    check(&channel, 7).await.expect("the runner was reached");
}

#[tokio::test]
async fn dials_the_host_under_tls() {
    let certificate = HostCertificate::new(1);
    let host = Host::new(&certificate);
    let mut command = double();
    command.env("PLUGIN_CLIENT_CERT", certificate.pem());
    let plugin = Plugin::start(command).await;
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("runner");
    serve_runner(&socket, Some(host.acceptor(&plugin))).await;
    let channel = host.connect(&plugin).await;
    told(&channel, 7, "unix", socket.to_str().expect("text")).await;
    check(&channel, 7).await.expect("the runner was reached");
}

#[tokio::test]
async fn tells_why_the_host_cannot_be_dialled() {
    let plugin = Plugin::start(double()).await;
    let channel = plugin.plain().await;
    told(&channel, 7, "tcp", "nowhere").await;
    let error = check(&channel, 7).await.expect_err("no address");
    assert!(error.message().contains("nowhere"), "{error}");
}
