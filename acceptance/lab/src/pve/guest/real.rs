//! What the API says of a guest, done to a real one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::mount::Mount as MountPoint;
use super::{Guest, GuestKind, property};
use crate::pve::cluster::Cluster;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_number;
use crate::real::{
    Flavour, Mount, Nic, ROOT_DISK, RealError, RealGuests, Seed, Shape, format_image, grow_image, read_seed,
};

/// How long a guest may take to go down before it is switched off.
const PATIENCE: Duration = Duration::from_secs(20);

/// Real guests, and what was said of them when they were made.
#[derive(Debug)]
pub(crate) struct Real {
    pub(crate) guests: RealGuests,
    dir: PathBuf,
    keys: Mutex<BTreeMap<u32, String>>,
    /// Containers that are made from a template with more than a system.
    flavours: Mutex<BTreeMap<u32, Flavour>>,
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn died(error: RealError) -> Refusal {
    Refusal::died(error.to_string())
}

impl Real {
    pub(crate) fn new(guests: RealGuests, dir: PathBuf) -> Self {
        Self { guests, dir, keys: Mutex::default(), flavours: Mutex::default() }
    }

    /// Keeps the keys that a container is made with: they go into its files, not into its configuration.
    pub(crate) fn remember_keys(&self, vmid: u32, keys: &str) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(vmid, keys.to_owned());
    }

    /// Keeps which template a container is made from.
    pub(crate) fn remember_template(&self, vmid: u32, archive: &str) {
        let mut flavours = self.flavours.lock().unwrap_or_else(PoisonError::into_inner);
        match Flavour::of_template(archive) {
            Some(flavour) => flavours.insert(vmid, flavour),
            None => flavours.remove(&vmid),
        };
    }

