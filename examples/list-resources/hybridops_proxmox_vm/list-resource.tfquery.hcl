# terraform query -generate-config-out=found.tf
list "hybridops_proxmox_vm" "production" {
  provider = hybridops
  config {
    tags = { all = ["production"] }
  }
}
