data "hybridops_proxmox_sdn_ipams_phpipam" "all" {
}
