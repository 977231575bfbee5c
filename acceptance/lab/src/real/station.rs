//! A station: a root file system with an SSH server of its own on the bridge. It stands in for the shell of a node, and
//! for a server of SFTP.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::RealError;
use super::container::{is_mounted, protect};
use super::run::{file_error, make_dir, run, write};

/// How long an SSH server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a station is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Address and port of its SSH server.
    pub address: SocketAddr,
    /// Its public host key, `ssh-ed25519 AAAA…`.
    pub host_key: String,
    /// Its root directory, on this machine.
    pub root: PathBuf,
}

/// What a station is for.
#[derive(Debug)]
pub(super) struct Purpose<'a> {
    /// Name in messages and in the journal of commands.
    pub(super) name: &'a str,
    /// What its SSH server runs in place of any command.
    pub(super) forced: String,
    /// Who may log in.
    pub(super) user: &'a str,
    /// The public key of who may.
    pub(super) client: &'a str,
    /// Files it has besides: path, mode, content.
    pub(super) files: Vec<(&'a str, u32, String)>,
}

/// A station that runs. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) name: String,
    pub(super) reach: Reach,
    daemon: Child,
}

impl Station {
    /// Lays `base` under a writable root at `root` and starts the SSH server in it. What is written stays in `dir`.
    pub(super) fn raise(
        base: &Path,
        dir: &Path,
        root: &Path,
        host: Ipv4Addr,
        purpose: &Purpose<'_>,
    ) -> Result<Self, RealError> {
        for part in [dir.join("upper"), dir.join("work"), root.to_owned()] {
            make_dir(&part)?;
        }
        let (upper, work) = (dir.join("upper"), dir.join("work"));
        let options =
            format!("lowerdir={},upperdir={},workdir={}", base.display(), upper.display(), work.display());
        let at = root.display().to_string();
        run("mount", ["-t", "overlay", "overlay", "-o", &options, &at])?;
        run("mount", ["-t", "proc", "proc", &root.join("proc").display().to_string()])?;
        run("mount", ["--bind", "/dev", &root.join("dev").display().to_string()])?;
        make_dir(&root.join("run/sshd"))?;
        let key = root.join("etc/ssh/lab_host_key");
        run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", &key.display().to_string()])?;
        let public = std::fs::read_to_string(key.with_extension("pub"));
        let host_key = public.map_err(file_error("cannot read the host key"))?.trim().to_owned();
        for (path, mode, content) in &purpose.files {
            write(&root.join(path), content)?;
            protect(&root.join(path), *mode)?;
        }
        write(&root.join("etc/ssh/lab_clients"), purpose.client)?;
        let address = free(host)?;
        write(&root.join("etc/ssh/lab.conf"), settings(address, purpose))?;
        let log = std::fs::File::create(dir.join("sshd.log")).map_err(file_error("cannot log"))?;
        let mut command = Command::new("chroot");
        command.args([&at, "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/lab.conf"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let daemon = command.spawn().map_err(file_error("cannot start the SSH server of a station"))?;
        let reach = Reach { address, host_key, root: root.to_owned() };
        let station = Self { name: purpose.name.to_owned(), reach, daemon };
        station.wait(&dir.join("sshd.log"))?;
        Ok(station)
    }

    fn wait(&self, log: &Path) -> Result<(), RealError> {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(self.reach.address).is_err() {
            if Instant::now() > until {
                let output = std::fs::read_to_string(log).unwrap_or_default();
                return Err(RealError::Program { program: "sshd".to_owned(), output });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends the server and what it started, and unmounts the root.
    fn end(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        let root = &self.reach.root;
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            if std::fs::read_link(process.path().join("root")).is_ok_and(|of| of == *root) {
                let _ = run("kill", ["-KILL", &process.file_name().to_string_lossy()]);
            }
        }
        for place in [root.join("dev"), root.join("proc"), root.clone()] {
            if is_mounted(&place)
                && let Err(error) = run("umount", ["-l", &place.display().to_string()])
            {
                tracing::warn!(station = self.name, %error, "a mount is left behind");
            }
        }
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        self.end();
    }
}

/// An address nobody listens on.
fn free(host: Ipv4Addr) -> Result<SocketAddr, RealError> {
    let listener = TcpListener::bind((host, 0)).and_then(|listener| listener.local_addr());
    listener.map_err(file_error("there is no free port on the bridge"))
}

fn settings(address: SocketAddr, purpose: &Purpose<'_>) -> String {
    format!(
        "ListenAddress {}\nPort {}\nHostKey /etc/ssh/lab_host_key\nPidFile none\nUsePAM no\n\
         AuthorizedKeysFile /etc/ssh/lab_clients\nStrictModes no\nPasswordAuthentication no\n\
         PermitRootLogin prohibit-password\nAllowUsers {}\nSubsystem sftp internal-sftp\n\
         MaxStartups 200\nMaxSessions 200\nForceCommand {}\n",
        address.ip(),
        address.port(),
        purpose.user,
        purpose.forced
    )
}

/// A key pair, made where there is none: the private key's path and the public key.
pub(super) fn key_pair(path: &Path) -> Result<String, RealError> {
    if !path.exists() {
        make_dir(path.parent().unwrap_or(path))?;
        run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", &path.display().to_string()])?;
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, mode).map_err(file_error("cannot close a key to others"))?;
    }
    let public = std::fs::read_to_string(path.with_extension("pub"));
    Ok(public.map_err(file_error("cannot read a public key"))?.trim().to_owned())
}
