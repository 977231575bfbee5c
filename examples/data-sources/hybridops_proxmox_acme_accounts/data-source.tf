data "hybridops_proxmox_acme_accounts" "all" {
}
