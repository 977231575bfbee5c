resource "hybridops_proxmox_storage_lvm" "example" {
  storage    = "lvm"
  vgname     = "vg0"
  content    = ["images"]
  saferemove = true
  shared     = true
}
