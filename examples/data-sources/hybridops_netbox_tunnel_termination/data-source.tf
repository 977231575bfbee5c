data "hybridops_netbox_tunnel_termination" "example" {
  id = 5
}
