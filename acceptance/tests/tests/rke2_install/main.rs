//! How RKE2 and K3s come onto machines, through real Terraform: channels, input that is refused, what is found before a
//! machine becomes a node, programs and images, files of the service, profiles, configuration.

mod artefacts;
mod channels;
mod files;
mod input;
mod profile;
mod servers;
