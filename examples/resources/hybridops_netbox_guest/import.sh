# By the id of the virtual machine, by its name where that is unique, or by cluster and name.
terraform import hybridops_netbox_guest.web_01 5
terraform import hybridops_netbox_guest.web_01 web-01
terraform import hybridops_netbox_guest.web_01 pve1/web-01
