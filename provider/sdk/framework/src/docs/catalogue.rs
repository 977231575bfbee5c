//! What the documentation is made of.

use crate::function::FunctionDefinition;
use crate::schema::{IdentitySchema, Schema};

/// Everything a provider has, as data.
#[derive(Debug, Clone)]
pub struct ProviderDocs {
    /// The provider's name, `acme`.
    pub name: String,
    /// Its source address.
    pub address: String,
    /// The `provider` block.
    pub provider: Schema,
    /// Managed resources.
    pub resources: Vec<ResourceDocs>,
    /// Data sources.
    pub data_sources: Vec<ObjectDocs>,
    /// Ephemeral resources.
    pub ephemerals: Vec<ObjectDocs>,
    /// Actions.
    pub actions: Vec<ObjectDocs>,
    /// List resources.
    pub lists: Vec<ObjectDocs>,
    /// Functions.
    pub functions: Vec<FunctionDefinition>,
}

/// A managed resource.
#[derive(Debug, Clone)]
pub struct ResourceDocs {
    /// Full type name.
    pub name: String,
    /// Group on the registry.
    pub subcategory: String,
    /// Its schema.
    pub schema: Schema,
    /// Its identity, where it has one.
    pub identity: Option<IdentitySchema>,
}

/// Anything else with a schema.
#[derive(Debug, Clone)]
pub struct ObjectDocs {
    /// Full type name.
    pub name: String,
    /// Group on the registry.
    pub subcategory: String,
    /// Its schema.
    pub schema: Schema,
}
