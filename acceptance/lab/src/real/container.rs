//! One guest: an overlay on a root file system, started by LXC.

use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::disks::ROOT_DISK;
use super::door::{DOOR, DOOR_PATH};
use super::images::{Flavour, SHIFT, shift};
use super::run::{file_error, make_dir, remove_dir, run, write};
use super::volumes::copy;
use super::{RealError, RealGuests, Seed};

/// How a guest is when it starts.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Host name.
    pub hostname: String,
    /// Network cards.
    pub nics: Vec<Nic>,
    /// What is mounted.
    pub mounts: Vec<Mount>,
    /// Public keys of root, one a line; of containers only.
    pub ssh_keys: String,
    /// What cloud-init reads; of machines only.
    pub seed: Option<Seed>,
    /// Memory, in MiB; as much as the machine has where 0.
    pub memory: u64,
}

/// A network card.
#[derive(Debug, Clone, Default)]
pub struct Nic {
    /// Its name inside, `eth0`.
    pub name: String,
    /// Hardware address.
    pub mac: String,
    /// Address with prefix length; none where cloud-init sets it.
    pub address: Option<String>,
    /// Gateway.
    pub gateway: Option<String>,
}

/// Something mounted in a guest.
#[derive(Debug, Clone)]
pub struct Mount {
    /// Directory of this machine.
    pub source: PathBuf,
    /// Where it is in the guest, `/var/lib/postgresql`.
    pub target: String,
    /// Whether it is read-only.
    pub read_only: bool,
}

const FLAVOUR: &str = "flavour";

impl RealGuests {
    /// Numbers of the guests there are.
    #[must_use]
    pub fn guests(&self) -> Vec<u32> {
        let listed = std::fs::read_dir(self.dir.join("lxc")).into_iter().flatten().flatten();
        listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    /// Makes a guest that does not run. One that is there stays.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn make(&self, vmid: u32, flavour: Flavour) -> Result<(), RealError> {
        let home = self.home(vmid);
        if home.is_dir() {
            return Ok(());
        }
        self.images.get(flavour)?;
        for part in ["upper", "work", "rootfs"] {
            make_dir(&home.join(part))?;
        }
        let owner = if flavour == Flavour::Privileged { 0 } else { SHIFT };
        give(&home.join("upper"), owner)?;
        write(&home.join(FLAVOUR), format!("{flavour:?}"))
    }

