# By node and volume id. The next apply compares the file with the configured checksum and records both.
terraform import hybridops_proxmox_image.debian "pve1/local:import/debian-12.qcow2"

# With its URL and checksum (or the address of the sums file): taken as given, the plan is empty.
terraform import hybridops_proxmox_image.debian "pve1,pve2/local:import/debian-12.qcow2 https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2 https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS"
