resource "hybridops_netbox_site" "example" {
  name             = "Amsterdam 1"
  slug             = "ams1"
  facility         = "Science Park"
  physical_address = "Science Park 121, Amsterdam"
  status           = "active"
  time_zone        = "Europe/Amsterdam"
}

resource "hybridops_netbox_rack" "example" {
  name     = "R12"
  site     = hybridops_netbox_site.example.id
  u_height = 42
}

resource "hybridops_netbox_user" "example" {
  username         = "terraform"
  password         = "Correct-horse-1-Amsterdam"
  password_version = 1
}

resource "hybridops_netbox_rack_reservation" "example" {
  rack        = hybridops_netbox_rack.example.id
  units       = [1, 2]
  user        = hybridops_netbox_user.example.id
  description = "Amsterdam rack reservation"
}
