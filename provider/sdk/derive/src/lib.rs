//! Derive macros of tf-framework.

mod case;
mod choice;
mod docs;
mod errors;
mod field;
mod field_code;
mod function;
mod model;
mod resource;
mod suggest;
mod types;
mod validators;
mod words;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// A struct whose fields are attributes and blocks.
#[proc_macro_derive(Model, attributes(attr))]
pub fn model(input: TokenStream) -> TokenStream {
    model::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// A model with the name, version, identity and history of a managed resource.
#[proc_macro_derive(Resource, attributes(attr, resource))]
pub fn resource(input: TokenStream) -> TokenStream {
    resource::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// An enum of words.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn choice(input: TokenStream) -> TokenStream {
    choice::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// A plain function as a provider function.
#[proc_macro_attribute]
pub fn function(words: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(words.into(), item.into()).into()
}
