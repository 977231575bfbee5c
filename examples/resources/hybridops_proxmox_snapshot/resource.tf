resource "hybridops_proxmox_snapshot" "before_upgrade" {
  vmid        = 101
  name        = "before-upgrade"
  description = "Before the upgrade to Debian 13"
}
