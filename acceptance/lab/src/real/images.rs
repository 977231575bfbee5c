//! Root file systems: Debian from its package archive, made once for a machine.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::RealError;
use super::run::{file_error, make_dir, remove_dir, run, write};

/// The first user id of the host that unprivileged guests have.
pub(super) const SHIFT: u32 = 100_000;

/// What a root file system is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// A container whose root is root of the host.
    Privileged,
    /// A container whose root is an ordinary user of the host.
    Unprivileged,
    /// What stands in for a virtual machine: with cloud-init.
    Machine,
    /// An unprivileged container that has PostgreSQL 15, without a cluster.
    Database,
    /// An unprivileged container that has etcd, not started, and what a Kubernetes host has besides.
    Kubernetes,
}

impl Flavour {
    const ALL: [Self; 5] =
        [Self::Privileged, Self::Unprivileged, Self::Machine, Self::Database, Self::Kubernetes];

    /// What an unprivileged container that is made from this archive is for.
    pub(crate) fn of_template(archive: &str) -> Option<Self> {
        match archive {
            TEMPLATE_POSTGRESQL => Some(Self::Database),
            TEMPLATE_KUBERNETES => Some(Self::Kubernetes),
            _ => None,
        }
    }

    /// The flavour of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flavour| format!("{flavour:?}") == name)
    }
}

/// The template of a container with nothing but a system.
pub const TEMPLATE: &str = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst";
/// The template of a container that has PostgreSQL 15, curl and locales, so that nothing is to be installed.
pub const TEMPLATE_POSTGRESQL: &str = "local:vztmpl/debian-12-postgresql-15_15.18-1_amd64.tar.zst";
/// The template of a container that has etcd (disabled), kubectl, and the tools that a Kubernetes host has.
pub const TEMPLATE_KUBERNETES: &str = "local:vztmpl/debian-12-kubernetes-host_12.12-1_amd64.tar.zst";
/// Every template that the nodes have.
pub(crate) const TEMPLATES: [&str; 3] = [TEMPLATE, TEMPLATE_POSTGRESQL, TEMPLATE_KUBERNETES];

const PACKAGES: &str =
    "systemd,systemd-sysv,dbus,openssh-server,iproute2,iputils-ping,ca-certificates,sudo,procps,perl-base";

/// User and group of PostgreSQL in the root file system that has it.
const POSTGRES: &str = "543";

/// The root file systems of this machine.
#[derive(Debug)]
pub(super) struct Images {
    cache: PathBuf,
}

impl Images {
    pub(super) fn at(cache: &Path) -> Self {
        Self { cache: cache.to_owned() }
    }

    pub(super) fn cache(&self) -> &Path {
        &self.cache
    }

    /// Where a flavour's files are; made when it is not there yet, one program at a time.
    pub(super) fn get(&self, flavour: Flavour) -> Result<PathBuf, RealError> {
        make_dir(&self.cache)?;
        let _held = Held::take(&self.cache.join("lock"))?;
        match flavour {
            Flavour::Privileged => self.made("debian-12", bootstrap),
            Flavour::Unprivileged => {
                let base = self.made("debian-12", bootstrap)?;
                self.made("debian-12-unprivileged", |place| copy_shifted(&base, place))
            }
            Flavour::Database => {
                let base = self.made("debian-12", bootstrap)?;
                self.made("debian-12-postgresql-15-unprivileged", |place| with_postgresql(&base, place))
            }
            Flavour::Kubernetes => {
                let base = self.made("debian-12", bootstrap)?;
                self.made("debian-12-kubernetes-unprivileged", |place| with_etcd(&base, place))
            }
            Flavour::Machine => {
                let base = self.made("debian-12", bootstrap)?;
                let cloud = self.made("debian-12-cloud", |place| with_cloud_init(&base, place))?;
                self.made("debian-12-machine", |place| copy_shifted(&cloud, place))
            }
        }
    }

