//! How a plugin lives and ends: services, shutdown, signals, orphans.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::time::{Duration, Instant};

use futures::FutureExt as _;
use support::certificate::HostCertificate;
use support::tls::Host;
use support::{Plugin, double, within};
use tfplugin_proto::plugin::grpc_broker_client::GrpcBrokerClient;
use tfplugin_proto::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin_proto::plugin::grpc_stdio_client::GrpcStdioClient;
use tfplugin_proto::plugin::{ConnInfo, Empty};
use tfplugin_proto::tflint::rule_set_client::RuleSetClient;
use tfplugin_proto::tflint::{get_name, get_rule_names, get_sdk_version, get_version_constraint};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

async fn shutdown(channel: &Channel) {
    within(GrpcControllerClient::new(channel.clone()).shutdown(Empty {})).await.expect("an answer");
}

/// The two streams every go-plugin host opens at once and keeps.
async fn open_streams(channel: &Channel) -> impl Sized + use<> {
    let stdio = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.expect("a stream").into_inner();
    let sending = futures::stream::pending::<ConnInfo>();
    let broker =
        GrpcBrokerClient::new(channel.clone()).start_stream(sending).await.expect("a stream").into_inner();
    (stdio, broker)
}

/// Slow work in flight, which ends some time after the process was told to.
async fn slow_work(plugin: &mut Plugin, channel: &Channel) -> tokio::task::JoinHandle<String> {
    let mut client = RuleSetClient::new(channel.clone());
    let work = tokio::spawn(async move {
        client.get_sdk_version(get_sdk_version::Request {}).await.expect("an answer").into_inner().version
    });
    plugin.stderr_line("slow work begins").await;
    work
}

fn logging() -> tokio::process::Command {
    let mut command = double();
    command.env("DOUBLE_LOG", "info");
    command
}

#[tokio::test]
async fn shutdown_is_quick_with_streams_open() {
    let certificate = HostCertificate::new(1);
    let mut command = double();
    command.env("PLUGIN_CLIENT_CERT", certificate.pem());
    let plugin = Plugin::start(command).await;
    let channel = Host::new(&certificate).connect(&plugin).await;
    let _streams = open_streams(&channel).await;
    let start = Instant::now();
    shutdown(&channel).await;
    plugin.ended_as("Shutdown").await;
    let took = start.elapsed();
    println!("Shutdown to end of process: {took:?}");
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[tokio::test]
async fn shutdown_lets_answers_finish() {
    let mut plugin = Plugin::start(logging()).await;
    let channel = plugin.plain().await;
    let _streams = open_streams(&channel).await;
    let work = slow_work(&mut plugin, &channel).await;
    shutdown(&channel).await;
    assert_eq!(within(work).await.expect("no panic"), "finished");
    plugin.ended_as("Shutdown").await;
}

#[tokio::test]
async fn standard_output_is_silent_and_health_is_told() {
    let plugin = Plugin::start(double()).await;
    let channel = plugin.plain().await;
    let mut stdio =
        GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.expect("a stream").into_inner();
    let service = "plugin".to_owned();
    let health =
        HealthClient::new(channel.clone()).check(HealthCheckRequest { service }).await.expect("an answer");
    assert_eq!(health.into_inner().status, 1);
    assert!(stdio.message().now_or_never().is_none(), "open and silent");
    shutdown(&channel).await;
    assert!(within(stdio.message()).await.expect("an end").is_none());
}

/// A host that is killed says nothing; its socket closes, streams and all.
#[tokio::test]
async fn ends_with_its_only_connection() {
    let plugin = Plugin::start(double()).await;
    let stream = plugin.dial().await.into_std().expect("a socket");
    let ours = stream.try_clone().expect("a second handle");
    let stream = tokio::net::UnixStream::from_std(stream).expect("a socket");
    let channel = support::channel(stream).await.expect("a channel");
    let _streams = open_streams(&channel).await;
    let start = Instant::now();
    ours.shutdown(std::net::Shutdown::Both).expect("open until now");
    plugin.ended_as("Disconnected").await;
    let took = start.elapsed();
    println!("end of connection to end of process: {took:?}");
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[tokio::test]
async fn ends_when_nobody_comes() {
    let mut command = double();
    command.env("DOUBLE_FIRST_CONNECTION_MS", "150");
    let plugin = Plugin::start(command).await;
    plugin.ended_as("NeverConnected").await;
}

#[tokio::test]
async fn a_stranger_does_not_count_as_a_connection() {
    let mut command = double();
    command.env("PLUGIN_CLIENT_CERT", HostCertificate::new(1).pem()).env("DOUBLE_FIRST_CONNECTION_MS", "400");
    let plugin = Plugin::start(command).await;
    drop(plugin.dial().await);
    plugin.ended_as("NeverConnected").await;
}

#[tokio::test]
async fn interrupts_are_the_hosts_business() {
    let plugin = Plugin::start(double()).await;
    let channel = plugin.plain().await;
    for _ in 0..3 {
        plugin.signal("INT");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer = RuleSetClient::new(channel.clone()).get_name(get_name::Request {}).await;
    assert!(answer.is_ok());
    shutdown(&channel).await;
    plugin.ended_as("Shutdown").await;
}

#[tokio::test]
async fn termination_lets_answers_finish() {
    let mut plugin = Plugin::start(logging()).await;
    let channel = plugin.plain().await;
    let _streams = open_streams(&channel).await;
    let work = slow_work(&mut plugin, &channel).await;
    plugin.signal("TERM");
    assert_eq!(within(work).await.expect("no panic"), "finished");
    plugin.ended_as("Terminated").await;
}

#[tokio::test]
async fn termination_before_any_connection() {
    let plugin = Plugin::start(double()).await;
    plugin.signal("TERM");
    plugin.ended_as("Terminated").await;
}

#[tokio::test]
async fn an_escaped_panic_is_told_and_survived() {
    let mut plugin = Plugin::start(double()).await;
    let channel = plugin.plain().await;
    let mut client = RuleSetClient::new(channel.clone());
    assert!(client.get_version_constraint(get_version_constraint::Request {}).await.is_err());
    let line = plugin.stderr_line("panic: ").await;
    assert!(line.starts_with("panic: the double was asked to"), "{line}");
    plugin.stderr_line("plugin_double.rs:").await;
    assert!(client.get_name(get_name::Request {}).await.is_ok());
}

#[tokio::test]
async fn messages_beyond_tonics_own_limit() {
    let plugin = Plugin::start(double()).await;
    let mut client =
        RuleSetClient::new(plugin.plain().await).max_decoding_message_size(go_plugin::MAX_MESSAGE_SIZE);
    let names = within(client.get_rule_names(get_rule_names::Request {})).await.expect("an answer");
    assert_eq!(names.into_inner().names[0].len(), 6 << 20);
}

#[tokio::test]
async fn logs_are_json_with_six_digits() {
    let mut plugin = Plugin::start(logging()).await;
    let channel = plugin.plain().await;
    let work = slow_work_line(&mut plugin, &channel).await;
    let line: serde_json::Value = serde_json::from_str(&work).expect("JSON");
    assert_eq!((&line["@level"], &line["@module"]), (&"info".into(), &"double.plugin_double".into()));
    assert_eq!(line["@timestamp"].as_str().map(str::len), Some(27));
}

async fn slow_work_line(plugin: &mut Plugin, channel: &Channel) -> String {
    let mut client = RuleSetClient::new(channel.clone());
    tokio::spawn(async move { client.get_sdk_version(get_sdk_version::Request {}).await });
    plugin.stderr_line("slow work begins").await
}
