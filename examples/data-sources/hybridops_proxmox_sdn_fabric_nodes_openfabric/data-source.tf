data "hybridops_proxmox_sdn_fabric_nodes_openfabric" "all" {
  fabric_id = "mesh"
}
