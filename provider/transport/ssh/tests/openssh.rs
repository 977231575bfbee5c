//! Against a real OpenSSH server on loopback. Skipped aloud where there is none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::{Keys, Server};
use transport_ssh::{
    Budget, Exec, Exit, FileSpec, Input, Machine, OutputStream, Secret, Shell, ShellError, Ssh, told,
};

macro_rules! server {
    ($keys:expr, $host_key:expr, $more:expr) => {
        match Server::start($keys, $host_key, $more) {
            Some(server) => server,
            None => return,
        }
    };
}

fn budget() -> Budget {
    Budget::within(Duration::from_secs(60))
}

async fn say(shell: &Arc<dyn Shell>, command: &str) -> String {
    let output = shell.exec(Exec::new(command), &budget()).await.map_err(|error| told(&error)).unwrap();
    assert!(output.ok(), "{command}: {} {}", output.exit, output.errors());
    output.text()
}

async fn refused(shell: &Arc<dyn Shell>) -> String {
    match shell.exec(Exec::new("true"), &budget()).await {
        Err(error @ ShellError::NotStarted { .. }) => told(&error),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_pinned_machine_runs_commands() {
    let keys = Keys::new();
    let server = server!(&keys, "host", "");
    let shell = keys.ssh().shell(&server.target(keys.pin("host")));
    assert_eq!(say(&shell, "echo hello").await, "hello\n");
    let failing = shell.exec(Exec::new("echo bad >&2; exit 3"), &budget()).await.unwrap();
    assert_eq!((failing.code(), failing.errors()), (Some(3), "bad\n".to_owned()));
    let killed = shell.exec(Exec::new("kill -KILL $$"), &budget()).await.unwrap();
    assert_eq!(killed.exit, Exit::Signal("KILL".into()));
}

#[tokio::test]
async fn another_key_than_the_pinned_one_is_refused_with_both_fingerprints() {
    let keys = Keys::new();
    keys.make("other", "ed25519", "");
    let server = server!(&keys, "host", "");
    let shell = keys.ssh().shell(&server.target(keys.pin("other")));
    let error = refused(&shell).await;
    for name in ["host", "other"] {
        let key: transport_ssh::HostKey = keys.text(&format!("{name}.pub")).parse().unwrap();
        assert!(error.contains(&key.fingerprint()), "{error}");
    }
    assert!(error.contains("`host_keys`"), "{error}");
}

/// A pin of one algorithm makes the server show that one, though it prefers another.
#[tokio::test]
async fn the_pinned_algorithm_is_asked_for() {
    let keys = Keys::new();
    let more = format!("HostKey {}", keys.path("host_ecdsa").display());
    let server = server!(&keys, "host", &more);
    let shell = keys.ssh().shell(&server.target(keys.pin("host_ecdsa")));
    assert_eq!(say(&shell, "echo yes").await, "yes\n");
}

#[tokio::test]
async fn known_hosts_are_believed_and_nothing_else() {
    let keys = Keys::new();
    let server = server!(&keys, "host", "");
    let with = |known_hosts: String| {
        let known_hosts = known_hosts.parse_known();
        Ssh::new(transport_ssh::Settings { known_hosts, ..keys.settings() })
            .shell(&transport_ssh::Target::new(server.hop()))
    };
    let port = server.port;
    let host = keys.text("host.pub");
    assert_eq!(say(&with(format!("[127.0.0.1]:{port} {host}")), "echo 1").await, "1\n");
    // As `ssh-keygen -H` writes it.
    let file = keys.path("known_hosts");
    std::fs::write(&file, format!("[127.0.0.1]:{port} {host}")).unwrap();
    support::keygen(&["-q", "-H", "-f", file.to_str().unwrap()]);
    let hashed = std::fs::read_to_string(&file).unwrap();
    assert!(hashed.starts_with("|1|"), "{hashed}");
    assert_eq!(say(&with(hashed), "echo 2").await, "2\n");
    let unknown = refused(&with(String::new())).await;
    assert!(unknown.contains("nothing is known") && unknown.contains("SHA256:"), "{unknown}");
    let changed = refused(&with(format!("[127.0.0.1]:{port} {}", keys.text("authority.pub")))).await;
    assert!(changed.contains("`known_hosts` (line 1)"), "{changed}");
    let revoked = refused(&with(format!("[127.0.0.1]:{port} {host}\n@revoked * {host}"))).await;
    assert!(revoked.contains("revokes"), "{revoked}");
}

trait ParseKnown {
    fn parse_known(&self) -> transport_ssh::KnownHosts;
}

impl ParseKnown for String {
    fn parse_known(&self) -> transport_ssh::KnownHosts {
        transport_ssh::KnownHosts::parse(self).unwrap()
    }
}

#[tokio::test]
async fn trust_on_first_use_is_only_by_word_and_only_once() {
    let keys = Keys::new();
    keys.make("host_new", "ed25519", "");
    let mut server = server!(&keys, "host", "");
    let mut target = transport_ssh::Target::new(server.hop());
    target.hop.trust_on_first_use = true;
    let ssh = keys.ssh();
    let shell = ssh.shell(&target);
    assert_eq!(say(&shell, "echo hello").await, "hello\n");
    let key = ssh.host_key(&target).await.expect("the key of the open connection");
    assert!(keys.text("host.pub").starts_with(&key.to_string()));
    let port = server.port;
    for session in server.sessions() {
        support::kill(session);
    }
    server.kill();
    drop(server);
    let _server = Server::start_on(port, &keys, "host_new", "").unwrap();
    let error = refused(&shell).await;
    assert!(error.contains("the first connection of this run"), "{error}");
}

#[tokio::test]
async fn certificates_of_an_authority() {
    let keys = Keys::new();
    let sign = |principals: &str, more: &[&str]| {
        let (authority, host) = (keys.path("authority"), keys.path("host.pub"));
        let mut arguments =
            vec!["-q", "-s", authority.to_str().unwrap(), "-I", "db-01", "-h", "-n", principals];
        arguments.extend(more);
        arguments.push(host.to_str().unwrap());
        support::keygen(&arguments);
    };
    let certificate = format!("HostCertificate {}", keys.path("host-cert.pub").display());
    let authority = format!("@cert-authority {}", keys.text("authority.pub")).parse().unwrap();
    for (principals, more, expected) in [
        ("127.0.0.1", &["-V", "+1h"][..], None),
        ("127.*", &["-V", "+1h"][..], None),
        ("db-01,db-02", &["-V", "+1h"][..], Some("it is for db-01, db-02")),
        ("127.0.0.1", &["-V", "-2h:-1h"][..], Some("not valid now")),
    ] {
        sign(principals, more);
        let server = server!(&keys, "host", &certificate);
        let pin: transport_ssh::Pin = Clone::clone(&authority);
        let shell = keys.ssh().shell(&server.target(pin));
        match expected {
            None => assert_eq!(say(&shell, "echo yes").await, "yes\n"),
            Some(expected) => {
                let error = refused(&shell).await;
                assert!(error.contains(expected) && error.contains("db-01"), "{error}");
            }
        }
    }
    let bare = server!(&keys, "host", "");
    let error = refused(&keys.ssh().shell(&bare.target(authority))).await;
    assert!(error.contains("signed no certificate"), "{error}");
}

#[tokio::test]
async fn through_two_machines() {
    let keys = Keys::new();
    let (first, second, last) =
        (server!(&keys, "host", ""), server!(&keys, "host_ecdsa", ""), server!(&keys, "host", ""));
    let mut target = last.target(keys.pin("host"));
    target.jump = vec![first.target(keys.pin("host")).hop, second.target(keys.pin("host_ecdsa")).hop];
    let ssh = keys.ssh();
    let answer = say(&ssh.shell(&target), "echo $SSH_CONNECTION").await;
    assert!(answer.trim().ends_with(&last.port.to_string()), "{answer}");
    let closed = support::free_port();
    target.hop.port = closed;
    let error = refused(&ssh.shell(&target)).await;
    assert!(error.contains(&format!("does not connect to 127.0.0.1:{closed}")), "{error}");
    let strict = server!(&keys, "host", "AllowTcpForwarding no");
    let mut target = last.target(keys.pin("host"));
    target.jump = vec![strict.target(keys.pin("host")).hop];
    let error = refused(&ssh.shell(&target)).await;
    assert!(error.contains("forbids forwarding"), "{error}");
}

#[tokio::test]
async fn fifty_commands_over_one_connection() {
    let keys = Keys::new();
    // Fewer places than we ask for: the rest waits its turn.
    for more in ["", "MaxSessions 3"] {
        let server = server!(&keys, "host", more);
        let shell = keys.ssh().shell(&server.target(keys.pin("host")));
        let began = Instant::now();
        let commands = (0..50).map(|number| {
            let shell = shell.clone();
            async move { say(&shell, &format!("echo {number} $SSH_CONNECTION")).await }
        });
        let answers = futures::future::join_all(commands).await;
        let mut ports: Vec<&str> = Vec::new();
        for (number, answer) in answers.iter().enumerate() {
            let words: Vec<&str> = answer.split_whitespace().collect();
            assert_eq!(words[0], number.to_string());
            ports.push(words[2]);
        }
        ports.dedup();
        assert_eq!(ports.len(), 1, "one connection: {ports:?}");
        eprintln!("50 commands over one connection ({more:?}): {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn files_are_streamed_and_arrive_whole() {
    let keys = Keys::new();
    let server = server!(&keys, "host", "");
    let machine = Machine::new(keys.ssh().shell(&server.target(keys.pin("host"))));
    let content: Vec<u8> =
        (0..4_u32 << 20).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (from, to) = (keys.path("from"), keys.path("to"));
    std::fs::write(&from, &content).unwrap();
    let owner = format!("{0}:{0}", support::user());
    let file = FileSpec {
        path: to.to_str().unwrap().to_owned(),
        content: Input::File(from.clone()),
        mode: 0o600,
        owner: Some(owner),
    };
    let began = Instant::now();
    machine.put(&file, &budget()).await.unwrap();
    eprintln!("4 MiB put in {:?}", began.elapsed());
    assert!(std::fs::read(&to).unwrap() == content);
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&to).unwrap()) & 0o7777, 0o600);
    assert!(machine.read(&file.path, 4 << 20, &budget()).await.unwrap().unwrap() == content);
    let error = machine.read(&file.path, 1000, &budget()).await.unwrap_err();
    assert!(told(&error).contains("larger than 1000 bytes"), "{error}");
    assert_eq!(machine.read("/does/not/exist", 10, &budget()).await.unwrap(), None);
    let missing = FileSpec { content: Input::File("/does/not/exist".into()), ..file };
    assert!(
        told(&machine.put(&missing, &budget()).await.unwrap_err()).contains("/does/not/exist cannot be read")
    );
}

/// A command that does not read what it is sent must not keep us waiting.
#[tokio::test]
async fn a_command_that_reads_nothing_ends() {
    let keys = Keys::new();
    let server = server!(&keys, "host", "");
    let shell = keys.ssh().shell(&server.target(keys.pin("host")));
    let input = Input::Bytes(vec![b'x'; 16 << 20].into());
    let output = shell.exec(Exec::new("echo done").input(input), &budget()).await.unwrap();
    assert_eq!(output.text(), "done\n");
}

#[tokio::test]
async fn a_secret_goes_by_input_and_lines_are_told_while_they_come() {
    let keys = Keys::new();
    let server = server!(&keys, "host", "");
    let shell = keys.ssh().shell(&server.target(keys.pin("host")));
    let told: Arc<Mutex<Vec<(OutputStream, String, Instant)>>> = Arc::default();
    let lines = told.clone();
    let exec = Exec {
        on_line: Some(Arc::new(move |stream, line: &str| {
            lines.lock().unwrap().push((stream, line.to_owned(), Instant::now()));
        })),
        ..Exec::new("cat; echo; sleep 0.5; echo late; echo wrong >&2")
    };
    let exec = exec.input(Input::Secret(Secret::new("canary-1")));
    assert!(!format!("{exec:?}").contains("canary"));
    shell.exec(exec, &budget()).await.unwrap();
    let told = told.lock().unwrap();
    let of = |wanted: &str| told.iter().find(|(_, line, _)| line == wanted).unwrap();
    assert!(of("late").2 - of("canary-1").2 > Duration::from_millis(400));
    assert_eq!(of("wrong").0, OutputStream::Stderr);
}

#[tokio::test]
async fn output_beyond_the_limit_is_dropped_and_told() {
    let keys = Keys::new();
    let server = server!(&keys, "host", "");
    let shell = keys.ssh().shell(&server.target(keys.pin("host")));
    let exec = Exec { limit: 1000, ..Exec::new("head -c 3000000 /dev/zero; exit 7") };
    let output = shell.exec(exec, &budget()).await.unwrap();
    assert_eq!((output.stdout.len(), output.truncated, output.code()), (1000, true, Some(7)));
}

async fn gone(path: &std::path::Path) -> bool {
    let pid: u32 = std::fs::read_to_string(path).unwrap().trim().parse().unwrap();
    for _ in 0..100 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn cancel_and_deadline_end_the_command() {
    let keys = Keys::new();
    let server = server!(&keys, "host", "");
    let shell = keys.ssh().shell(&server.target(keys.pin("host")));
    let file = keys.path("pid");
    let command = format!("echo $$ > {0}; exec sleep 600", file.display());

    let limited = Budget::within(Duration::from_millis(700));
    let began = Instant::now();
    let error = shell.exec(Exec::new(&command), &limited).await.unwrap_err();
    assert!(told(&error).contains("time allowed ran out"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(3));
    assert!(gone(&file).await, "the command went on after its deadline");

    std::fs::remove_file(&file).unwrap();
    let budget = Budget::unlimited();
    let cancel = budget.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        cancel.cancel();
    });
    let stubborn = format!("trap '' TERM; echo $$ > {}; while :; do sleep 0.2; done", file.display());
    let error = shell.exec(Exec::new(&stubborn), &budget).await.unwrap_err();
    assert!(matches!(error, ShellError::Interrupted { .. }), "{error:?}");
    assert!(gone_slowly(&file).await, "a command that ignores TERM must be killed");
    assert_eq!(say(&shell, "echo still here").await, "still here\n");
}

async fn gone_slowly(path: &std::path::Path) -> bool {
    gone(path).await || gone(path).await
}

#[tokio::test]
async fn a_dead_connection_is_told_and_made_again() {
    let keys = Keys::new();
    let mut server = server!(&keys, "host", "");
    let port = server.port;
    let shell = keys.ssh().shell(&server.target(keys.pin("host")));
    say(&shell, "true").await;
    let running = tokio::spawn({
        let shell = shell.clone();
        async move { shell.exec(Exec::new("sleep 600"), &budget()).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sessions = server.sessions();
    server.kill();
    for session in sessions {
        support::kill(session);
    }
    let lost = running.await.unwrap().unwrap_err();
    assert!(matches!(lost, ShellError::Lost { .. }), "{lost:?}");
    let error = refused(&shell).await;
    assert!(error.contains("Connection refused"), "{error}");
    drop(server);
    let _server = Server::start_on(port, &keys, "host", "").unwrap();
    assert_eq!(say(&shell, "echo back").await, "back\n");
}

#[tokio::test]
async fn a_machine_that_is_starting_is_waited_for_where_that_is_said() {
    let keys = Keys::new();
    if support::sshd_path().is_none() {
        return;
    }
    let port = support::free_port();
    let mut target = transport_ssh::Target::new(transport_ssh::Hop::new("127.0.0.1", port, support::user()));
    target.hop.host_keys = vec![keys.pin("host")];
    let ssh = keys.ssh();
    let began = Instant::now();
    refused(&ssh.shell(&target)).await;
    assert!(began.elapsed() < Duration::from_secs(2), "no patience was asked for");
    target.patience = Duration::from_secs(20);
    let shell = ssh.shell(&target);
    let waiting = tokio::spawn(async move { say(&shell, "echo up").await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let _server = Server::start_on(port, &keys, "host", "").unwrap();
    assert_eq!(waiting.await.unwrap(), "up\n");
}

/// `sudo` as root needs no password; what is tried is the line, and that the command is ended with its rights.
#[tokio::test]
async fn sudo_runs_scripts_and_ends_them() {
    let keys = Keys::new();
    let works =
        std::process::Command::new("sudo").args(["-n", "true"]).stderr(std::process::Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no sudo without a password on this machine");
        return;
    }
    let server = server!(&keys, "host", "");
    let machine =
        Machine::new(keys.ssh().shell(&server.target(keys.pin("host")))).within(transport_ssh::Wrap::Sudo);
    let script = "printf '%s|%s' \"$1\" \"$(id -u)\"";
    let said = machine.check("saying", script, &["it's"], Input::Nothing, &budget()).await.unwrap();
    assert_eq!(said, "it's|0");
    let file = keys.path("pid");
    let limited = Budget::within(Duration::from_millis(900));
    let path = file.to_str().unwrap();
    machine.run("echo $$ >\"$1\"; exec sleep 600", &[path], Input::Nothing, &limited).await.unwrap_err();
    assert!(gone_slowly(&file).await);
}
