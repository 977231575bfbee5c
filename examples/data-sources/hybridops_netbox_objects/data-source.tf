data "hybridops_netbox_objects" "large" {
  path    = "plugins/lab/widgets"
  filters = { site = ["ams1", "ams2"], size__gte = ["5"] }
}

output "large_widgets" {
  value = [for text in data.hybridops_netbox_objects.large.objects : jsondecode(text).name]
}
