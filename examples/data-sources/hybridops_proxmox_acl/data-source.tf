data "hybridops_proxmox_acl" "example" {
  id = "/vms/user/alice@pve/PVEVMUser"
}
