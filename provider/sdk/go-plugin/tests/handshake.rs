//! The first words: cookie, versions, socket, and who may connect.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use support::certificate::HostCertificate;
use support::tls::Host;
use support::{Plugin, bare_double, double, run, within};
use tfplugin_proto::tflint::rule_set_client::RuleSetClient;
use tfplugin_proto::tflint::{get_name, get_version};
use tokio::io::AsyncReadExt as _;
use tonic::transport::Channel;

fn secured(certificate: &HostCertificate) -> tokio::process::Command {
    let mut command = double();
    command.env("PLUGIN_CLIENT_CERT", certificate.pem());
    command
}

async fn name(channel: Channel) -> String {
    let answer = within(RuleSetClient::new(channel).get_name(get_name::Request {})).await;
    answer.expect("an answer").into_inner().name
}

#[tokio::test]
async fn line_says_where_and_how() {
    let plugin = Plugin::start(secured(&HostCertificate::new(1))).await;
    let fields = plugin.fields();
    assert_eq!(fields.len(), 6);
    assert_eq!((fields[0], fields[1], fields[2], fields[4]), ("1", "4", "unix", "grpc"));
    assert!(!fields[5].contains('='));
    let socket = plugin.socket();
    let mode = std::fs::metadata(socket.parent().expect("a parent")).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    println!("start to handshake line: {:?}", plugin.started_in);
}

#[tokio::test]
async fn seventh_field_only_when_asked() {
    let mut command = double();
    command.env("PLUGIN_MULTIPLEX_GRPC", "true");
    let plugin = Plugin::start(command).await;
    assert_eq!(plugin.fields()[4..], ["grpc", "", "false"]);
}

#[tokio::test]
async fn refuses_to_run_by_hand() {
    let mut wrong = bare_double();
    wrong.env("DOUBLE_COOKIE", "other");
    for command in [bare_double(), wrong] {
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert!(stderr.contains("This program is a plugin"), "{stderr}");
    }
}

#[tokio::test]
async fn versions_are_negotiated() {
    let mut command = double();
    command.env("PLUGIN_PROTOCOL_VERSIONS", "7,3,2");
    let plugin = Plugin::start(command).await;
    assert_eq!(plugin.fields()[1], "3");
    let mut client = RuleSetClient::new(plugin.plain().await);
    let version = client.get_version(get_version::Request {}).await.expect("an answer").into_inner().version;
    assert_eq!(version, "3");

    let mut command = double();
    command.env("PLUGIN_PROTOCOL_VERSIONS", "5,6");
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert!(stderr.contains("5,6") && stderr.contains("[3, 4]"), "{stderr}");
}

#[tokio::test]
async fn garbage_for_a_certificate_is_refused() {
    for garbage in ["garbage", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"] {
        let mut command = double();
        command.env("PLUGIN_CLIENT_CERT", garbage);
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn the_host_is_served_with_p521_under_both_versions_of_tls() {
    let certificate = HostCertificate::new(1);
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let plugin = Plugin::start(secured(&certificate)).await;
        let host = Host { version, ..Host::new(&certificate) };
        assert_eq!(name(host.connect(&plugin).await).await, "double");
    }
}

#[tokio::test]
async fn nobody_else_is_served() {
    let certificate = HostCertificate::new(1);
    let plugin = Plugin::start(secured(&certificate)).await;
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let without = Host { certificate: None, key: None, version };
        let other = Host { version, ..Host::new(&HostCertificate::new(2)) };
        let copied = Host { version, key: Some(HostCertificate::new(2).key), ..Host::new(&certificate) };
        for (who, stranger) in [("without", without), ("other", other), ("copied", copied)] {
            // Under TLS 1.3 the refusal arrives after the client's half of the handshake is done.
            let refused = match stranger.handshake(&plugin).await {
                Err(_) => true,
                Ok(mut stream) => within(stream.read(&mut [0; 1])).await.map_or(true, |read| read == 0),
            };
            assert!(refused, "{who} under {:?}", version.version);
        }
    }
    let plain =
        support::channel(plugin.dial().await).await.expect("nothing is said before the first request");
    assert!(within(RuleSetClient::new(plain).get_name(get_name::Request {})).await.is_err());
    // None of this counted as a connection or stopped the listener.
    assert_eq!(name(Host::new(&certificate).connect(&plugin).await).await, "double");
}

#[tokio::test]
async fn a_silent_stranger_holds_nobody_up() {
    let certificate = HostCertificate::new(1);
    let plugin = Plugin::start(secured(&certificate)).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(plugin.dial().await);
    }
    assert_eq!(name(Host::new(&certificate).connect(&plugin).await).await, "double");
}

#[tokio::test]
async fn long_temporary_directories_are_stepped_around() {
    let parent = tempfile::tempdir().expect("a directory");
    for length in [90, 200] {
        let long = parent.path().join("d".repeat(length));
        std::fs::create_dir(&long).expect("a directory");
        let mut command = double();
        command.env("TMPDIR", &long);
        let plugin = Plugin::start(command).await;
        assert!(plugin.socket().as_os_str().len() < 104, "{}", plugin.line);
        assert_eq!(name(plugin.plain().await).await, "double");
        drop(plugin);
        assert_eq!(std::fs::read_dir(&long).expect("readable").count(), 0);
    }
}

#[tokio::test]
async fn the_hosts_directory_is_honoured() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = double();
    command.env("PLUGIN_UNIX_SOCKET_DIR", directory.path()).env("PLUGIN_UNIX_SOCKET_GROUP", "0");
    let plugin = Plugin::start(command).await;
    assert_eq!(plugin.socket().parent(), Some(directory.path()));
    let mode = std::fs::metadata(plugin.socket()).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    assert_eq!(name(plugin.plain().await).await, "double");
}
