resource "hybridops_proxmox_notification_smtp" "example" {
  name             = "relay"
  server           = "smtp.example.com"
  from_address     = "pve@example.com"
  mailto           = ["ops@example.com"]
  mode             = "starttls"
  password         = "first-password"
  password_version = 1
  username         = "alice"
  comment          = "Managed by Terraform"
}
