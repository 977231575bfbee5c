data "hybridops_proxmox_sdn_ipams_netbox" "all" {
}
