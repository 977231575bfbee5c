//! `#[derive(Model)]`: a struct as schema and codec, and its twin for validation and planning.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields};

use crate::docs;
use crate::errors::Errors;
use crate::field::{Attr, Named};
use crate::validators::Sibling;

/// A struct that has been read.
pub(crate) struct Structure<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) attrs: Vec<Attr<'a>>,
    pub(crate) description: String,
}

/// Expands `#[derive(Model)]`.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("resource")) {
        errors.at(attribute, "`#[resource(...)]` belongs to `#[derive(Resource)]`, which includes `Model`");
    }
    let code = match Structure::read(input, "Model", &mut errors) {
        Some(structure) => structure.expand(None),
        None => TokenStream::new(),
    };
    errors.after(code)
}

impl<'a> Structure<'a> {
    /// Reads the struct; `None` when it is not one with named fields.
    pub(crate) fn read(input: &'a DeriveInput, derive: &str, errors: &mut Errors) -> Option<Self> {
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => &fields.named,
                Fields::Unnamed(_) | Fields::Unit => {
                    errors.at(&input.ident, format!("`{derive}` needs named fields: each is an attribute"));
                    return None;
                }
            },
            Data::Enum(_) => {
                errors.at(
                    &input.ident,
                    format!("`{derive}` is for structs; an enum of words derives `Choice`"),
                );
                return None;
            }
            Data::Union(_) => {
                errors.at(&input.ident, format!("`{derive}` is for structs"));
                return None;
            }
        };
        if !input.generics.params.is_empty() {
            let advice = "generic models are not supported: a schema belongs to one concrete type";
            errors.at(&input.generics, advice);
            return None;
        }
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("attr")) {
            errors.at(attribute, "`#[attr(...)]` speaks of a field: put it above one");
        }
        let description = docs::description(
            &input.attrs,
            input.ident.span(),
            &format!(
                "`{}` has no description: put a `///` comment above it, the registry prints it",
                input.ident
            ),
            errors,
        );
        let named: Vec<_> = fields
            .iter()
            .filter_map(|field| Some(Named::read(field, field.ident.as_ref()?, errors)))
            .collect();
        let siblings: Vec<Sibling> = named.iter().map(Named::sibling).collect();
        unique(&named, errors);
        let attrs = named.into_iter().map(|named| Attr::read(named, &siblings, errors)).collect();
        Some(Self { input, attrs, description })
    }

    /// The twin and the impls of `Model` and `AttributeType`.
    pub(crate) fn expand(&self, deprecated: Option<&syn::LitStr>) -> TokenStream {
        let twin = format_ident!("{}Partial", self.input.ident);
        let parts =
            [self.twin(&twin), self.model(&twin, deprecated), self.attribute_type(&twin), self.nullability()];
        parts.into_iter().collect()
    }

    fn twin(&self, twin: &Ident) -> TokenStream {
        let (name, vis) = (&self.input.ident, &self.input.vis);
        let summary = format!("[`{name}`] while planning: each field may be unknown or null.");
        let fields = self.attrs.iter().map(|attr| {
            let (ident, vis, ty) = (attr.ident, &attr.field.vis, &attr.field.ty);
            let docs = docs::comments(&attr.field.attrs);
            quote_spanned! {attr.type_span()=>
                #(#docs)*
                #vis #ident: ::tf_framework::model::Field<
                    <#ty as ::tf_framework::model::AttributeType>::Partial
                >,
            }
        });
        quote_spanned! {Span::mixed_site()=>
            #[doc = #summary]
            #[allow(dead_code, unreachable_pub, clippy::pub_underscore_fields)]
            #[derive(::core::clone::Clone, ::core::default::Default)]
            #vis struct #twin {
                #(#fields)*
            }
        }
    }

    fn model(&self, twin: &Ident, deprecated: Option<&syn::LitStr>) -> TokenStream {
        let (name, description) = (&self.input.ident, &self.description);
        let entries = self.attrs.iter().map(Attr::schema_entry);
        let missing = self.attrs.iter().filter_map(Attr::fill_missing);
        let reads = self.attrs.iter().map(Attr::read_field);
        let writes = self.attrs.iter().map(Attr::write_field);
        let peeks = self.attrs.iter().map(Attr::peek_field);
        let deprecated = deprecated.map(|advice| {
            quote_spanned! {Span::mixed_site()=>
                block.deprecated = ::core::option::Option::Some(::std::borrow::ToOwned::to_owned(#advice));
            }
        });
        // An empty struct mutates nothing.
        let mutable = (!self.attrs.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> mut));
        let mutable_block =
            mutable.clone().or_else(|| deprecated.clone().map(|_| quote_spanned!(Span::mixed_site()=> mut)));
        let members = if self.attrs.is_empty() { "_members" } else { "members" };
        let members = Ident::new(members, Span::mixed_site());
        quote_spanned! {Span::mixed_site()=>
            #[automatically_derived]
            impl ::tf_framework::model::Model for #name {
                type Partial = #twin;

                fn block() -> ::tf_framework::schema::Block {
                    let #mutable_block block = ::tf_framework::schema::Block::new(#description);
                    #deprecated
                    #(#entries)*
                    block
                }

                fn from_object(
                    value: ::tf_framework::Value,
                ) -> ::core::result::Result<Self, ::tf_framework::model::Mismatch> {
                    let #mutable #members = ::tf_framework::model::members(value)?;
                    #(#missing)*
                    ::core::result::Result::Ok(Self { #(#reads)* })
                }

                fn to_object(&self) -> ::tf_framework::Value {
                    ::tf_framework::Value::Object(<::std::collections::BTreeMap<_, _> as ::core::convert::From<_>>::from([#(#writes)*]))
                }

                fn partial(
                    value: &::tf_framework::Value,
                ) -> ::core::result::Result<Self::Partial, ::tf_framework::model::Mismatch> {
                    if value.as_map().is_none() {
                        return ::core::result::Result::Err(
                            ::tf_framework::model::Mismatch::expected("an object", value),
                        );
                    }
                    ::core::result::Result::Ok(#twin { #(#peeks)* })
                }
            }
        }
    }

    fn attribute_type(&self, twin: &Ident) -> TokenStream {
        let name = &self.input.ident;
        // The blocks of a model that is held by an attribute are attributes themselves.
        let blocks: Vec<_> = self.attrs.iter().filter_map(Attr::block_as_attribute).collect();
        let attributes = if blocks.is_empty() {
            quote_spanned!(Span::mixed_site()=> block.attributes)
        } else {
            quote_spanned!(Span::mixed_site()=> {
                let mut attributes = block.attributes;
                #(#blocks)*
                attributes
            })
        };
        quote_spanned! {Span::mixed_site()=>
            #[automatically_derived]
            impl ::tf_framework::model::AttributeType for #name {
                type Partial = #twin;

                fn attribute() -> ::tf_framework::schema::Attribute {
                    let block = <Self as ::tf_framework::model::Model>::block();
                    let attributes = #attributes;
                    ::tf_framework::schema::Attribute::nested(
                        ::tf_framework::schema::Nesting::Single,
                        attributes,
                    )
                    .describe(block.description)
                }

                fn from_value(
                    value: ::tf_framework::Value,
                ) -> ::core::result::Result<Self, ::tf_framework::model::Mismatch> {
                    <Self as ::tf_framework::model::Model>::from_object(value)
                }

                fn to_value(&self) -> ::tf_framework::Value {
                    <Self as ::tf_framework::model::Model>::to_object(self)
                }

                fn partial(
                    value: &::tf_framework::Value,
                ) -> ::core::result::Result<
                    <Self as ::tf_framework::model::AttributeType>::Partial,
                    ::tf_framework::model::Mismatch,
                > {
                    <Self as ::tf_framework::model::Model>::partial(value)
                }
            }
        }
    }

    /// What may be left out must be able to be null; said by the compiler, who knows the types.
    fn nullability(&self) -> TokenStream {
        let checks = self.attrs.iter().filter_map(|attr| {
            let word = attr.nullable.as_ref()?;
            if attr.default.is_some() {
                return None;
            }
            let ty = &attr.field.ty;
            let message = format!(
                "`{}` is marked `{word}`, so it may be null: its type must be `Option<…>`, `Computed<…>` or `WriteOnly<…>`",
                attr.ident,
            );
            Some(quote_spanned! {Span::mixed_site().located_at(attr.field.ty.span())=>
                const _: () = ::core::assert!(<#ty as ::tf_framework::model::AttributeType>::NULLABLE, #message);
            })
        });
        checks.collect()
    }
}

fn unique(named: &[Named<'_>], errors: &mut Errors) {
    let mut seen = std::collections::BTreeSet::new();
    for named in named {
        if !seen.insert(&named.name) {
            errors.at(named.ident, format!("another field is named `{}` in Terraform", named.name));
        }
    }
}
