resource "hybridops_proxmox_node_hosts" "example" {
  node = "pve1"
  data = "127.0.0.1 localhost\n10.0.0.1 pve1.example.com pve1"
}
