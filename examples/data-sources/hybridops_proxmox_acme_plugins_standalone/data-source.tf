data "hybridops_proxmox_acme_plugins_standalone" "all" {
}
