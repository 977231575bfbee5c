# Neither clone nor backup: an empty guest that boots an installer.
resource "hybridops_proxmox_vm" "windows" {
  name = "win-01"
  node = "pve1"

  firmware        = "ovmf"
  machine         = "q35"
  os_type         = "win11"
  scsi_controller = "virtio-scsi-single"
  cpu             = { cores = 4, type = "host" }
  memory          = 8192

  efi_disk  = { storage = "local-zfs", pre_enrolled_keys = true }
  tpm_state = { storage = "local-zfs", version = "v2.0" }
  disks = {
    scsi0 = { storage = "local-zfs", size = "80G", discard = true, ssd = true, iothread = true }
  }
  cdrom = {
    ide0 = { file = "local:iso/windows-11.iso" }
  }
  network    = { net0 = { bridge = "vmbr0" } }
  boot_order = ["scsi0", "ide0"]
  protection = true
}
