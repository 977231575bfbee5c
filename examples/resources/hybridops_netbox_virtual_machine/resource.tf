resource "hybridops_netbox_cluster_type" "example" {
  name = "Proxmox VE"
}

resource "hybridops_netbox_cluster" "example" {
  name = "ams1-pve"
  type = hybridops_netbox_cluster_type.example.id
}

resource "hybridops_netbox_virtual_machine" "example" {
  name    = "web1"
  cluster = hybridops_netbox_cluster.example.id
  memory  = 4096
  vcpus   = 2
}
