//! A real OpenSSH server on loopback, with keys of its own, that lives as long as the test.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use transport_ssh::{Credentials, Hop, Pin, Secret, Settings, Ssh, Target};

/// Where the server is, or nothing, said aloud.
pub(crate) fn sshd_path() -> Option<PathBuf> {
    let path =
        ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].map(PathBuf::from).into_iter().find(|path| path.exists());
    if path.is_none() {
        eprintln!("SKIPPED: no sshd on this machine (Debian: apt-get install openssh-server)");
    }
    path
}

/// A directory of keys: `user`, `host`, `authority`.
pub(crate) struct Keys {
    pub(crate) dir: TempDir,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let keys = Self { dir: tempfile::tempdir().unwrap() };
        for (name, kind) in
            [("user", "ed25519"), ("host", "ed25519"), ("host_ecdsa", "ecdsa"), ("authority", "ed25519")]
        {
            keys.make(name, kind, "");
        }
        fs::copy(keys.path("user.pub"), keys.path("authorized_keys")).unwrap();
        keys
    }

    pub(crate) fn make(&self, name: &str, kind: &str, passphrase: &str) {
        let path = self.path(name);
        keygen(&["-q", "-t", kind, "-N", passphrase, "-C", name, "-f", path.to_str().unwrap()]);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn secret(&self, name: &str) -> Secret {
        Secret::new(self.text(name))
    }

    pub(crate) fn pin(&self, name: &str) -> Pin {
        self.text(&format!("{name}.pub")).parse().unwrap()
    }

    /// Settings that log in with the user's key.
    pub(crate) fn settings(&self) -> Settings {
        let credentials = Credentials::default().key(&self.secret("user"), None).unwrap();
        Settings { connect_timeout: Duration::from_secs(10), ..Settings::new(credentials) }
    }

    pub(crate) fn ssh(&self) -> Ssh {
        Ssh::new(self.settings())
    }
}

pub(crate) fn keygen(arguments: &[&str]) {
    let output = Command::new("ssh-keygen").args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "ssh-keygen {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a server with a host key and more lines of configuration.
    pub(crate) fn start(keys: &Keys, host_key: &str, more: &str) -> Option<Self> {
        Self::start_on(free_port(), keys, host_key, more)
    }

    pub(crate) fn start_on(port: u16, keys: &Keys, host_key: &str, more: &str) -> Option<Self> {
        let sshd = sshd_path()?;
        // Debian's sshd wants its directory even where it is run by hand; only root can and need make it.
        let _ = fs::create_dir_all("/run/sshd");
        let config = keys.path(&format!("sshd_config-{port}"));
        let text = format!(
            "{more}\nListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PidFile none\nPermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             AllowTcpForwarding yes\nLogLevel VERBOSE\n",
            keys.path(host_key).display(),
            keys.path("authorized_keys").display(),
        );
        fs::write(&config, text).unwrap();
        let log = fs::File::create(keys.path(&format!("sshd-{port}.log"))).unwrap();
        let mut command = Command::new(sshd);
        command
            .arg("-D")
            .arg("-e")
            .arg("-f")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let server = Self { child: command.spawn().unwrap(), port };
        wait_for(port);
        Some(server)
    }

    pub(crate) fn hop(&self) -> Hop {
        Hop::new("127.0.0.1", self.port, user())
    }

    pub(crate) fn target(&self, pin: Pin) -> Target {
        Target::new(Hop { host_keys: vec![pin], ..self.hop() })
    }

    /// Ends the server and every connection it holds.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Process ids of the server's sessions.
    pub(crate) fn sessions(&self) -> Vec<u32> {
        let mut found = children(self.child.id());
        // Parents first: a child that is killed first would be told as the end of a command.
        found.reverse();
        found
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for session in self.sessions() {
            kill(session);
        }
        self.kill();
    }
}

pub(crate) fn kill(pid: u32) {
    let _ = Command::new("kill").arg("-KILL").arg(pid.to_string()).stderr(Stdio::null()).status();
}

fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat =
            fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
        if fields.split(' ').nth(1) == Some(parent.to_string().as_str()) {
            found.extend(children(pid));
            found.push(pid);
        }
    }
    found
}

pub(crate) fn user() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn wait_for(port: u16) {
    let end = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "the server does not listen on {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
