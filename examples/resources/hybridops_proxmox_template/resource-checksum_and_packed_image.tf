# An image packed with xz is downloaded, verified and unpacked where Terraform runs, and uploaded.
resource "hybridops_proxmox_template" "appliance" {
  name = "appliance"
  node = "pve1"

  image = {
    url      = "https://images.example.com/appliance-3.2.raw.xz"
    checksum = "sha256:3b5d5c3712955042212316173ccf37be800d2fdda7a2f5c7d1e2d8a0b1c4e6f8"
  }

  disk     = { storage = "local" }
  firmware = "ovmf"
  machine  = "q35"
}
