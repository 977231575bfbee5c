resource "hybridops_proxmox_replication_job" "example" {
  job      = "100-0"
  target   = "pve2"
  rate     = 10
  schedule = "*/30"
  comment  = "Managed by Terraform"
}
