data "hybridops_proxmox_user" "example" {
  id = "alice@pve"
}
