//! Resource identity: what names an object outside the state.

use tf_value::Type;

/// The identity of a managed resource (Terraform 1.12 and newer ask for it).
#[derive(Debug, Clone, Default)]
pub struct IdentitySchema {
    /// Version of the stored identity.
    pub version: i64,
    /// The attributes, each a primitive or a list of primitives.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Debug, Clone)]
pub struct IdentityAttribute {
    /// Its name; the same as the resource's attribute.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// What it is.
    pub description: String,
    /// Whether `import { identity = … }` must give it; otherwise it may.
    pub required_for_import: bool,
}

impl IdentitySchema {
    /// The object type of an identity.
    #[must_use]
    pub fn value_type(&self) -> Type {
        Type::object(self.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.ty.clone())))
    }
}
