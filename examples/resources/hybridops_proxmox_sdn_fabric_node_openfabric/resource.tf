resource "hybridops_proxmox_sdn_fabric_openfabric" "example" {
  fabric = "mesh"
}

resource "hybridops_proxmox_sdn_fabric_node_openfabric" "example" {
  fabric_id  = hybridops_proxmox_sdn_fabric_openfabric.example.fabric
  node_id    = "pve1"
  interfaces = [{ name = "eno3" }]
  ip         = "10.30.0.1"
}
