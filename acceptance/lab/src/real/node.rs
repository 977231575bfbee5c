//! The shell of a node, and a server of SFTP: doubles, reached by SSH as the real ones are.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::door::{DOOR, DOOR_PATH};
use super::images::Flavour;
use super::station::{Purpose, Reach, Station, key_pair};
use super::{RealError, RealGuests};

const PCT: &str = include_str!("pct.pl");

/// User of the server of SFTP.
pub const SFTP_USER: &str = "walg";

impl RealGuests {
    /// The private key that all stations let in, and the public one.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn client_key(&self) -> Result<(PathBuf, String), RealError> {
        let path = self.dir.join("keys/client");
        key_pair(&path).map(|public| (path, public))
    }

    /// The public host key that every container of this host name has from now on, whenever it is made.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn host_key_of(&self, hostname: &str) -> Result<String, RealError> {
        key_pair(&self.prepared_host_key(hostname))
    }

    pub(super) fn prepared_host_key(&self, hostname: &str) -> PathBuf {
        self.dir.join("keys/hosts").join(hostname)
    }

    /// Starts a double of a node's shell: its root is at `root`, `pct` asks the laboratory at `control`.
    pub(crate) fn raise_node(&self, node: &str, root: &Path, control: SocketAddr) -> Result<(), RealError> {
        let lxc = self.dir.join("lxc").display().to_string();
        let pct = PCT
            .replace("@HOST@", &control.ip().to_string())
            .replace("@PORT@", &control.port().to_string())
            .replace("@PID@", &std::process::id().to_string())
            .replace("@LXC@", &lxc)
            .replace("@NODE@", node);
        let ids = "root:100000:65536\n".to_owned();
        let files = vec![
            (DOOR_PATH, 0o755, DOOR.to_owned()),
            ("usr/sbin/pct", 0o755, pct),
            ("etc/subuid", 0o644, ids.clone()),
            ("etc/subgid", 0o644, ids),
        ];
        let client = self.client_key()?.1;
        let forced = self.doors.forced(node);
        self.raise(root, &Purpose { name: node, forced, user: "root", client: &client, files })
    }

    /// Starts a server of SFTP with an empty directory `/srv/walg` of the user [`SFTP_USER`]; one that runs stays.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn sftp(&self) -> Result<Reach, RealError> {
        if let Some(reach) = self.station("sftp") {
            return Ok(reach);
        }
        let client = self.client_key()?.1;
        let forced = "internal-sftp".to_owned();
        let purpose = Purpose { name: "sftp", forced, user: SFTP_USER, client: &client, files: Vec::new() };
        let root = self.dir.join("sftp-root");
        self.raise(&root, &purpose)?;
        let at = root.display().to_string();
        super::run::run("chroot", [&at, "useradd", "-m", "-p", "*", "-s", "/bin/sh", SFTP_USER])?;
        super::run::run("chroot", [&at, "install", "-d", "-o", SFTP_USER, "/srv/walg"])?;
        self.station("sftp").ok_or_else(|| RealError::Needs("its server of SFTP".to_owned()))
    }

    /// How the shell of a node is reached.
    #[must_use]
    pub fn node(&self, node: &str) -> Option<Reach> {
        self.station(node)
    }

    fn station(&self, name: &str) -> Option<Reach> {
        let stations = self.stations();
        stations.iter().find(|station| station.name == name).map(|station| station.reach.clone())
    }

    fn raise(&self, root: &Path, purpose: &Purpose<'_>) -> Result<(), RealError> {
        let base = self.images.get(Flavour::Privileged)?;
        let dir = self.dir.join("stations").join(purpose.name);
        let station = Station::raise(&base, &dir, root, self.bridge.host(), purpose)?;
        self.stations().push(station);
        Ok(())
    }
}
