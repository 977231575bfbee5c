resource "hybridops_proxmox_sdn_ipam_phpipam" "example" {
  ipam          = "phpipam"
  section       = 1
  token         = "first-token"
  token_version = 1
  url           = "https://ipam.example.com/api/pve"
  fingerprint   = "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"
}
