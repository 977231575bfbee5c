resource "hybridops_proxmox_storage_iscsidirect" "example" {
  storage = "sandirect"
  portal  = "10.0.0.50"
  target  = "iqn.2003-01.com.example:target"
  content = ["images"]
}
