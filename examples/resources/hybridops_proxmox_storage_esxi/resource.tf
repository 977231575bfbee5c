resource "hybridops_proxmox_storage_esxi" "example" {
  storage                = "esxi"
  server                 = "esxi.example.com"
  password               = "first-password"
  password_version       = 1
  skip_cert_verification = true
  username               = "alice"
}
