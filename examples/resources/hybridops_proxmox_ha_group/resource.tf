resource "hybridops_proxmox_ha_group" "example" {
  group      = "rack-a"
  nodes      = ["pve1:2", "pve2:1"]
  nofailback = true
  restricted = true
  comment    = "Managed by Terraform"
}
