# The address is taken from a pool, and assigned to the guest by its id. What it is assigned to is the guest's business.
resource "hybridops_netbox_available_ip_address" "web_02" {
  prefix   = { prefix = "10.0.0.0/24" }
  key      = "web-02"
  dns_name = "web-02.example.com"

  lifecycle {
    ignore_changes = [assigned_object]
  }
}

resource "hybridops_netbox_guest" "web_02" {
  name    = "web-02"
  cluster = "pve1"

  interfaces = {
    net0 = {
      addresses = [{ id = hybridops_netbox_available_ip_address.web_02.id }]
    }
  }
}
