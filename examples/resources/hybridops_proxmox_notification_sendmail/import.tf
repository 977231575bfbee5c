import {
  to = hybridops_proxmox_notification_sendmail.example
  id = "mail"
}
