data "hybridops_proxmox_sdn_fabric_node_openfabric" "example" {
  id = "mesh/pve1"
}
