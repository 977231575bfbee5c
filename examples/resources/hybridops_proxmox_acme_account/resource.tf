resource "hybridops_proxmox_acme_account" "example" {
  name      = "default"
  contact   = ["ops@example.com"]
  directory = "https://acme-staging-v02.api.letsencrypt.org/directory"
  tos_url   = "https://letsencrypt.org/documents/LE-SA-v1.5-February-24-2025.pdf"
}
