resource "hybridops_proxmox_storage_pbs" "example" {
  storage                = "pbs"
  datastore              = "main"
  server                 = "pbs.example.com"
  encryption_key         = "autogen"
  encryption_key_version = 1
  fingerprint            = "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"
  namespace              = "cluster"
  password               = "first-password"
  password_version       = 1
  username               = "backup@pbs"
}
