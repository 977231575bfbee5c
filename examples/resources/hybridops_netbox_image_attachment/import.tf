import {
  to = hybridops_netbox_image_attachment.example
  id = "5"
}
