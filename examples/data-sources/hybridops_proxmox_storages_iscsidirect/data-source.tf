data "hybridops_proxmox_storages_iscsidirect" "all" {
}
