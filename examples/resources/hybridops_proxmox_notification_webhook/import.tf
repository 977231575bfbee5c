import {
  to = hybridops_proxmox_notification_webhook.example
  id = "chat"
}
