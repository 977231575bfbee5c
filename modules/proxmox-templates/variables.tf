variable "nodes" {
  description = "Nodes that get a template of each image. With disks on shared storage one node is enough."
  type        = set(string)

  validation {
    condition     = length(var.nodes) > 0
    error_message = "Name at least one node."
  }
}

variable "storage" {
  description = "Where things are kept: `disks` (content `images`), `images` the files on their way (content `import`; the disks' storage unless set), `cloud_init` the cloud-init drives (the disks' storage unless set), `format` of disks that are files."
  type = object({
    disks      = string
    images     = optional(string)
    cloud_init = optional(string)
    format     = optional(string)
  })

  validation {
    condition     = var.storage.format == null || contains(["raw", "qcow2", "vmdk"], coalesce(var.storage.format, "raw"))
    error_message = "storage.format is raw, qcow2 or vmdk."
  }
}

variable "images" {
  description = "Images by family. Known families (ubuntu-22-04, ubuntu-24-04, rocky-9, rocky-10, debian-12, debian-13) need nothing more than `{}`; any other needs `url` and `checksum` or `checksum_url`."
  type = map(object({
    name         = optional(string)
    version      = optional(string)
    url          = optional(string)
    checksum     = optional(string)
    checksum_url = optional(string)
    transfer     = optional(string)
    nodes        = optional(set(string))
    disk_size    = optional(string, "20G")
    ssd          = optional(bool, true)
    cores        = optional(number, 2)
    cpu_type     = optional(string)
    memory       = optional(number, 2048)
    firmware     = optional(string, "seabios")
    machine      = optional(string)
    os_type      = optional(string, "l26")
    bridge       = optional(string)
    vlan         = optional(number)
    user         = optional(string)
    tags         = optional(set(string), [])
    description  = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for family in keys(var.images) : can(regex("^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$", family))])
    error_message = "A family is lower-case letters, digits and hyphens, at most 42: it becomes a name and a tag."
  }

  validation {
    condition = alltrue([
      for family, image in var.images :
      contains(["ubuntu-22-04", "ubuntu-24-04", "rocky-9", "rocky-10", "debian-12", "debian-13"], family) || image.url != null
    ])
    error_message = "A family the module does not know needs a url; it knows ubuntu-22-04, ubuntu-24-04, rocky-9, rocky-10, debian-12, debian-13."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : image.url == null || image.checksum != null || image.checksum_url != null])
    error_message = "An image with a url of its own needs a checksum or a checksum_url: nothing is installed unverified."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : image.checksum == null || image.checksum_url == null])
    error_message = "Give an image a checksum or a checksum_url, not both."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("^[1-9][0-9]*[MGT]$", image.disk_size))])
    error_message = "disk_size is a size such as 20G."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : image.memory >= 16 && image.cores >= 1])
    error_message = "An image needs at least one core and 16 MiB of memory."
  }
}

variable "packer_builds" {
  description = "Templates that another tool builds, by family: found by `tags` (all of them) and `name_regex`, the newest taken over unless `adopt` is false. They are never destroyed from here."
  type = map(object({
    tags       = set(string)
    name_regex = optional(string)
    node       = optional(string)
    adopt      = optional(bool, true)
  }))
  default = {}

  validation {
    condition     = alltrue([for build in values(var.packer_builds) : length(build.tags) > 0])
    error_message = "A build is found by its tags: name at least one."
  }

  validation {
    condition     = alltrue([for build in values(var.packer_builds) : build.name_regex == null || can(regex(build.name_regex, ""))])
    error_message = "name_regex is no regular expression."
  }
}

variable "mirrors" {
  description = "Where the known families' images are published. Point it at a mirror of your own with the same folders."
  type = object({
    ubuntu = optional(string, "https://cloud-images.ubuntu.com")
    debian = optional(string, "https://cloud.debian.org/images/cloud")
    rocky  = optional(string, "https://dl.rockylinux.org/pub/rocky")
  })
  default = {}

  validation {
    condition     = alltrue([for url in values(var.mirrors) : can(regex("^https?://[^/].*[^/]$", url))])
    error_message = "A mirror is an http:// or https:// URL without a slash at its end."
  }
}

variable "bridge" {
  description = "Bridge or SDN vnet of the templates' network card."
  type        = string
  default     = "vmbr0"
}

variable "ssh_keys" {
  description = "Public keys that clones inherit."
  type        = list(string)
  default     = null
}

variable "dns" {
  description = "DNS settings that clones inherit."
  type = object({
    nameservers   = optional(list(string))
    search_domain = optional(string)
  })
  default = {}
}

variable "tags" {
  description = "Tags of every template, beside those of its family and `family-<family>`."
  type        = set(string)
  default     = ["template"]

  validation {
    condition     = alltrue([for tag in var.tags : can(regex("^[a-z0-9_][a-z0-9_.+-]*$", tag))])
    error_message = "A tag is lower-case letters, digits, `_`, `.`, `+` and `-`."
  }
}

variable "retain" {
  description = "How many earlier versions of each template are kept."
  type        = number
  default     = 1

  validation {
    condition     = var.retain >= 0 && var.retain <= 100 && floor(var.retain) == var.retain
    error_message = "retain is a whole number from 0 to 100."
  }
}

variable "keep_images" {
  description = "Whether the downloaded images stay on their storage."
  type        = bool
  default     = false
}

variable "timeout" {
  description = "How long building one template may take."
  type        = string
  default     = "60m"
}
