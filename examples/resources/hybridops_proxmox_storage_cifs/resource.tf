resource "hybridops_proxmox_storage_cifs" "example" {
  storage          = "windows"
  server           = "smb.example.com"
  share            = "proxmox"
  content          = ["images", "iso"]
  domain           = "EXAMPLE"
  password         = "first-password"
  password_version = 1
  prune_backups    = { keep_daily = 7, keep_last = 3 }
  smbversion       = "3.0"
  username         = "alice"
}
