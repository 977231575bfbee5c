resource "hybridops_netbox_guest" "web_01" {
  name     = "web-01"
  cluster  = "pve1"
  role     = "server"
  platform = "debian"
  tenant   = "acme"
  serial   = "0b8a6f0e-5a7f-4d9b-9a49-3f5f8f3d1c11"
  vcpus    = 2
  memory   = 4096
  tags     = ["web"]

  interfaces = {
    net0 = {
      mac_address   = "02:00:00:aa:bb:01"
      mode          = "access"
      untagged_vlan = "servers"
      addresses = [
        { address = "10.0.0.5/24", dns_name = "web-01.example.com" },
        { address = "2001:db8::5/64" },
      ]
    }
  }

  disks = {
    scsi0 = { size = 20000 }
    scsi1 = { size = 100000, description = "data" }
  }
}
