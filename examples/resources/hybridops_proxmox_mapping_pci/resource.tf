resource "hybridops_proxmox_mapping_pci" "example" {
  name                   = "gpu"
  map                    = [{ id = "10de:2204", iommugroup = 1, node = "pve1", path = "0000:01:00.0" }]
  description            = "Managed by Terraform"
  live_migration_capable = true
  mdev                   = true
}
