resource "hybridops_proxmox_ha_resource" "example" {
  sid = "vm:100"
}

resource "hybridops_proxmox_ha_rule_node_affinity" "example" {
  rule      = "near-storage"
  resources = [hybridops_proxmox_ha_resource.example.sid]
  nodes     = ["pve1:2", "pve2:1"]
  strict    = true
  comment   = "Managed by Terraform"
}
