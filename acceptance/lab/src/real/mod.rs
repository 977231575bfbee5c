//! Guests that are real: unprivileged LXC containers with systemd and sshd, where the machine allows.
//!
//! The stand-in answers the API; what it says of a guest then happens to a container: it starts, has the addresses, the
//! keys and the mounts of its configuration, and its volumes are directories whose bytes are real. Virtual machines are
//! stood in for by containers with cloud-init. Not real: kernels, disks and their sizes, consoles, live migration.
//!
//! Beside them, on the same bridge: doubles of the nodes' shells ([`RealGuests::node`]), a server of SFTP, an S3 server
//! with faults in front of it ([`S3`]), a web server of releases ([`Releases`]), a proxy to Debian's archive. Every command over SSH passes a door ([`Doors`]).

mod container;
mod disks;
mod door;
mod images;
mod link;
mod network;
mod node;
pub(crate) mod packages;
mod releases;
mod run;
mod s3;
mod seed;
mod station;
mod volumes;
mod walg;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

pub use container::{Mount, Nic, Shape};
pub(crate) use disks::{ROOT_DISK, format_image, grow_image};
pub use door::{Command, Doors, Moment, Stop, Strike};
pub(crate) use images::TEMPLATES;
pub use images::{Flavour, TEMPLATE, TEMPLATE_KUBERNETES, TEMPLATE_POSTGRESQL};
pub use node::SFTP_USER;
pub use releases::{ReleaseFault, ReleaseRequest, Releases};
pub use s3::{S3, StoreFault, StoreRequest};
pub use seed::{Seed, read_seed};
pub use station::Reach;
pub use walg::{WAL_G_DOUBLE, wal_g};

use images::Images;
use network::Bridge;
use station::Station;

/// Why real guests are not to be had, or what went wrong with one.
#[derive(Debug, thiserror::Error)]
pub enum RealError {
    /// The machine cannot have them.
    #[error("real guests need {0}")]
    Needs(String),
    /// A program failed.
    #[error("{program} failed: {output}")]
    Program {
        /// The program and what it was for.
        program: String,
        /// The end of what it said.
        output: String,
    },
    /// A file could not be made, read or removed.
    #[error("{what}")]
    File {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// There is no such guest.
    #[error("there is no real guest {0}")]
    NoGuest(u32),
    /// A seed image that cannot be read.
    #[error("the seed image cannot be read: {0}")]
    Seed(&'static str),
}

/// Real guests of one laboratory. Dropping it stops and removes them.
#[derive(Debug)]
pub struct RealGuests {
    dir: PathBuf,
    images: Images,
    bridge: Bridge,
    doors: Doors,
    stations: Mutex<Vec<Station>>,
    packages: OnceLock<SocketAddr>,
}

impl RealGuests {
    /// Makes ready for real guests below `dir`. Root file systems are made once for a machine and kept in `cache`.
    ///
    /// # Errors
    /// [`RealError::Needs`] says what the machine lacks.
    pub fn start(dir: &Path, cache: &Path) -> Result<Self, RealError> {
        run::requirements()?;
        run::make_room();
        let dir = dir.join("real");
        run::make_dir(&dir.join("lxc"))?;
        run::make_dir(&dir.join("volumes"))?;
        let bridge = Bridge::make()?;
        let doors = Doors::open(bridge.host())?;
        let (stations, packages) = Default::default();
        Ok(Self { images: Images::at(cache), bridge, doors, stations, packages, dir })
    }

    /// The doors that every command over SSH passes.
    #[must_use]
    pub fn doors(&self) -> &Doors {
        &self.doors
    }

    /// The address of this machine that guests reach.
    #[must_use]
    pub fn host(&self) -> Ipv4Addr {
        self.bridge.host()
    }

    /// Where root file systems and programs are kept.
    #[must_use]
    pub fn cache(&self) -> &Path {
        self.images.cache()
    }

    /// Says where guests find the proxy for package archives.
    pub(crate) fn set_packages(&self, address: SocketAddr) {
        let _ = self.packages.set(address);
    }

    fn stations(&self) -> MutexGuard<'_, Vec<Station>> {
        self.stations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network guests are in, `10.87.3`: the host is `.1`, guests take `.2` to `.254` with prefix length 24.
    #[must_use]
    pub fn network(&self) -> &str {
        self.bridge.network()
    }

    fn home(&self, vmid: u32) -> PathBuf {
        self.dir.join("lxc").join(vmid.to_string())
    }
}

impl RealGuests {
    /// Stops and removes all guests, and the bridge.
    pub fn clear(&self) {
        for vmid in self.guests() {
            if let Err(error) = self.remove(vmid) {
                tracing::warn!(vmid, %error, "a real guest is left behind");
            }
        }
        self.stations().clear();
        self.doors.close();
        self.bridge.remove();
    }
}

impl Drop for RealGuests {
    fn drop(&mut self) {
        self.clear();
    }
}
