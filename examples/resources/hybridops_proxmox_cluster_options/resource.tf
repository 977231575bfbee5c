resource "hybridops_proxmox_cluster_options" "example" {
  bwlimit         = { default = 10240, restore = 20480 }
  crs             = { ha = "static", ha_rebalance_on_start = true }
  description     = "Managed by Terraform"
  ha              = { shutdown_policy = "migrate" }
  mac_prefix      = "BC:24:11"
  migration       = { network = "10.0.0.0/24", type = "secure" }
  next_id         = { lower = 500, upper = 1000000 }
  registered_tags = ["critical"]
  tag_style       = { case_sensitive = true, color_map = ["critical:ff0000:ffffff"], ordering = "config", shape = "full" }
  webauthn        = { allow_subdomains = false, id = "example.com", origin = "https://pve.example.com:8006", rp = "Example" }
}
