data "hybridops_proxmox_sdn_ipam_pve" "example" {
  id = "pve2"
}
