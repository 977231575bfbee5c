resource "hybridops_proxmox_storage_nfs" "example" {
  storage       = "nas"
  export        = "/export/proxmox"
  server        = "nas.example.com"
  content       = ["images", "iso"]
  nodes         = ["pve1"]
  options       = "vers=4.2"
  prune_backups = { keep_daily = 7, keep_last = 3 }
}
