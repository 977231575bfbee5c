resource "hybridops_proxmox_storage_btrfs" "example" {
  storage       = "btrfs"
  path          = "/srv/btrfs"
  content       = ["images", "iso"]
  is_mountpoint = "yes"
  prune_backups = { keep_daily = 7, keep_last = 3 }
}
