//! Plays Terraform core in process, with core's own rules.
