//! Makes the table of NetBox's objects from its OpenAPI documents and our overrides.

fn main() {}
