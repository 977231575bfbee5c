data "hybridops_proxmox_sdn_fabric_ospf" "example" {
  id = "spine"
}
