//! Debug mode: hosts attach and leave, the process stays.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use support::{bare_double, channel, within};
use tfplugin_proto::plugin::Empty;
use tfplugin_proto::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin_proto::tflint::get_name;
use tfplugin_proto::tflint::rule_set_client::RuleSetClient;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::UnixStream;

#[tokio::test]
async fn hosts_attach_and_leave_until_ctrl_c() {
    let mut command = bare_double();
    command.env("DOUBLE_DEBUG", "1");
    let mut child = command.spawn().expect("the double starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    within(stderr.read_line(&mut line)).await.expect("a line");
    let json = line
        .trim()
        .strip_prefix("DOUBLE_REATTACH='")
        .and_then(|rest| rest.strip_suffix('\''))
        .expect("a line");
    let document: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let entry = &document["host/ns/double"];
    assert_eq!(entry["Protocol"], "grpc");
    assert_eq!(entry["ProtocolVersion"], 4);
    assert_eq!(entry["Pid"].as_u64(), child.id().map(u64::from));
    assert_eq!(entry["Test"], true);
    assert_eq!(entry["Addr"]["Network"], "unix");
    let socket = entry["Addr"]["String"].as_str().expect("a path").to_owned();

    for _ in 0..2 {
        let stream = UnixStream::connect(&socket).await.expect("the plugin listens");
        let channel = channel(stream).await.expect("a channel");
        let name =
            RuleSetClient::new(channel.clone()).get_name(get_name::Request {}).await.expect("an answer");
        assert_eq!(name.into_inner().name, "double");
        GrpcControllerClient::new(channel).shutdown(Empty {}).await.expect("an answer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let pid = child.id().expect("still running").to_string();
    assert!(
        std::process::Command::new("kill").args(["-s", "INT", &pid]).status().expect("kill runs").success()
    );
    let status = within(child.wait()).await.expect("a status");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).await.expect("text");
    assert!(status.success() && rest.contains("stopped: Terminated"), "{status}: {rest}");
    assert!(!std::path::Path::new(&socket).exists());
}
