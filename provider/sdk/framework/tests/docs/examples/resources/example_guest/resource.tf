resource "example_guest" "db" {
  node  = "pve1"
  disks = { root = { size = 8 } }
}
