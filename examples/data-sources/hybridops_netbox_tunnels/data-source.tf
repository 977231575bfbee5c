data "hybridops_netbox_tunnels" "matching" {
  filters = { status = ["active"] }
}
