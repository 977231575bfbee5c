variable "cluster" {
  description = "The way to the cluster: `server`, one of its servers, through whose SSH connection the API is reached (with `distribution`, found out unless set); or `kubeconfig_path`, a file on the machine that runs Terraform."
  type = object({
    server = optional(object({
      host      = string
      port      = optional(number)
      user      = optional(string)
      host_keys = optional(list(string))
      become    = optional(string)
      jump = optional(list(object({
        host      = string
        port      = optional(number)
        user      = optional(string)
        host_keys = optional(list(string))
      })))
      trust_on_first_use = optional(bool)
    }))
    distribution    = optional(string)
    kubeconfig_path = optional(string)
  })
  nullable = false

  validation {
    condition     = (var.cluster.server == null) != (var.cluster.kubeconfig_path == null)
    error_message = "cluster is either server or kubeconfig_path."
  }

  validation {
    condition     = var.cluster.distribution == null || contains(["rke2", "k3s"], coalesce(var.cluster.distribution, "rke2"))
    error_message = "cluster.distribution is rke2 or k3s."
  }
}

variable "app_of_apps" {
  description = "The application that holds all others: `repo_url`, `path`, `revision`, `project`, `name`; `prune` and `self_heal` (what Argo CD does by itself), `cascade` (whether destroying it deletes what it made). None unless set."
  type = object({
    repo_url  = string
    path      = optional(string, ".")
    revision  = optional(string, "HEAD")
    project   = optional(string, "default")
    name      = optional(string, "root")
    recurse   = optional(bool, true)
    prune     = optional(bool, true)
    self_heal = optional(bool, true)
    cascade   = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.app_of_apps == null ? true : can(regex("^(https://|ssh://|[a-z0-9_.-]+@[a-z0-9.-]+:)", var.app_of_apps.repo_url))
    error_message = "app_of_apps.repo_url is https://…, ssh://… or git@host:path: Argo CD is to believe what it fetches."
  }

  validation {
    condition     = var.app_of_apps == null ? true : !startswith(var.app_of_apps.path, "/") && !strcontains(var.app_of_apps.path, "..")
    error_message = "app_of_apps.path is a path inside the repository, without / at its beginning."
  }

  validation {
    condition     = var.app_of_apps == null ? true : can(regex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", var.app_of_apps.name))
    error_message = "app_of_apps.name is at most 40 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = var.app_of_apps == null || var.argo_cd != null
    error_message = "app_of_apps needs Argo CD: argo_cd is null."
  }
}

variable "repository_credentials" {
  description = "How Argo CD logs in at the repository of `app_of_apps`: `username` and `password`, or `ssh_private_key`. Never stored. Sent when `repository_credentials_version` is set, and again when it is changed."
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
  description = "Change it to send `repository_credentials` again. None are sent unless set."
  type        = number
  default     = null

  validation {
    condition     = var.repository_credentials_version == null || var.app_of_apps != null
    error_message = "repository_credentials_version is set, and there is no app_of_apps whose repository they are for."
  }
}

variable "argo_cd" {
  description = "Argo CD: `version`, `values` (YAML), `repo`, `repo_ca`, `content` (the chart itself, base64) of its chart. What is not set is the catalogue's. Null for none."
  type = object({
    version = optional(string)
    values  = optional(string)
    repo    = optional(string)
    repo_ca = optional(string)
    content = optional(string)
    timeout = optional(string)
  })
  default = {}

  validation {
    condition     = try(var.argo_cd.values, null) == null || can(keys(yamldecode(var.argo_cd.values)))
    error_message = "argo_cd.values is YAML of keys and values: yamlencode({ … })."
  }

  validation {
    condition     = try(var.argo_cd.repo, null) == null || try(var.argo_cd.content, null) == null
    error_message = "argo_cd is fetched from repo or given as content, not both."
  }
}

variable "external_secrets" {
  description = "External Secrets Operator: as `argo_cd`, and `stores`, specifications of `ClusterSecretStore`s by name (YAML). Null for none."
  type = object({
    version = optional(string)
    values  = optional(string)
    repo    = optional(string)
    repo_ca = optional(string)
    content = optional(string)
    timeout = optional(string)
    stores  = optional(map(string), {})
  })
  default = {}

  validation {
    condition     = try(var.external_secrets.values, null) == null || can(keys(yamldecode(var.external_secrets.values)))
    error_message = "external_secrets.values is YAML of keys and values: yamlencode({ … })."
  }

  validation {
    condition     = try(var.external_secrets.repo, null) == null || try(var.external_secrets.content, null) == null
    error_message = "external_secrets is fetched from repo or given as content, not both."
  }

  validation {
    condition     = alltrue([for store in values(try(var.external_secrets.stores, {})) : can(yamldecode(store).provider)])
    error_message = "A store is the YAML of a specification with its provider: yamlencode({ provider = { vault = { … } } })."
  }
}

variable "longhorn" {
  description = "Longhorn: as `argo_cd`, and `replicas` of a volume, `default_class` (whether volumes without a class are Longhorn's). Null for none."
  type = object({
    version       = optional(string)
    values        = optional(string)
    repo          = optional(string)
    repo_ca       = optional(string)
    content       = optional(string)
    timeout       = optional(string)
    replicas      = optional(number, 3)
    default_class = optional(bool, true)
  })
  default = {}

  validation {
    condition     = try(var.longhorn.values, null) == null || can(keys(yamldecode(var.longhorn.values)))
    error_message = "longhorn.values is YAML of keys and values: yamlencode({ … })."
  }

  validation {
    condition     = try(var.longhorn.repo, null) == null || try(var.longhorn.content, null) == null
    error_message = "longhorn is fetched from repo or given as content, not both."
  }

  validation {
    condition     = var.longhorn == null ? true : var.longhorn.replicas >= 1 && var.longhorn.replicas <= 20 && floor(var.longhorn.replicas) == var.longhorn.replicas
    error_message = "longhorn.replicas is a whole number between 1 and 20."
  }
}

variable "on_destroy" {
  description = "What happens on destroy where data would be lost: `refuse`, `delete` or `keep`."
  type        = string
  default     = "refuse"
  nullable    = false

  validation {
    condition     = contains(["refuse", "delete", "keep"], var.on_destroy)
    error_message = "on_destroy is refuse, delete or keep."
  }
}

variable "timeout" {
  description = "How long one add-on may take to be installed, changed or removed."
  type        = string
  default     = "30m"
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]+(h|m|s))+$", var.timeout))
    error_message = "timeout is a duration such as 30m."
  }
}
