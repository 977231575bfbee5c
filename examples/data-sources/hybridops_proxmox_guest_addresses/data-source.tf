# Asked once, without waiting.
data "hybridops_proxmox_guest_addresses" "web" {
  vmid = 101
}

output "web" {
  value = one(slice(data.hybridops_proxmox_guest_addresses.web.ipv4, 0, min(1, length(data.hybridops_proxmox_guest_addresses.web.ipv4))))
}