    fn keys(&self, vmid: u32) -> String {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&vmid).cloned().unwrap_or_default()
    }

    fn special(&self, vmid: u32) -> Option<Flavour> {
        self.flavours.lock().unwrap_or_else(PoisonError::into_inner).get(&vmid).copied()
    }

    pub(crate) fn start(&self, cluster: &Cluster, vmid: u32, guest: &Guest) -> Outcome<()> {
        let flavour = match flavour(guest) {
            Flavour::Unprivileged => self.special(vmid).unwrap_or(Flavour::Unprivileged),
            flavour => flavour,
        };
        self.guests.make(vmid, flavour).map_err(died)?;
        let shape = match guest.kind {
            GuestKind::Lxc => self.container(cluster, vmid, guest)?,
            GuestKind::Qemu => self.machine(cluster, guest)?,
        };
        self.guests.start_guest(vmid, &shape).map_err(died)
    }

    pub(crate) fn stop(&self, vmid: u32) -> Outcome<()> {
        if self.guests.guests().contains(&vmid) {
            self.guests.stop_guest(vmid, PATIENCE).map_err(died)?;
        }
        Ok(())
    }

    pub(crate) fn bury(&self, vmid: u32) {
        if let Err(error) = self.guests.remove(vmid) {
            tracing::warn!(vmid, %error, "a real guest is left behind");
        }
    }

    /// Mounts what came and unmounts what went while the container runs.
    pub(crate) fn change(&self, cluster: &Cluster, vmid: u32, before: &Guest, after: &Guest) -> Outcome<()> {
        if after.kind != GuestKind::Lxc || !self.guests.is_running(vmid) {
            return Ok(());
        }
        let (old, new) = (mounts(before), mounts(after));
        for (slot, mount) in
            old.iter().filter(|(slot, mount)| new.get(*slot).map(|m| &m.volume) != Some(&mount.volume))
        {
            let target = mount.options.get("mp").cloned().unwrap_or_default();
            self.guests.unmount_live(vmid, &target).map_err(died)?;
            self.guests.detach(vmid, slot).map_err(died)?;
        }
        for (slot, mount) in
            new.iter().filter(|(slot, mount)| old.get(*slot).map(|m| &m.volume) != Some(&mount.volume))
        {
            let mount = self.mount(cluster, vmid, after, slot, mount)?;
            self.guests.mount_live(vmid, &mount).map_err(died)?;
        }
        Ok(())
    }

    fn container(&self, cluster: &Cluster, vmid: u32, guest: &Guest) -> Outcome<Shape> {
        let unprivileged = guest.flag("unprivileged");
        if let Some(root) = guest.config.get("rootfs").and_then(|text| MountPoint::parse("rootfs", text)) {
            let image = cluster.locate(&guest.node, &root.volume)?.real;
            self.guests.attach(vmid, ROOT_DISK, &image, unprivileged).map_err(died)?;
        }
        let mounts: Vec<Mount> = mounts(guest)
            .iter()
            .map(|(slot, mount)| self.mount(cluster, vmid, guest, slot, mount))
            .collect::<Outcome<_>>()?;
        let fixed = |net: &str, key: &str| {
            property(net, key).filter(|text| text.contains(['.', ':'])).map(str::to_owned)
        };
        let nics = nets(guest)
            .map(|(number, net)| Nic {
                name: property(net, "name").map_or_else(|| format!("eth{number}"), str::to_owned),
                mac: property(net, "hwaddr").unwrap_or_default().to_lowercase(),
                address: fixed(net, "ip"),
                gateway: fixed(net, "gw"),
            })
            .collect();
        let hostname = guest.config.get("hostname").cloned().unwrap_or_else(|| format!("CT{vmid}"));
        let memory = guest.config.get("memory").and_then(|text| text.parse().ok()).unwrap_or_default();
        Ok(Shape { hostname, nics, mounts, ssh_keys: self.keys(vmid), seed: None, memory })
    }

    fn mount(
        &self,
        cluster: &Cluster,
        vmid: u32,
        guest: &Guest,
        slot: &str,
        mount: &MountPoint,
    ) -> Outcome<Mount> {
        let source = if mount.volume.starts_with('/') {
            // A directory of the node: the laboratory's node has its own.
            let host = self.dir.join("host").join(&guest.node).join(mount.volume.trim_start_matches('/'));
            if !host.is_dir() {
                return Err(Refusal::died(format!("directory '{}' does not exist", mount.volume)));
            }
            host
        } else {
            let image = cluster.locate(&guest.node, &mount.volume)?.real;
            self.guests.attach(vmid, slot, &image, guest.flag("unprivileged")).map_err(died)?
        };
        let target = mount.options.get("mp").cloned().unwrap_or_default();
        Ok(Mount { source, target, read_only: mount.options.get("ro").is_some_and(|ro| ro == "1") })
    }

    fn machine(&self, cluster: &Cluster, guest: &Guest) -> Outcome<Shape> {
        let nics: Vec<Nic> = nets(guest)
            .map(|(number, net)| Nic { name: format!("eth{number}"), mac: mac_of(net), ..Nic::default() })
            .collect();
        let seed = match seed_image(cluster, guest)? {
            Some(seed) => seed,
            None => native_seed(guest),
        };
        Ok(Shape { hostname: "localhost".to_owned(), nics, seed: Some(seed), ..Shape::default() })
    }
}

impl Cluster {
    /// Puts a file system on a volume where guests are real.
    pub(crate) fn format_real(&self, image: &std::path::Path) -> Option<Outcome<()>> {
        self.real.get().map(|_| format_image(image).map_err(died))
    }

    /// Grows the file system of a container's volume where guests are real.
    pub(crate) fn grow_real(&self, image: &std::path::Path) -> Outcome<()> {
        let has_one = std::fs::File::open(image).is_ok_and(|mut file| has_ext(&mut file));
        if self.real.get().is_none() || !has_one {
            return Ok(());
        }
        grow_image(image).map_err(died)
    }
}

/// Whether an image begins with an ext file system: its magic stands at byte 1080.
fn has_ext(file: &mut std::fs::File) -> bool {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut magic = [0; 2];
    file.seek(SeekFrom::Start(1080)).is_ok() && file.read_exact(&mut magic).is_ok() && magic == [0x53, 0xef]
}

