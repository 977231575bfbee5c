//! What a guest is seeded with: cloud-init documents in an image that the provider makes itself and uploads by the API,
//! so that no node has to be reached by SSH.

mod check;
mod document;
mod iso;
mod place;
mod yaml;

pub use check::{Finding, check_network_config, check_user_data};
pub use document::{SeedDocuments, SeedPlan, default_instance_id, document_digest, seed_owner};
pub use iso::IsoError;
pub use place::{SeedError, ensure_seed, remove_seeds};
