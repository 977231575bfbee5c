resource "hybridops_proxmox_storage_lvmthin" "example" {
  storage  = "thin"
  thinpool = "data"
  vgname   = "pve"
  content  = ["images"]
}
