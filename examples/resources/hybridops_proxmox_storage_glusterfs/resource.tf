resource "hybridops_proxmox_storage_glusterfs" "example" {
  storage   = "gluster"
  server    = "gluster1.example.com"
  volume    = "gv0"
  content   = ["images", "iso"]
  server2   = "gluster2.example.com"
  transport = "tcp"
}
