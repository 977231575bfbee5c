# terraform query -generate-config-out=found.tf
list "hybridops_proxmox_lxc" "running" {
  provider = hybridops
  config {
    status = "running"
  }
}
