data "hybridops_proxmox_sdn_zone_simple" "example" {
  id = "simplez"
}
