variable "name" {
  description = "Name of the cluster. Machines and nodes are called `<name>-<key>`."
  type        = string
  default     = "platform"
}

variable "nodes" {
  description = "Nodes of Proxmox VE the machines are spread over."
  type        = set(string)
}

variable "template_nodes" {
  description = "Nodes that get a template. All of `nodes` unless set; one is enough where disks are on shared storage."
  type        = set(string)
  default     = null
}

variable "storage" {
  description = "Where things are kept: `disks`, `images` on their way (content `import`), `cloud_init` drives."
  type = object({
    disks      = string
    images     = optional(string)
    cloud_init = optional(string)
  })
}

variable "image" {
  description = "The cloud image: a `family` that the module proxmox-templates knows, or another one with `url` and `checksum` or `checksum_url`."
  type = object({
    family       = optional(string, "debian-12")
    url          = optional(string)
    checksum     = optional(string)
    checksum_url = optional(string)
  })
  default = {}
}

variable "mirrors" {
  description = "Where the images of known families are published, as `mirrors` of the module proxmox-templates."
  type        = map(string)
  default     = {}
}

variable "network" {
  description = "Network of the machines: `bridge`, `cidr`, `gateway`, `vlan`, `nameservers`."
  type = object({
    bridge      = string
    cidr        = string
    gateway     = optional(string)
    vlan        = optional(number)
    nameservers = optional(list(string))
  })
}

variable "ssh" {
  description = "How machines are reached: `keys` that may log in, `user`, and `authority` that signs their host keys, where one does."
  type = object({
    keys      = list(string)
    user      = optional(string)
    authority = optional(string)
  })
}

variable "servers" {
  description = "Servers by a short name, one, three, five or seven: `address`, and where there is no `ssh.authority` the `host_keys` that their `user_data` gives them."
  type = map(object({
    address   = string
    host_keys = optional(list(string))
    user_data = optional(string)
  }))
}

variable "agents" {
  description = "Agents likewise."
  type = map(object({
    address   = string
    host_keys = optional(list(string))
    user_data = optional(string)
  }))
  default = {}
}

variable "seed_storage" {
  description = "Storage of the seed images of machines with `user_data`."
  type        = string
  default     = null
}

variable "size" {
  description = "What machines may use, as `size` of the module rke2-cluster."
  type = object({
    servers = optional(object({ cores = optional(number), memory = optional(number), disk = optional(string) }))
    agents  = optional(object({ cores = optional(number), memory = optional(number), disk = optional(string) }))
  })
  default = {}
}

variable "rke2_version" {
  description = "Version of all nodes."
  type        = string
  default     = "v1.33.4+rke2r1"
}

variable "registration_address" {
  description = "Name or address by which nodes stay with the cluster when servers come and go."
  type        = string
  default     = null
}

variable "token" {
  description = "Token of the cluster, kept where passwords are kept: without it no snapshot can be restored."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "artefacts" {
  description = "Where RKE2 comes from, as `artefacts` of the module rke2-cluster. Upstream unless set."
  type        = object({ source = optional(string), ca_certificate = optional(string), images = optional(list(string)) })
  default     = null
}

variable "preflight" {
  description = "Findings of the preflight that are accepted."
  type        = object({ accept = optional(set(string)) })
  default     = null
}

variable "etcd_snapshots" {
  description = "Snapshots of the database, as `etcd_snapshots` of the module rke2-cluster."
  type        = object({ schedule = optional(string), retention = optional(number) })
  default     = { schedule = "0 */6 * * *", retention = 8 }
}

variable "app_of_apps" {
  description = "The application that holds all others: `repo_url` and `path`."
  type        = object({ repo_url = string, path = optional(string) })
}

variable "repository_credentials" {
  description = "How Argo CD logs in there: `username` and `password`, or `ssh_private_key`. Never stored."
  type = object({
    username        = optional(string)
    password        = optional(string)
    ssh_private_key = optional(string)
  })
  default   = {}
  sensitive = true
  ephemeral = true
}

variable "repository_credentials_version" {
  description = "Change it to send them again. None are sent unless set."
  type        = number
  default     = null
}

variable "secret_stores" {
  description = "Specifications of `ClusterSecretStore`s by name, YAML."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Whether the last server, and what holds data in the cluster, is kept from being destroyed."
  type        = bool
  default     = true
}
