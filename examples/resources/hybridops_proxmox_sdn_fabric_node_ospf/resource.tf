resource "hybridops_proxmox_sdn_fabric_ospf" "example" {
  fabric = "spine"
  area   = "0"
}

resource "hybridops_proxmox_sdn_fabric_node_ospf" "example" {
  fabric_id  = hybridops_proxmox_sdn_fabric_ospf.example.fabric
  node_id    = "pve1"
  interfaces = [{ ip = "10.41.1.1/31", name = "eno3" }]
  ip         = "10.40.0.1"
}
