resource "hybridops_proxmox_storage_iscsi" "example" {
  storage = "san"
  portal  = "10.0.0.50"
  target  = "iqn.2003-01.com.example:target"
  content = ["none"]
}
