resource "hybridops_proxmox_sdn_fabric_ospf" "example" {
  fabric    = "spine"
  area      = "0"
  ip_prefix = "10.40.0.0/24"
}
