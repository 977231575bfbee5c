resource "hybridops_proxmox_sdn_ipam_pve" "example" {
  ipam = "pve2"
}
