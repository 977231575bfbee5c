# Everything in production that runs, apart from templates.
data "hybridops_proxmox_guests" "production" {
  tags     = { all = ["production"], none = ["retired"] }
  status   = "running"
  template = false
}

output "by_name" {
  value = { for guest in data.hybridops_proxmox_guests.production.guests : guest.name => guest.node... }
}
