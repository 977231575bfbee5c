resource "hybridops_proxmox_ha_resource" "example" {
  sid = "vm:100"
}

resource "hybridops_proxmox_ha_rule_resource_affinity" "example" {
  rule      = "apart"
  resources = [hybridops_proxmox_ha_resource.example.sid, "vm:101"]
  affinity  = "negative"
  comment   = "Managed by Terraform"
}
