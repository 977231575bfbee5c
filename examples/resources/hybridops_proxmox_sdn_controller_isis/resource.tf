resource "hybridops_proxmox_sdn_controller_isis" "example" {
  controller  = "isispve1"
  isis_domain = "main"
  isis_ifaces = ["eno1"]
  isis_net    = "49.0001.1921.6800.1002.00"
  node        = "pve1"
  loopback    = "lo"
}
