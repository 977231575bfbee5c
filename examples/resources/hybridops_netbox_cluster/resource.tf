resource "hybridops_netbox_cluster_type" "example" {
  name = "Proxmox VE"
}

resource "hybridops_netbox_cluster" "example" {
  name = "ams1-pve"
  type = hybridops_netbox_cluster_type.example.id
}
