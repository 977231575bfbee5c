//! The client of a NetBox server, without Terraform in it.
