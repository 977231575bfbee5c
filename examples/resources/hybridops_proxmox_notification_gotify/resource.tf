resource "hybridops_proxmox_notification_gotify" "example" {
  name          = "phone"
  server        = "https://gotify.example.com"
  token         = "first-token"
  token_version = 1
  comment       = "Managed by Terraform"
}
