# The machine that runs Terraform downloads and uploads: the nodes need no way out.
resource "hybridops_proxmox_image" "container" {
  nodes     = ["pve1"]
  storage   = "local"
  content   = "vztmpl"
  url       = "http://download.proxmox.com/images/system/debian-12-standard_12.7-1_amd64.tar.zst"
  checksum  = "sha512:${var.container_template_sha512}"
  file_name = "debian-12-standard_12.7-1_amd64.tar.zst"
  transfer  = "provider"
}
