# By VMID and name.
terraform import hybridops_proxmox_snapshot.before_upgrade "101/before-upgrade"
