//! Wire types of Terraform's plugin protocol 6, go-plugin's services and tflint's ruleset protocol.
