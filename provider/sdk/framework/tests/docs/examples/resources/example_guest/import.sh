terraform import example_guest.db pve1/100
