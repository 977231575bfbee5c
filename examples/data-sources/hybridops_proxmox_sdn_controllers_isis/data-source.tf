data "hybridops_proxmox_sdn_controllers_isis" "all" {
}
