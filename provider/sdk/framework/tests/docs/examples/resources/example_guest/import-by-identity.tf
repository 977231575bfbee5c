import {
  to       = example_guest.db
  identity = { node = "pve1", vmid = 100 }
}
