//! `#[derive(Choice)]`: an enum of words.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Meta, Token, Variant};

use crate::case::Case;
use crate::errors::Errors;
use crate::suggest;
use crate::words::words;

/// Expands `#[derive(Choice)]`.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let code = match read(input, &mut errors) {
        Some(choices) => expand(input, &choices),
        None => TokenStream::new(),
    };
    errors.after(code)
}

/// A variant and its word.
struct Choice<'a> {
    variant: &'a syn::Ident,
    word: String,
}

fn read<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<Vec<Choice<'a>>> {
    let Data::Enum(data) = &input.data else {
        errors.at(&input.ident, "`Choice` is for enums; a struct derives `Model`");
        return None;
    };
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "generic choices are not supported");
        return None;
    }
    if data.variants.is_empty() {
        errors.at(&input.ident, "a choice needs at least one variant");
        return None;
    }
    let case = case(&input.attrs, errors);
    let mut choices: Vec<Choice<'a>> = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.at(&variant.fields, "a choice is a word: its variants hold nothing");
        }
        let word = word(variant, errors).unwrap_or_else(|| case.of(&unraw(variant)));
        if let Some(other) = choices.iter().find(|choice| choice.word == word) {
            errors.at(variant, format!("`{}` is \"{word}\" already", other.variant));
        }
        choices.push(Choice { variant: &variant.ident, word });
    }
    // Code for variants that hold something would not compile.
    data.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit)).then_some(choices)
}

fn unraw(variant: &Variant) -> String {
    syn::ext::IdentExt::unraw(&variant.ident).to_string()
}

/// `#[choice(rename_all = "kebab-case")]` on the enum.
fn case(attributes: &[Attribute], errors: &mut Errors) -> Case {
    let mut case = Case::Snake;
    for word in words(attributes, "choice", errors) {
        match word.text().as_str() {
            "rename_all" => {
                if let Some(text) = word.string("rename_all = \"kebab-case\"", errors) {
                    match Case::named(&text.value()) {
                        Ok(named) => case = named,
                        Err(message) => errors.at(text, message),
                    }
                }
            }
            text => errors.at(&word.name, suggest::unknown("word", text, &["rename_all"])),
        }
    }
    case
}

/// `#[choice("word")]` on a variant.
fn word(variant: &Variant, errors: &mut Errors) -> Option<String> {
    let mut found = None;
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("choice")) {
        let text = match &attribute.meta {
            Meta::List(list) => list.parse_args_with(Punctuated::<LitStr, Token![,]>::parse_terminated).ok(),
            Meta::Path(_) | Meta::NameValue(_) => None,
        };
        match text.map(|texts| texts.into_iter().collect::<Vec<_>>()).as_deref() {
            Some([text]) if found.is_none() => found = Some(text.value()),
            Some([_]) => errors.at(attribute, "a variant has one word"),
            _ => errors.at(attribute, "write `#[choice(\"word\")]`"),
        }
    }
    found
}

fn expand(input: &DeriveInput, choices: &[Choice<'_>]) -> TokenStream {
    let (name, vis) = (&input.ident, &input.vis);
    let words: Vec<&String> = choices.iter().map(|choice| &choice.word).collect();
    let variants: Vec<_> = choices.iter().map(|choice| choice.variant).collect();
    let count = choices.len();
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let expected = format!("expected {}", quoted.join(", "));
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        #[allow(dead_code, unreachable_pub)]
        impl #name {
            /// Every choice, in the order of declaration.
            #vis const ALL: [Self; #count] = [#(Self::#variants),*];

            /// The word in Terraform.
            #[must_use]
            #vis const fn as_str(&self) -> &'static str {
                match self {
                    #(Self::#variants => #words,)*
                }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        #[automatically_derived]
        impl ::core::str::FromStr for #name {
            type Err = ::tf_framework::model::Mismatch;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                match text {
                    #(#words => ::core::result::Result::Ok(Self::#variants),)*
                    _ => ::core::result::Result::Err(::tf_framework::model::Mismatch::new(#expected)),
                }
            }
        }

        #[automatically_derived]
        impl ::tf_framework::model::AttributeType for #name {
            type Partial = Self;

            fn attribute() -> ::tf_framework::schema::Attribute {
                <::std::string::String as ::tf_framework::model::AttributeType>::attribute().validate(
                    ::tf_framework::schema::Validator::OneOf(
                        ::std::vec![#(<::tf_framework::Value as ::core::convert::From<_>>::from(#words)),*],
                    ),
                )
            }

            fn from_value(
                value: ::tf_framework::Value,
            ) -> ::core::result::Result<Self, ::tf_framework::model::Mismatch> {
                <Self as ::tf_framework::model::AttributeType>::partial(&value)
            }

            fn to_value(&self) -> ::tf_framework::Value {
                <::tf_framework::Value as ::core::convert::From<_>>::from(self.as_str())
            }

            fn partial(
                value: &::tf_framework::Value,
            ) -> ::core::result::Result<Self, ::tf_framework::model::Mismatch> {
                match value.as_str() {
                    ::core::option::Option::Some(text) => ::core::str::FromStr::from_str(text),
                    ::core::option::Option::None => ::core::result::Result::Err(
                        ::tf_framework::model::Mismatch::expected("a string", value),
                    ),
                }
            }
        }
    }
}
