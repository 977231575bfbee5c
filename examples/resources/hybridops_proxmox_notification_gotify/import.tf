import {
  to = hybridops_proxmox_notification_gotify.example
  id = "phone"
}
