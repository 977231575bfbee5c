resource "hybridops_proxmox_sdn_ipam_netbox" "example" {
  ipam          = "netbox"
  token         = "first-token"
  token_version = 1
  url           = "https://netbox.example.com/api"
  fingerprint   = "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"
}
