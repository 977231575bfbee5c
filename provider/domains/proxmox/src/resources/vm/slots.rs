//! Slots: the numbered keys of a guest's configuration that hold hardware.

use std::collections::BTreeSet;

use tf_framework::Field;

use super::model::*;
use super::settings::ip_config_key;

/// Families of slots that the configuration manages one by one.
const FAMILIES: [&str; 9] = ["net", "scsi", "virtio", "sata", "ide", "serial", "usb", "hostpci", "ipconfig"];

/// The family of a slot: `scsi` of `scsi0`.
pub(super) fn family(key: &str) -> &str {
    key.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Whether a key is a slot.
pub(super) fn is_slot(key: &str) -> bool {
    FAMILIES.contains(&family(key)) && family(key) != key
}

/// Slots of a virtual machine in state or plan.
pub(super) fn slots(vm: &Vm) -> BTreeSet<String> {
    fn keys<'a, T: 'a>(
        map: Option<&'a std::collections::BTreeMap<String, T>>,
    ) -> impl Iterator<Item = String> {
        map.into_iter().flatten().map(|(slot, _)| slot.clone())
    }
    let cloud_init = vm.cloud_init.known().and_then(Option::as_ref);
    let addresses = cloud_init.and_then(|cloud_init| cloud_init.ip_config.known());
    keys(vm.network.known())
        .chain(keys(vm.disks.known()))
        .chain(keys(vm.cdrom.known()))
        .chain(keys(vm.serial.known()))
        .chain(keys(vm.usb.known()))
        .chain(keys(vm.pci.known()))
        .chain(keys(addresses).map(|slot| ip_config_key(&slot)))
        .collect()
}

/// Slots that were managed and are in the plan no more: their hardware goes.
pub(super) fn removed(prior: &Vm, plan: &Vm) -> BTreeSet<String> {
    let kept = slots(plan);
    let managed = prior.managed.known().into_iter().flatten();
    managed.filter(|key| is_slot(key) && !kept.contains(*key)).cloned().collect()
}

/// Attributes and the keys they stand for.
macro_rules! declared {
    ($found:ident, $config:expr, $($attribute:ident => $key:literal),+ $(,)?) => {
        $(if !$config.$attribute.is_null() { $found.insert($key.to_owned()); })+
    };
}

/// Keys the configuration declares; `None` while a map of slots is not known.
pub(super) fn declared(config: &VmPartial) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::from(["name".to_owned()]);
    declared!(found, config,
        memory => "memory", balloon => "balloon", firmware => "bios", machine => "machine",
        scsi_controller => "scsihw", os_type => "ostype", agent => "agent", numa => "numa",
        hotplug => "hotplug", efi_disk => "efidisk0", tpm_state => "tpmstate0", boot_order => "boot",
        vga => "vga", rng => "rng0", watchdog => "watchdog", on_boot => "onboot", startup => "startup",
        protection => "protection", hookscript => "hookscript", args => "args", tags => "tags",
        description => "description", vmid => "vmid", pool => "pool", ha => "ha", power => "power",
    );
    if let Some(cpu) = config.cpu.known() {
        declared!(found, cpu,
            cores => "cores", sockets => "sockets", r#type => "cpu", flags => "cpu", vcpus => "vcpus",
            limit => "cpulimit", units => "cpuunits", affinity => "affinity",
        );
    }
    let mut add = |slot: &str| {
        found.insert(slot.to_owned());
    };
    map(&config.network, &mut add)?;
    map(&config.disks, &mut add)?;
    map(&config.cdrom, &mut add)?;
    map(&config.serial, &mut add)?;
    map(&config.usb, &mut add)?;
    map(&config.pci, &mut add)?;
    match &config.cloud_init {
        Field::Unknown => return None,
        Field::Null => {}
        Field::Known(cloud_init) => {
            map(&cloud_init.ip_config, |slot| add(&ip_config_key(slot)))?;
            declared!(found, cloud_init,
                user => "ciuser", ssh_keys => "sshkeys", search_domain => "searchdomain",
                nameservers => "nameserver", upgrade => "ciupgrade",
            );
            found.insert("cloudinit".to_owned());
        }
    }
    Some(found)
}

fn map<T>(field: &Field<std::collections::BTreeMap<String, T>>, mut add: impl FnMut(&str)) -> Option<()> {
    match field {
        Field::Unknown => return None,
        Field::Null => {}
        Field::Known(map) => map.keys().for_each(|slot| add(slot)),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_have_numbers() {
        assert!(is_slot("net0") && is_slot("hostpci12") && is_slot("ipconfig1"));
        assert!(!is_slot("net") && !is_slot("memory") && !is_slot("unused0") && !is_slot("efidisk0"));
    }
}
