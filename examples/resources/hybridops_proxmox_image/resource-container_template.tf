# The machine that runs Terraform downloads and uploads: the nodes need no way out.
resource "hybridops_proxmox_image" "container" {
  nodes     = ["pve1"]
  storage   = "local"
  content   = "vztmpl"
  url       = "http://download.proxmox.com/images/system/debian-12-standard_12.7-1_amd64.tar.zst"
  checksum  = "sha512:39f6d06e082d6a418438483da4f76092ebd0370a91bad30b82ab6d0f442234d63fe27a15569895e34d6d1e5ca50319f62637f7fb96b98dbde4f6103cf05bff6d"
  file_name = "debian-12-standard_12.7-1_amd64.tar.zst"
  transfer  = "provider"
}
