use std::collections::HashMap;

use tf_framework::{Diagnostics, Field, Model};
use tf_value::Value;
use transport_ssh::told;

use super::*;
use crate::Connection;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

fn hosts(set: SshConfigPartial, env: &[(&str, &str)]) -> Result<Option<Arc<Hosts>>> {
    let env: HashMap<String, String> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    SshConfig::hosts(&Field::Known(set), &|name| env.get(name).cloned())
}

fn text(diagnostics: &Diagnostics) -> String {
    format!("{diagnostics:?}")
}

#[test]
fn nothing_need_be_set_and_nothing_is_asked_of_the_network() {
    let hosts = hosts(SshConfigPartial::default(), &[]).unwrap().unwrap();
    let machine = hosts.machine(&Connection::new("192.0.2.1"), &Path::root()).unwrap();
    assert_eq!(machine.name(), "192.0.2.1");
}

#[test]
fn what_is_not_known_yet_is_no_error() {
    let unknown = SshConfigPartial { private_key: Field::Unknown, ..SshConfigPartial::default() };
    assert!(hosts(unknown, &[]).unwrap().is_none());
    let jump = JumpPartial { host: Field::Unknown, ..JumpPartial::default() };
    let partly =
        SshConfigPartial { jump: Field::Known(vec![Field::Known(jump)]), ..SshConfigPartial::default() };
    assert!(hosts(partly, &[]).unwrap().is_none());
    let mut diagnostics = Diagnostics::default();
    let unknown = SshConfigPartial { known_hosts: Field::Unknown, ..SshConfigPartial::default() };
    SshConfig::validate(&Field::Known(unknown), &mut diagnostics);
    assert!(!diagnostics.has_errors());
}

#[test]
fn the_environment_fills_what_the_configuration_leaves_out() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("known_hosts");
    std::fs::write(&file, format!("db-01 {KEY}\n")).unwrap();
    let env = [("HYBRIDOPS_SSH_KNOWN_HOSTS", file.to_str().unwrap()), ("HYBRIDOPS_SSH_USER", "admin")];
    assert!(hosts(SshConfigPartial::default(), &env).is_ok());
    std::fs::write(&file, "db-01 ssh-ed25519 nonsense\n").unwrap();
    let error = hosts(SshConfigPartial::default(), &env).unwrap_err();
    assert!(text(&error).contains("line 1"), "{}", text(&error));
}

#[test]
fn a_key_that_cannot_be_used_is_told_without_a_word_of_it() {
    let set = |key: &str| SshConfigPartial {
        private_key: Field::Known(key.to_owned()),
        ..SshConfigPartial::default()
    };
    for key in ["/does/not/exist-canary", "canary key", "-----BEGIN RSA PRIVATE KEY-----\ncanary\n"] {
        let error = hosts(set(key), &[]).unwrap_err();
        assert!(!text(&error).contains("canary"), "{}", text(&error));
    }
    let mut diagnostics = Diagnostics::default();
    SshConfig::validate(&Field::Known(set(KEY)), &mut diagnostics);
    assert!(text(&diagnostics).contains("public key"), "{}", text(&diagnostics));
}

#[test]
fn an_agent_that_is_asked_for_must_be_there() {
    let set = || SshConfigPartial { agent: Field::Known(true), ..SshConfigPartial::default() };
    assert!(text(&hosts(set(), &[]).unwrap_err()).contains("SSH_AUTH_SOCK"));
    assert!(hosts(set(), &[("SSH_AUTH_SOCK", "/run/agent")]).is_ok());
}

#[test]
fn become_and_containers_of_a_connection() {
    let hosts = hosts(SshConfigPartial::default(), &[("HYBRIDOPS_SSH_BECOME", "sudo")]).unwrap().unwrap();
    let shown = |connection: &Connection| format!("{:?}", hosts.machine(connection, &Path::root()).unwrap());
    assert!(shown(&Connection::new("db-01")).contains("Sudo"));
    let mut connection = Connection::new("db-01");
    connection.r#become = Some(Become::None);
    assert!(!shown(&connection).contains("Sudo"));
    connection.host_keys = Some(vec!["nonsense".into()]);
    assert!(text(&hosts.machine(&connection, &Path::root()).unwrap_err()).contains("host_keys"));
}

#[test]
fn a_connection_is_read_from_what_users_write() {
    let object = Value::object([
        ("host", Value::from("10.6.0.11")),
        ("port", Value::from(2222_u16)),
        ("user", Value::Null),
        ("host_keys", Value::Null),
        ("become", Value::from("sudo")),
        ("jump", Value::Null),
        ("trust_on_first_use", Value::Null),
    ]);
    let connection = Connection::from_object(object).unwrap();
    assert_eq!((connection.port, connection.r#become), (Some(2222), Some(Become::Sudo)));
}

#[tokio::test]
async fn an_error_tells_all_its_causes() {
    let hosts = hosts(SshConfigPartial::default(), &[]).unwrap().unwrap();
    let mut connection = Connection::new("127.0.0.1");
    connection.port = Some(1);
    let machine = hosts.machine(&connection, &Path::root()).unwrap();
    let budget = transport_ssh::Budget::within(std::time::Duration::from_secs(20));
    let error = machine.read("/x", 1, &budget).await.unwrap_err();
    assert_eq!(
        told(&error),
        "127.0.0.1:1 cannot be reached: no connection to 127.0.0.1:1: Connection refused (os error 111)"
    );
}
