resource "hybridops_proxmox_storage_zfs" "example" {
  storage       = "zfssan"
  blocksize     = "4k"
  iscsiprovider = "LIO"
  pool          = "tank"
  portal        = "10.0.0.60"
  target        = "iqn.2003-01.com.example:zfs"
  content       = ["images"]
  lio_tpg       = "tpg1"
  sparse        = true
}
