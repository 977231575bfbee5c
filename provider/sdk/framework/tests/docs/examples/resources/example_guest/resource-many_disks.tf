resource "example_guest" "store" {
  node  = "pve1"
  disks = { for slot in range(8) : "data${slot}" => { size = 8 } }
}