    /// Makes a guest as a copy of one that does not run.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn copy(&self, from: u32, to: u32) -> Result<(), RealError> {
        let (source, target) = (self.home(from), self.home(to));
        if !source.is_dir() {
            return Err(RealError::NoGuest(from));
        }
        self.make(to, self.flavour(from)?)?;
        remove_dir(&target.join("upper"))?;
        copy(&source.join("upper"), &target.join("upper"))?;
        // A copy is another machine.
        for identity in ["etc/machine-id", "etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_ed25519_key.pub"]
        {
            let _ = std::fs::remove_file(target.join("upper").join(identity));
        }
        Ok(())
    }

    fn offered(&self) -> PathBuf {
        self.dir.join("offered")
    }

    /// Puts a program into `/opt/lab` of every unprivileged container that starts from now on.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn offer(&self, name: &str, program: &[u8]) -> Result<(), RealError> {
        let place = self.offered().join(name);
        write(&place, program)?;
        protect(&place, 0o755)?;
        give(&place, SHIFT)?;
        give(&self.offered(), SHIFT)
    }

    fn flavour(&self, vmid: u32) -> Result<Flavour, RealError> {
        let name = std::fs::read_to_string(self.home(vmid).join(FLAVOUR)).unwrap_or_default();
        Flavour::named(&name).ok_or(RealError::NoGuest(vmid))
    }

    /// Whether a guest runs.
    #[must_use]
    pub fn is_running(&self, vmid: u32) -> bool {
        self.lxc("lxc-info", vmid, &["-s", "-H"]).is_ok_and(|state| state.trim() == "RUNNING")
    }

    /// Starts a guest that does not run, and returns when its first process runs.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn start_guest(&self, vmid: u32, shape: &Shape) -> Result<(), RealError> {
        if self.is_running(vmid) {
            return Ok(());
        }
        let flavour = self.flavour(vmid)?;
        let home = self.home(vmid);
        self.mount_root(vmid, flavour)?;
        self.dress(&home.join("rootfs"), flavour, shape)?;
        write(&home.join("config"), self.config(vmid, flavour, shape))?;
        let log = home.join("log").display().to_string();
        let config = home.join("config").display().to_string();
        self.lxc("lxc-start", vmid, &["-f", &config, "-o", &log]).map(drop)
    }

    /// Stops a guest: asks it to, and after `patience` kills it. One that does not run is no error.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn stop_guest(&self, vmid: u32, patience: Duration) -> Result<(), RealError> {
        if self.is_running(vmid) {
            let seconds = patience.as_secs().to_string();
            let how: &[&str] = if patience.is_zero() { &["-k"] } else { &["-t", &seconds] };
            self.lxc("lxc-stop", vmid, how)?;
        }
        self.unmount_root(vmid)?;
        self.detach_all(vmid)
    }

    /// Removes a guest with its root; volumes stay. One that is gone is no error.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn remove(&self, vmid: u32) -> Result<(), RealError> {
        self.stop_guest(vmid, Duration::ZERO)?;
        remove_dir(&self.home(vmid))
    }

    /// Runs a script in a running guest and answers what it prints.
    ///
    /// # Errors
    /// [`RealError::Program`] with the end of what it printed.
    pub fn exec(&self, vmid: u32, script: &str) -> Result<String, RealError> {
        self.lxc("lxc-attach", vmid, &["--clear-env", "--", "/bin/sh", "-c", script])
    }

    /// Waits until a guest's system has come up.
    ///
    /// # Errors
    /// [`RealError`] when it has not in time.
    pub fn wait_booted(&self, vmid: u32, patience: Duration) -> Result<(), RealError> {
        let until = Instant::now() + patience;
        loop {
            let state = self.exec(vmid, "systemctl is-system-running || true");
            match state {
                Ok(state) if matches!(state.trim(), "running" | "degraded") => return Ok(()),
                Err(error) if Instant::now() > until => return Err(error),
                Ok(state) if Instant::now() > until => {
                    let output = format!("guest {vmid} is still {}", state.trim());
                    return Err(RealError::Program { program: "systemctl".to_owned(), output });
                }
                _ => std::thread::sleep(Duration::from_millis(250)),
            }
        }
    }

    /// Mounts a directory in a guest that runs already.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn mount_live(&self, vmid: u32, mount: &Mount) -> Result<(), RealError> {
        let pid = self.lxc("lxc-info", vmid, &["-p", "-H"])?;
        let source = mount.source.display().to_string();
        run("perl", ["-e", ATTACH, pid.trim(), &source, &mount.target])?;
        if mount.read_only {
            self.exec(vmid, &format!("mount -o remount,bind,ro '{}'", mount.target))?;
        }
        Ok(())
    }

    /// Unmounts a directory of a guest that runs.
    ///
    /// # Errors
    /// [`RealError`]; something in the guest may use it.
    pub fn unmount_live(&self, vmid: u32, target: &str) -> Result<(), RealError> {
        self.exec(vmid, &format!("umount '{target}'")).map(drop)
    }

    fn lxc(&self, program: &str, vmid: u32, arguments: &[&str]) -> Result<String, RealError> {
        let path = self.dir.join("lxc").display().to_string();
        let name = vmid.to_string();
        run(program, ["-P", &path, "-n", &name].into_iter().chain(arguments.iter().copied()))
    }

    fn mount_root(&self, vmid: u32, flavour: Flavour) -> Result<(), RealError> {
        let home = self.home(vmid);
        let rootfs = home.join("rootfs");
        if is_mounted(&rootfs) {
            return Ok(());
        }
        // On a disk of its own where it has one.
        let disk = home.join("disks").join(ROOT_DISK);
        let own = if is_mounted(&disk) { disk } else { home.clone() };
        for part in ["upper", "work"] {
            make_dir(&own.join(part))?;
        }
        give(&own.join("upper"), if flavour == Flavour::Privileged { 0 } else { SHIFT })?;
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            self.images.get(flavour)?.display(),
            own.join("upper").display(),
            own.join("work").display()
        );
        run("mount", ["-t", "overlay", "overlay", "-o", &options, &rootfs.display().to_string()]).map(drop)
    }

    fn unmount_root(&self, vmid: u32) -> Result<(), RealError> {
        let rootfs = self.home(vmid).join("rootfs");
        if is_mounted(&rootfs) {
            run("umount", [&rootfs.display().to_string()])?;
        }
        Ok(())
    }

    /// Writes what the node writes into a container before it starts, and lays the seed where cloud-init looks.
    fn dress(&self, root: &Path, flavour: Flavour, shape: &Shape) -> Result<(), RealError> {
        let owner = if flavour == Flavour::Privileged { 0 } else { SHIFT };
        for mount in &shape.mounts {
            let target = root.join(mount.target.trim_start_matches('/'));
            if !target.is_dir() {
                make_dir(&target)?;
                give(&target, owner)?;
            }
        }
        draw_identity(root, owner)?;
        if flavour == Flavour::Machine {
            let seed = root.join("var/lib/cloud/seed/nocloud");
            return match &shape.seed {
                Some(given) => {
                    given.lay(&seed)?;
                    shift(&root.join("var/lib/cloud"))
                }
                None => Ok(()),
            };
        }
        write(&root.join("etc/hostname"), format!("{}\n", shape.hostname))?;
        give(&root.join("etc/hostname"), owner)?;
        self.lay_host_key(root, &shape.hostname, owner)?;
        self.lay_door(root, &shape.hostname, owner)?;
        if !shape.ssh_keys.is_empty() {
            let keys = root.join("root/.ssh/authorized_keys");
            write(&keys, &shape.ssh_keys)?;
            for (path, mode) in [(root.join("root/.ssh"), 0o700), (keys, 0o600)] {
                give(&path, owner)?;
                protect(&path, mode)?;
            }
        }
        Ok(())
    }

    /// The host key of its name where one was prepared, else one of its own.
    fn lay_host_key(&self, root: &Path, hostname: &str, owner: u32) -> Result<(), RealError> {
        let key = root.join("etc/ssh/ssh_host_ed25519_key");
        let prepared = self.prepared_host_key(hostname);
        if prepared.exists() {
            for end in ["", ".pub"] {
                let (from, to) = (format!("{}{end}", prepared.display()), format!("{}{end}", key.display()));
                std::fs::copy(&from, &to).map_err(file_error(format!("cannot copy {from}")))?;
            }
            protect(&key, 0o600)?;
        } else if !key.exists() {
            run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", &key.display().to_string()])?;
        }
        for end in ["", ".pub"] {
            give(Path::new(&format!("{}{end}", key.display())), owner)?;
        }
        Ok(())
    }

    /// What makes commands over SSH pass the door, and packages come through the laboratory's proxy.
    fn lay_door(&self, root: &Path, hostname: &str, owner: u32) -> Result<(), RealError> {
        let mut files = vec![
            (DOOR_PATH, 0o755, DOOR.to_owned()),
            (
                "etc/ssh/sshd_config.d/lab.conf",
                0o644,
                format!("MaxStartups 200\nMaxSessions 200\nForceCommand {}\n", self.doors.forced(hostname)),
            ),
        ];
        if let Some(address) = self.packages.get() {
            let line = format!("Acquire::http::Proxy \"http://{address}\";\n");
            files.push(("etc/apt/apt.conf.d/00lab", 0o644, line));
        }
        for (path, mode, content) in files {
            let path = root.join(path);
            write(&path, content)?;
            protect(&path, mode)?;
            give(&path, owner)?;
        }
        Ok(())
    }

    fn config(&self, vmid: u32, flavour: Flavour, shape: &Shape) -> String {
        let home = self.home(vmid);
        let mut text = format!(
            "lxc.uts.name = {}\nlxc.rootfs.path = dir:{}\nlxc.include = /usr/share/lxc/config/common.conf\n",
            shape.hostname,
            home.join("rootfs").display()
        );
        if flavour != Flavour::Privileged {
            text += "lxc.include = /usr/share/lxc/config/userns.conf\n";
            for what in ["u", "g"] {
                let _ = writeln!(text, "lxc.idmap = {what} 0 {SHIFT} 65536");
            }
        }
        text += "lxc.apparmor.profile = unconfined\nlxc.init.cmd = /sbin/init\n";
        text += "lxc.mount.auto =\nlxc.mount.auto = proc:mixed sys:mixed cgroup:mixed\n";
        if shape.memory > 0 {
            // Which of both the machine has.
            let key = if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
                "lxc.cgroup2.memory.max"
            } else {
                "lxc.cgroup.memory.limit_in_bytes"
            };
            let _ = writeln!(text, "{key} = {}M", shape.memory);
        }
        for (number, nic) in shape.nics.iter().enumerate() {
            let mut line = |key: &str, value: &str| {
                let _ = writeln!(text, "lxc.net.{number}.{key} = {value}");
            };
            line("type", "veth");
            line("link", self.bridge.name());
            line("flags", "up");
            line("name", &nic.name);
            line("veth.pair", &self.bridge.port(vmid, number));
            if !nic.mac.is_empty() {
                line("hwaddr", &nic.mac);
            }
            if let Some(address) = &nic.address {
                line("ipv4.address", address);
            }
            if let Some(gateway) = &nic.gateway {
                line("ipv4.gateway", gateway);
            }
        }
        if self.offered().is_dir() && flavour != Flavour::Privileged {
            let offered = self.offered();
            let _ =
                writeln!(text, "lxc.mount.entry = {} opt/lab none bind,ro,create=dir 0 0", offered.display());
        }
        for mount in &shape.mounts {
            let options = if mount.read_only { "bind,ro,create=dir" } else { "bind,create=dir" };
            let target = mount.target.trim_start_matches('/');
            let _ =
                writeln!(text, "lxc.mount.entry = {} {target} none {options} 0 0", mount.source.display());
        }
        text
    }
}

