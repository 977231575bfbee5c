list "hybridops_proxmox_sdn_fabric_node_openfabric" "all" {
  provider = hybridops
  config {
    fabric_id = "mesh"
  }
}
