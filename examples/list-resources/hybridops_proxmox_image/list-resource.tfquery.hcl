list "hybridops_proxmox_image" "isos" {
  provider = hybridops
  config {
    storage = "local"
    content = "iso"
  }
}
