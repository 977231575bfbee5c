data "hybridops_proxmox_acme_account" "example" {
  id = "default"
}
