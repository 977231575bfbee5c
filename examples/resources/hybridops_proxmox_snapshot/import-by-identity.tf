import {
  to = hybridops_proxmox_snapshot.before_upgrade
  identity = {
    vmid = 101
    name = "before-upgrade"
  }
}
