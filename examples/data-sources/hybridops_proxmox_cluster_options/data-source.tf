data "hybridops_proxmox_cluster_options" "example" {
}