fn flavour(guest: &Guest) -> Flavour {
    match (guest.kind, guest.flag("unprivileged")) {
        (GuestKind::Qemu, _) => Flavour::Machine,
        (GuestKind::Lxc, true) => Flavour::Unprivileged,
        (GuestKind::Lxc, false) => Flavour::Privileged,
    }
}

fn family<'g>(guest: &'g Guest, wanted: &'static str) -> impl Iterator<Item = (u32, &'g str, &'g str)> {
    guest.config.iter().filter_map(move |(key, text)| {
        let (family, number) = split_number(key)?;
        (family == wanted).then_some((number, key.as_str(), text.as_str()))
    })
}

fn nets(guest: &Guest) -> impl Iterator<Item = (u32, &str)> {
    family(guest, "net").map(|(number, _, text)| (number, text))
}

fn mounts(guest: &Guest) -> BTreeMap<String, MountPoint> {
    let parsed = |(_, key, text): (u32, &str, &str)| Some((key.to_owned(), MountPoint::parse(key, text)?));
    family(guest, "mp").filter_map(parsed).collect()
}

/// The hardware address of a machine's card: `virtio=BC:24:…`.
fn mac_of(net: &str) -> String {
    let first = net.split(',').next().unwrap_or_default();
    first.split_once('=').map(|(_, mac)| mac.to_lowercase()).unwrap_or_default()
}

/// The seed in one of the machine's drives.
fn seed_image(cluster: &Cluster, guest: &Guest) -> Outcome<Option<Seed>> {
    for text in guest.config.values().filter(|text| text.contains("media=cdrom") && text.contains(":iso/")) {
        let volume = text.split(',').next().unwrap_or_default();
        let place = cluster.locate(&guest.node, volume)?;
        let image = std::fs::read(&place.real).map_err(|error| Refusal::died(error.to_string()))?;
        if let Ok(seed) = read_seed(&image) {
            return Ok(Some(seed));
        }
    }
    Ok(None)
}

/// What the node writes for cloud-init from the machine's own settings.
fn native_seed(guest: &Guest) -> Seed {
    let setting = |key: &str| guest.config.get(key).map(String::as_str);
    let name = setting("name").unwrap_or("localhost");
    let mut user = format!("#cloud-config\nhostname: {name}\nmanage_etc_hosts: true\n");
    let _ = writeln!(user, "user: {}", setting("ciuser").unwrap_or("debian"));
    let keys =
        percent_encoding::percent_decode_str(setting("sshkeys").unwrap_or_default()).decode_utf8_lossy();
    if !keys.trim().is_empty() {
        user += "ssh_authorized_keys:\n";
        for key in keys.lines().filter(|key| !key.trim().is_empty()) {
            let _ = writeln!(user, "  - {}", key.trim());
        }
    }
    let mut network = "version: 2\nethernets:\n".to_owned();
    for (number, text) in family(guest, "ipconfig").map(|(number, _, text)| (number, text)) {
        let _ = writeln!(network, "  eth{number}:");
        match property(text, "ip") {
            Some("dhcp") => network += "    dhcp4: true\n",
            Some(address) => {
                let _ = writeln!(network, "    addresses: [{address}]");
            }
            None => network += "    dhcp4: false\n",
        }
        if let Some(gateway) = property(text, "gw") {
            let _ = writeln!(network, "    gateway4: {gateway}");
        }
    }
    if network.ends_with("ethernets:\n") {
        network = "version: 2\nethernets: {}\n".to_owned();
    }
    let id = format!("instance-id: {name}-{:x}\n", md5_of(&format!("{user}{network}")));
    let documents = [("user-data", user), ("network-config", network), ("meta-data", id)];
    Seed { documents: documents.map(|(name, text)| (name.to_owned(), text.into_bytes())).into() }
}

/// Tells contents apart.
fn md5_of(text: &str) -> u64 {
    use md5::Digest as _;
    md5::Md5::digest(text).iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}
