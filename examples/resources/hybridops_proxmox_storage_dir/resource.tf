resource "hybridops_proxmox_storage_dir" "example" {
  storage       = "archive"
  path          = "/srv/archive"
  content       = ["images", "iso"]
  is_mountpoint = "yes"
  prune_backups = { keep_daily = 7, keep_last = 3 }
  shared        = true
}
