terraform {
  required_version = ">= 1.8"

  required_providers {
    hybridops = {
      source  = "hybridops-studio/hybridops"
      version = ">= 0.1.0"
    }
  }
}
