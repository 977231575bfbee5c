# The newest Debian template that is not marked as retired.
data "hybridops_proxmox_templates" "debian" {
  name_regex = "^debian-12"
  tags       = { all = ["base"], none = ["retired"] }
  required   = true
}

output "newest" {
  value = data.hybridops_proxmox_templates.debian.newest.vmid
}
