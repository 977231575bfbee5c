terraform {
  # Write-only arguments and ephemeral variables.
  required_version = ">= 1.11"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}
