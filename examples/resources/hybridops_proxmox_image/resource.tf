resource "hybridops_proxmox_image" "debian" {
  nodes   = ["pve1", "pve2"]
  storage = "local"
  content = "import"

  url          = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2"
  checksum_url = "https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS"
}
