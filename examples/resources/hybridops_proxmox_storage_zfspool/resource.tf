resource "hybridops_proxmox_storage_zfspool" "example" {
  storage   = "zfs"
  pool      = "rpool/data"
  blocksize = "8k"
  content   = ["images"]
  sparse    = true
}
