import {
  to = hybridops_proxmox_snapshot.before_upgrade
  id = "101/before-upgrade"
}
