resource "hybridops_proxmox_notification_webhook" "example" {
  name           = "chat"
  method         = "post"
  url            = "https://chat.example.com/hooks/pve"
  body           = "{ \"text\": \"{{ title }}\" }"
  header         = ["name=Content-Type,value=YXBwbGljYXRpb24vanNvbg=="]
  secret         = ["name=token,value=Zmlyc3Q="]
  secret_version = 1
  comment        = "Managed by Terraform"
}
