data "hybridops_proxmox_guest_addresses" "web" {
  vmid      = 101
  wait      = "2m"
  interface = "eth0"
}
