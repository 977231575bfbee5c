resource "hybridops_proxmox_sdn_dns_powerdns" "example" {
  dns         = "pdns"
  key         = "first-key"
  key_version = 1
  url         = "https://dns.example.com:8081/api/v1/servers/localhost"
  fingerprint = "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"
  ttl         = 3600
}
