resource "hybridops_proxmox_node_dns" "example" {
  node   = "pve1"
  search = "example.com"
  dns1   = "192.0.2.1"
  dns2   = "192.0.2.2"
  dns3   = "192.0.2.3"
}