    /// A directory that is there whole or not at all.
    fn made(
        &self,
        name: &str,
        make: impl FnOnce(&Path) -> Result<(), RealError>,
    ) -> Result<PathBuf, RealError> {
        let place = self.cache.join(name);
        if place.is_dir() {
            return Ok(place);
        }
        let beside = self.cache.join(format!("{name}.new"));
        remove_dir(&beside)?;
        tracing::info!(name, "making a root file system; this happens once");
        make(&beside)?;
        std::fs::rename(&beside, &place).map_err(file_error(format!("cannot place {}", place.display())))?;
        Ok(place)
    }
}

/// The cache, held by one program at a time.
pub(super) struct Held(PathBuf);

impl Held {
    pub(super) fn take(lock: &Path) -> Result<Self, RealError> {
        let owner = lock.join("pid");
        loop {
            if std::fs::create_dir(lock).is_ok() {
                write(&owner, std::process::id().to_string())?;
                return Ok(Self(lock.to_owned()));
            }
            // A program that was killed holds nothing.
            let pid = std::fs::read_to_string(&owner).unwrap_or_default();
            if !pid.is_empty() && !Path::new("/proc").join(&pid).exists() {
                remove_dir(lock)?;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn bootstrap(place: &Path) -> Result<(), RealError> {
    let include = format!("--include={PACKAGES}");
    let mirror =
        std::env::var("HYBRIDOPS_LAB_DEBIAN").unwrap_or_else(|_| "http://deb.debian.org/debian".to_owned());
    run("debootstrap", ["--variant=minbase", &include, "bookworm", &text(place), &mirror])?;
    // Each guest draws its own.
    for key in ["rsa", "ecdsa", "ed25519"] {
        for end in ["", ".pub"] {
            let _ = std::fs::remove_file(place.join(format!("etc/ssh/ssh_host_{key}_key{end}")));
        }
    }
    write(&place.join("etc/machine-id"), "")?;
    // What no container can have; without it systemd is content.
    for unit in ["sys-kernel-debug.mount", "sys-kernel-tracing.mount", "proc-sys-fs-binfmt_misc.automount"] {
        let link = place.join("etc/systemd/system").join(unit);
        std::os::unix::fs::symlink("/dev/null", &link).map_err(file_error(format!("cannot mask {unit}")))?;
    }
    Ok(())
}

fn with_cloud_init(base: &Path, place: &Path) -> Result<(), RealError> {
    run("cp", ["-a", &text(base), &text(place)])?;
    apt(place, &["update", "-qq"])?;
    install(place, &["cloud-init"])?;
    apt(place, &["clean"])?;
    run("chroot", [&text(place), "systemctl", "enable", "systemd-networkd"])?;
    write(
        &place.join("etc/cloud/cloud.cfg.d/90-lab.cfg"),
        "datasource_list: [ NoCloud ]\nlocale: false\nsystem_info:\n  network:\n    renderers: [ networkd ]\n",
    )?;
    for leftover in ["var/lib/cloud", "var/lib/apt/lists"] {
        remove_dir(&place.join(leftover))?;
    }
    Ok(())
}

/// PostgreSQL as the archive has it, and what an administrator wants beside. No cluster is made, and the packages and
/// their lists stay, so that installing what is installed needs no network.
fn with_postgresql(base: &Path, place: &Path) -> Result<(), RealError> {
    run("cp", ["-a", &text(base), &text(place)])?;
    write(&place.join("etc/postgresql-common/createcluster.d/lab.conf"), "create_main_cluster = false\n")?;
    write(&place.join("etc/apt/apt.conf.d/90lab-keep"), "APT::Keep-Downloaded-Packages \"true\";\n")?;
    let root = text(place);
    run("chroot", [&root, "groupadd", "--system", "--gid", POSTGRES, "postgres"])?;
    let user = ["--system", "--uid", POSTGRES, "--gid", POSTGRES, "--home-dir", "/var/lib/postgresql"];
    let begin = [root.as_str(), "useradd"].into_iter().chain(user);
    run("chroot", begin.chain(["--shell", "/bin/bash", "postgres"]))?;
    apt(place, &["update", "-qq"])?;
    install(place, &["postgresql-15", "postgresql-common", "curl", "locales", "jq"])?;
    for made_for_the_image in
        ["etc/postgresql-common/createcluster.d/lab.conf", "etc/apt/apt.conf.d/90lab-keep"]
    {
        let _ = std::fs::remove_file(place.join(made_for_the_image));
    }
    shift(place)
}

/// Packages of a host for Kubernetes: etcd stands in for the static pod, kubectl is a client that others wrote.
const KUBERNETES_HOST: [&str; 10] = [
    "etcd-server",
    "etcd-client",
    "kubernetes-client",
    "curl",
    "jq",
    "zstd",
    "kmod",
    "iptables",
    "nftables",
    "openssl",
];

/// What a host for Kubernetes has before anything is installed on it. Debian's etcd is there as a program and not as a
/// service: nobody but the stand-in starts it.
fn with_etcd(base: &Path, place: &Path) -> Result<(), RealError> {
    run("cp", ["-a", &text(base), &text(place)])?;
    apt(place, &["update", "-qq"])?;
    install(place, &KUBERNETES_HOST)?;
    apt(place, &["clean"])?;
    run("chroot", [&text(place), "systemctl", "disable", "etcd.service", "nftables.service"])?;
    let unit = place.join("etc/systemd/system/etcd.service");
    std::os::unix::fs::symlink("/dev/null", &unit).map_err(file_error("cannot mask etcd.service"))?;
    remove_dir(&place.join("var/lib/apt/lists"))?;
    remove_dir(&place.join("var/lib/etcd"))?;
    shift(place)
}

fn apt(place: &Path, arguments: &[&str]) -> Result<(), RealError> {
    let root = text(place);
    let begin = [root.as_str(), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    run("chroot", begin.into_iter().chain(arguments.iter().copied())).map(drop)
}

/// Installs packages; no service of theirs is started, for what runs in a root file system that is being made runs here.
fn install(place: &Path, packages: &[&str]) -> Result<(), RealError> {
    let policy = place.join("usr/sbin/policy-rc.d");
    write(&policy, "#!/bin/sh\nexit 101\n")?;
    super::container::protect(&policy, 0o755)?;
    apt(place, &[&["install", "-qq", "-y", "--no-install-recommends"], packages].concat())?;
    std::fs::remove_file(&policy).map_err(file_error("cannot remove policy-rc.d"))
}

/// Copies a root file system for unprivileged guests: every owner moves up.
fn copy_shifted(from: &Path, to: &Path) -> Result<(), RealError> {
    run("cp", ["-a", &text(from), &text(to)])?;
    shift(to)
}

/// Moves the owners of everything below a directory up, once.
pub(super) fn shift(dir: &Path) -> Result<(), RealError> {
    shift_one(dir)?;
    let listed = std::fs::read_dir(dir).map_err(file_error(format!("cannot list {}", dir.display())))?;
    for entry in listed {
        let path = entry.map_err(file_error(format!("cannot list {}", dir.display())))?.path();
        let is_dir = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        if is_dir { shift(&path)? } else { shift_one(&path)? }
    }
    Ok(())
}

fn shift_one(path: &Path) -> Result<(), RealError> {
    let failed = || file_error(format!("cannot change the owner of {}", path.display()));
    let before = path.symlink_metadata().map_err(failed())?;
    if before.uid() >= SHIFT {
        return Ok(());
    }
    lchown(path, Some(before.uid() + SHIFT), Some(before.gid() + SHIFT)).map_err(failed())?;
    if !before.is_symlink() {
        // A change of owner takes the bits away that make programs run as their owner.
        let mode = std::fs::Permissions::from_mode(before.permissions().mode() & 0o7777);
        std::fs::set_permissions(path, mode).map_err(failed())?;
    }
    Ok(())
}
