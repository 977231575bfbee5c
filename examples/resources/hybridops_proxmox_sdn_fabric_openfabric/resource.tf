resource "hybridops_proxmox_sdn_fabric_openfabric" "example" {
  fabric         = "mesh"
  hello_interval = 3
  ip_prefix      = "10.30.0.0/24"
}
