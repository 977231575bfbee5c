data "hybridops_proxmox_version" "this" {}

check "release" {
  assert {
    condition     = data.hybridops_proxmox_version.this.major >= 8
    error_message = "Proxmox VE ${data.hybridops_proxmox_version.this.version} is too old."
  }
}
