data "hybridops_proxmox_sdn_ipam_phpipam" "example" {
  id = "phpipam"
}
