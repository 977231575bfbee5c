//! The code of one field: its entry in the schema, and how it is read and written.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::field::{Attr, Nested};

impl Attr<'_> {
    /// Puts the attribute or block into `block`.
    pub(crate) fn schema_entry(&self) -> TokenStream {
        let name = &self.name;
        match &self.block {
            None => {
                let attribute = self.attribute();
                quote_spanned! {self.type_span()=>
                    block.attributes.insert(::std::borrow::ToOwned::to_owned(#name), #attribute);
                }
            }
            Some(nested) => {
                let nested = self.nested_block(nested);
                quote_spanned! {self.type_span()=>
                    block.blocks.insert(::std::borrow::ToOwned::to_owned(#name), #nested);
                }
            }
        }
    }

    fn attribute(&self) -> TokenStream {
        let (ty, description, calls) = (&self.field.ty, &self.description, &self.calls);
        quote_spanned! {self.type_span()=>
            <#ty as ::tf_framework::model::AttributeType>::attribute().describe(#description) #(.#calls)*
        }
    }

    fn nested_block(&self, nested: &Nested<'_>) -> TokenStream {
        let Nested { nesting, model, min, max } = nested;
        let nesting = proc_macro2::Ident::new(nesting, Span::call_site());
        let description = &self.description;
        let deprecated = match &self.deprecated {
            Some(advice) => quote!(::core::option::Option::Some(::std::borrow::ToOwned::to_owned(#advice))),
            None => quote!(::core::option::Option::None),
        };
        quote_spanned! {self.type_span()=>
            ::tf_framework::schema::NestedBlock {
                nesting: ::tf_framework::schema::BlockNesting::#nesting,
                block: ::tf_framework::schema::Block {
                    description: ::std::borrow::ToOwned::to_owned(#description),
                    deprecated: #deprecated,
                    ..<#model as ::tf_framework::model::Model>::block()
                },
                min_items: #min,
                max_items: #max,
            }
        }
    }

    /// Puts a block into `attributes`, for a model that is held by an attribute.
    pub(crate) fn block_as_attribute(&self) -> Option<TokenStream> {
        let nested = self.block.as_ref()?;
        let (name, ty, description) = (&self.name, &self.field.ty, &self.description);
        let optional = (nested.min == 0).then(|| quote!(.optional()));
        let items = (nested.nesting != "Single" && (nested.min, nested.max) != (0, 0)).then(|| {
            let bound = |count: u32| match u64::from(count) {
                0 => quote!(::core::option::Option::None),
                count => quote!(::core::option::Option::Some(#count)),
            };
            let (min, max) = (bound(nested.min), bound(nested.max));
            quote!(.validate(::tf_framework::schema::Validator::Items { min: #min, max: #max }))
        });
        Some(quote_spanned! {self.type_span()=>
            attributes.insert(
                ::std::borrow::ToOwned::to_owned(#name),
                <#ty as ::tf_framework::model::AttributeType>::attribute().describe(#description) #optional #items,
            );
        })
    }

    /// Fills in what the object may lack although the type cannot be null.
    pub(crate) fn fill_missing(&self) -> Option<TokenStream> {
        let (name, ty) = (&self.name, &self.field.ty);
        let (condition, value) = match (&self.block, &self.default) {
            (Some(Nested { nesting: "Single", .. }), _) | (None, None) => return None,
            (Some(Nested { nesting: "Set", .. }), _) => {
                (None, quote!(::tf_framework::Value::Set(::std::vec::Vec::new())))
            }
            (Some(_), _) => (None, quote!(::tf_framework::Value::List(::std::vec::Vec::new()))),
            // State written before the attribute existed.
            (None, Some(default)) => {
                (Some(quote!(!<#ty as ::tf_framework::model::AttributeType>::NULLABLE &&)), default.clone())
            }
        };
        Some(quote_spanned! {self.type_span()=>
            if #condition members.get(#name).is_none_or(::tf_framework::Value::is_null) {
                members.insert(::std::borrow::ToOwned::to_owned(#name), #value);
            }
        })
    }

    pub(crate) fn read_field(&self) -> TokenStream {
        let (ident, name, ty) = (self.ident, &self.name, &self.field.ty);
        quote_spanned!(self.type_span()=> #ident: ::tf_framework::model::take::<#ty>(&mut members, #name)?,)
    }

    pub(crate) fn write_field(&self) -> TokenStream {
        let (ident, name) = (self.ident, &self.name);
        let value = if self.write_only {
            quote_spanned!(self.type_span()=> ::tf_framework::Value::Null)
        } else {
            quote_spanned!(self.type_span()=> ::tf_framework::model::AttributeType::to_value(&self.#ident))
        };
        quote_spanned!(self.type_span()=> (::std::borrow::ToOwned::to_owned(#name), #value),)
    }

    pub(crate) fn peek_field(&self) -> TokenStream {
        let (ident, name, ty) = (self.ident, &self.name, &self.field.ty);
        quote_spanned!(self.type_span()=> #ident: ::tf_framework::model::peek::<#ty>(value, #name)?,)
    }
}
