resource "hybridops_proxmox_notification_sendmail" "example" {
  name = "mail"
}

resource "hybridops_proxmox_notification_matcher" "example" {
  name           = "failed-backups"
  match_field    = ["exact:type=vzdump"]
  match_severity = ["error"]
  mode           = "any"
  target         = [hybridops_proxmox_notification_sendmail.example.name]
  comment        = "Managed by Terraform"
}
