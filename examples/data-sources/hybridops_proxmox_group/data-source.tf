data "hybridops_proxmox_group" "example" {
  id = "ops"
}
