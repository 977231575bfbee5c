# By its id.
terraform import hybridops_netbox_image_attachment.example 5
