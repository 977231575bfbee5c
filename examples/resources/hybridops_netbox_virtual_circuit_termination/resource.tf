resource "hybridops_netbox_site" "example" {
  name             = "Amsterdam 1"
  slug             = "ams1"
  facility         = "Science Park"
  physical_address = "Science Park 121, Amsterdam"
  status           = "active"
  time_zone        = "Europe/Amsterdam"
}

resource "hybridops_netbox_manufacturer" "example" {
  name = "Juniper"
}

resource "hybridops_netbox_device_type" "example" {
  manufacturer = hybridops_netbox_manufacturer.example.id
  model        = "EX4300-48T"
  part_number  = "EX4300-48T"
  u_height     = 1
}

resource "hybridops_netbox_device_role" "example" {
  name  = "Access switch"
  color = "2196f3"
}

resource "hybridops_netbox_device" "example" {
  site        = hybridops_netbox_site.example.id
  device_type = hybridops_netbox_device_type.example.id
  role        = hybridops_netbox_device_role.example.id
  name        = "ams1-sw1"
  serial      = "PE3718020123"
  status      = "active"
}

resource "hybridops_netbox_interface" "example" {
  device      = hybridops_netbox_device.example.id
  name        = "ge-0/0/0"
  type        = "1000base-t"
  description = "Uplink"
}

resource "hybridops_netbox_circuit_provider" "example" {
  name = "Fibre Co"
}

resource "hybridops_netbox_provider_network" "example" {
  circuit_provider = hybridops_netbox_circuit_provider.example.id
  name             = "Amsterdam provider network"
}

resource "hybridops_netbox_virtual_circuit_type" "example" {
  name = "Amsterdam virtual circuit type"
}

resource "hybridops_netbox_virtual_circuit" "example" {
  cid              = "Amsterdam virtual circuit"
  provider_network = hybridops_netbox_provider_network.example.id
  type             = hybridops_netbox_virtual_circuit_type.example.id
}

resource "hybridops_netbox_virtual_circuit_termination" "example" {
  interface       = hybridops_netbox_interface.example.id
  virtual_circuit = hybridops_netbox_virtual_circuit.example.id
}
