resource "hybridops_proxmox_storage_cephfs" "example" {
  storage         = "cephfs"
  content         = ["iso", "vztmpl"]
  fs_name         = "cephfs"
  keyring         = "AQBmZmZmAAAAABAAZmZmZmZmZmZmZmZmZmZmZg=="
  keyring_version = 1
  monhost         = ["10.0.0.1", "10.0.0.2"]
  username        = "alice"
}
