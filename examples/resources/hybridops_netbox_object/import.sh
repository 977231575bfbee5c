# By path and id, or by path and filters that find it alone.
terraform import hybridops_netbox_object.widget plugins/lab/widgets/5
terraform import hybridops_netbox_object.widget 'plugins/lab/widgets?name=left-hand'
