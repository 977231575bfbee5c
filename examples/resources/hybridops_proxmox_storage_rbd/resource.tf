resource "hybridops_proxmox_storage_rbd" "example" {
  storage         = "rbd"
  content         = ["images"]
  keyring         = "AQBmZmZmAAAAABAAZmZmZmZmZmZmZmZmZmZmZg=="
  keyring_version = 1
  krbd            = true
  monhost         = ["10.0.0.1", "10.0.0.2"]
  pool            = "vms"
  username        = "alice"
}
