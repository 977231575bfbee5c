action "hybridops_proxmox_migrate" "web" {
  config {
    vmid = 101
    node = "pve2"
  }
}
