#![doc = include_str!("../docs/crate.md")]

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

#[doc = include_str!("../docs/model.md")]
#[proc_macro_derive(Model, attributes(attr, resource))]
pub fn model(input: TokenStream) -> TokenStream {
    model::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/resource.md")]
#[proc_macro_derive(Resource, attributes(attr, resource))]
pub fn resource(input: TokenStream) -> TokenStream {
    resource::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/choice.md")]
#[proc_macro_derive(Choice, attributes(choice))]
pub fn choice(input: TokenStream) -> TokenStream {
    choice::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/function.md")]
#[proc_macro_attribute]
pub fn function(words: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(words.into(), item.into()).into()
}