/// Draws the identity of a machine that starts for the first time. Left to systemd it would be that of the image's D-Bus, the
/// same for all.
fn draw_identity(root: &Path, owner: u32) -> Result<(), RealError> {
    let place = root.join("etc/machine-id");
    if std::fs::metadata(&place).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let drawn = std::fs::read_to_string("/proc/sys/kernel/random/uuid");
    let drawn = drawn.map_err(file_error("cannot draw a machine-id"))?.replace('-', "");
    write(&place, drawn)?;
    give(&place, owner)
}

pub(super) fn give(path: &Path, owner: u32) -> Result<(), RealError> {
    chown(path, Some(owner), Some(owner)).map_err(file_error(format!("cannot give {} away", path.display())))
}

/// Sets the mode of a file.
pub(super) fn protect(path: &Path, mode: u32) -> Result<(), RealError> {
    let mode = std::fs::Permissions::from_mode(mode);
    let failed = file_error(format!("cannot set the mode of {}", path.display()));
    std::fs::set_permissions(path, mode).map_err(failed)
}

pub(super) fn is_mounted(place: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let place = place.display().to_string();
    mounts.lines().filter_map(|line| line.split(' ').nth(1)).any(|mounted| mounted == place)
}

/// Mounts a directory of this machine in another mount namespace: takes a copy of the mount here, goes there and puts it
/// down. The three calls are open_tree (428), setns (308) and move_mount (429) of x86-64 and arm64 alike but for setns.
const ATTACH: &str = r#"
use strict;
my ($pid, $source, $target) = @ARGV;
my $setns = `uname -m` =~ /aarch64/ ? 268 : 308;
my $tree = syscall(428, -100, $source, 1 | 0x8000);
die "open_tree: $!\n" if $tree < 0;
open(my $ns, "<", "/proc/$pid/ns/mnt") or die "namespace: $!\n";
syscall($setns, fileno($ns), 0x20000) == 0 or die "setns: $!\n";
my $made = "";
for my $part (grep { length } split m{/}, $target) { $made .= "/$part"; mkdir $made; }
my $empty = "";
syscall(429, $tree, $empty, -100, $target, 4) == 0 or die "move_mount: $!\n";
"#;
