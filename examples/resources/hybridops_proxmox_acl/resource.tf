resource "hybridops_proxmox_user" "example" {
  userid = "alice@pve"
}

resource "hybridops_proxmox_acl" "example" {
  path      = "/vms"
  type      = "user"
  ugid      = hybridops_proxmox_user.example.userid
  roleid    = "PVEVMUser"
  propagate = false
}
