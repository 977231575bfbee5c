resource "hybridops_proxmox_mapping_dir" "example" {
  name        = "shared"
  map         = [{ node = "pve1", path = "/srv/shared" }]
  description = "Managed by Terraform"
}
