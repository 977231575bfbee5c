//! Ways to log in, against a real OpenSSH server. Skipped aloud where there is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::{Keys, Server};
use transport_ssh::{Budget, Credentials, Exec, KeyError, Secret, Settings, ShellError, Ssh, told};

/// An agent that lives as long as the test.
struct Agent {
    child: Child,
    socket: std::path::PathBuf,
}

impl Agent {
    fn start(keys: &Keys) -> Self {
        let socket = keys.path("agent");
        let mut command = Command::new("ssh-agent");
        command
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let agent = Self { child: command.spawn().unwrap(), socket };
        while !agent.socket.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        agent
    }

    fn add(&self, key: &std::path::Path) {
        let mut command = Command::new("ssh-add");
        command.arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).stderr(Stdio::null());
        assert!(command.status().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn attempt(keys: &Keys, server: &Server, credentials: Credentials) -> Result<String, String> {
    let settings = Settings { connect_timeout: Duration::from_secs(10), ..Settings::new(credentials) };
    let shell = Ssh::new(settings).shell(&server.target(keys.pin("host")));
    match shell.exec(Exec::new("echo in"), &Budget::within(Duration::from_secs(30))).await {
        Ok(output) => Ok(output.text()),
        Err(error @ ShellError::NotStarted { .. }) => Err(told(&error)),
        Err(other) => panic!("{other:?}"),
    }
}

fn authorize(keys: &Keys, names: &[&str]) {
    let lines: Vec<String> = names.iter().map(|name| keys.text(&format!("{name}.pub"))).collect();
    std::fs::write(keys.path("authorized_keys"), lines.concat()).unwrap();
}

#[tokio::test]
async fn keys_in_all_their_forms() {
    let keys = Keys::new();
    let Some(server) = Server::start(&keys, "host", "") else { return };
    let phrase = Secret::new("canary-phrase");
    for (name, kind, passphrase) in
        [("plain", "ed25519", None), ("locked", "ed25519", Some(&phrase)), ("ec", "ecdsa", Some(&phrase))]
    {
        keys.make(name, kind, passphrase.map(Secret::expose).unwrap_or_default());
        authorize(&keys, &[name]);
        let credentials = Credentials::default().key(&keys.secret(name), passphrase).unwrap();
        assert_eq!(attempt(&keys, &server, credentials).await, Ok("in\n".into()), "{name}");
    }
    // PKCS#8, as `openssl` and Terraform's tls_private_key write it.
    for (name, kind, passphrase) in [("p8", "ecdsa", None), ("p8locked", "ecdsa", Some(&phrase))] {
        keys.make(name, kind, "");
        let path = keys.path(name);
        let new = passphrase.map(Secret::expose).unwrap_or_default();
        support::keygen(&["-q", "-p", "-P", "", "-N", new, "-m", "PKCS8", "-f", path.to_str().unwrap()]);
        assert!(keys.text(name).contains("PRIVATE KEY-----") && !keys.text(name).contains("OPENSSH"));
        authorize(&keys, &[name]);
        let credentials = Credentials::default().key(&keys.secret(name), passphrase).unwrap();
        assert_eq!(attempt(&keys, &server, credentials).await, Ok("in\n".into()), "{name}");
    }
}

#[test]
fn keys_that_cannot_be_used_are_told_without_a_word_of_them() {
    let keys = Keys::new();
    let read = |text: String, passphrase: Option<&str>| {
        let passphrase = passphrase.map(Secret::new);
        Credentials::default().key(&Secret::new(text), passphrase.as_ref()).unwrap_err()
    };
    keys.make("locked", "ed25519", "canary-phrase");
    assert_eq!(read(keys.text("locked"), None), KeyError::Encrypted);
    assert_eq!(read(keys.text("locked"), Some("wrong")), KeyError::Passphrase);
    assert_eq!(read(keys.text("user.pub"), None), KeyError::Public);
    assert_eq!(read("nonsense".into(), None), KeyError::NotAKey);
    keys.make("rsa", "rsa", "");
    assert!(matches!(read(keys.text("rsa"), None), KeyError::Algorithm(_)));
    let credentials = Credentials::default().key(&keys.secret("user"), None).unwrap();
    let other = format!("{credentials:?}");
    assert!(!other.contains("PRIVATE") && other.contains("key: true"), "{other}");
}

#[tokio::test]
async fn agents_and_their_rsa_keys() {
    let keys = Keys::new();
    let Some(server) = Server::start(&keys, "host", "") else { return };
    let agent = Agent::start(&keys);
    keys.make("rsa", "rsa", "");
    keys.make("unwanted", "ed25519", "");
    agent.add(&keys.path("unwanted"));
    let by_agent = || Credentials::default().agent(&agent.socket);
    let error = attempt(&keys, &server, by_agent()).await.unwrap_err();
    let unwanted: transport_ssh::HostKey = keys.text("unwanted.pub").parse().unwrap();
    assert!(error.contains(&unwanted.fingerprint()) && error.contains("accepts: publickey"), "{error}");
    agent.add(&keys.path("user"));
    assert_eq!(attempt(&keys, &server, by_agent()).await, Ok("in\n".into()));
    authorize(&keys, &["rsa"]);
    agent.add(&keys.path("rsa"));
    assert_eq!(attempt(&keys, &server, by_agent()).await, Ok("in\n".into()), "RSA by the agent");
    let nowhere = Credentials::default().agent("/does/not/exist");
    let error = attempt(&keys, &server, nowhere).await.unwrap_err();
    assert!(error.contains("ssh-agent at /does/not/exist"), "{error}");
    let error = attempt(&keys, &server, Credentials::default()).await.unwrap_err();
    assert!(error.contains("HYBRIDOPS_SSH_PRIVATE_KEY"), "{error}");
}

#[tokio::test]
async fn certificates_of_users() {
    let keys = Keys::new();
    keys.make("certified", "ed25519", "");
    let (authority, public) = (keys.path("authority"), keys.path("certified.pub"));
    let user = support::user();
    support::keygen(&[
        "-q",
        "-s",
        authority.to_str().unwrap(),
        "-I",
        "me",
        "-n",
        &user,
        "-V",
        "+1h",
        public.to_str().unwrap(),
    ]);
    let trusted = format!("TrustedUserCAKeys {}", keys.path("authority.pub").display());
    let Some(server) = Server::start(&keys, "host", &trusted) else { return };
    let certificate = keys.text("certified-cert.pub");
    let by_key = Credentials::default().key(&keys.secret("certified"), None).unwrap();
    assert!(attempt(&keys, &server, by_key.clone()).await.is_err(), "the key alone is not authorized");
    let certified = by_key.certificate(&certificate).unwrap();
    assert_eq!(attempt(&keys, &server, certified).await, Ok("in\n".into()));
    // The agent holds the key, not the certificate.
    let agent = Agent::start(&keys);
    std::fs::rename(keys.path("certified-cert.pub"), keys.path("kept.pub")).unwrap();
    agent.add(&keys.path("certified"));
    let by_agent = Credentials::default().agent(&agent.socket).certificate(&certificate).unwrap();
    assert_eq!(attempt(&keys, &server, by_agent).await, Ok("in\n".into()));
    let other = Credentials::default().key(&keys.secret("user"), None).unwrap();
    assert_eq!(other.certificate(&certificate).unwrap_err(), KeyError::OtherKey);
}
