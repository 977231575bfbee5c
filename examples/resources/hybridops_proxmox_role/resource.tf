resource "hybridops_proxmox_role" "example" {
  roleid = "Operator"
  privs  = ["VM.Audit", "VM.PowerMgmt"]
}
