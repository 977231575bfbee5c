resource "hybridops_proxmox_notification_sendmail" "example" {
  name         = "mail"
  from_address = "pve@example.com"
  mailto       = ["ops@example.com"]
  mailto_user  = ["root@pam"]
  comment      = "Managed by Terraform"
}
