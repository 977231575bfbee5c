resource "hybridops_netbox_cluster_type" "example" {
  name = "Proxmox VE"
}
