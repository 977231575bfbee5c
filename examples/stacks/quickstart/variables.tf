variable "node" {
  description = "Node to build the template on."
  type        = string
}

variable "image_url" {
  description = "Where the cloud image is published, http:// or https://."
  type        = string
}

variable "image_checksum" {
  description = "Checksum of the image, sha256:… or sha512:…."
  type        = string
}

variable "image_storage" {
  description = "Storage the image passes through; needs the content type import."
  type        = string
  default     = "local"
}

variable "disk_storage" {
  description = "Storage of the template's disk; needs the content type images."
  type        = string
}

variable "template_version" {
  description = "Version of the template. A new one is built beside the old one, then swapped in."
  type        = string
  default     = "1"
}
