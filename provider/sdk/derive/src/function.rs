//! `#[function]`: a plain function as a provider function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{FnArg, ItemFn, LitStr, Pat, ReturnType, Token, Type};

use crate::case::Case;
use crate::docs;
use crate::errors::Errors;
use crate::field::is_name;
use crate::suggest;
use crate::types;
use crate::words::{Word, distinct};

/// What `#[function(...)]` says.
#[derive(Default)]
struct Words {
    name: Option<LitStr>,
    deprecated: Option<LitStr>,
}

struct Parameter {
    name: String,
    description: String,
    ty: Type,
    variadic: bool,
}

/// Expands `#[function]`.
pub(crate) fn expand(words: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(mut function) = errors.keep(syn::parse2::<ItemFn>(item.clone())) else {
        return errors.after(item);
    };
    let words = read_words(words, &mut errors);
    check_signature(&function, &mut errors);
    let parameters = read_parameters(&mut function, &mut errors);
    let code = match parameters {
        Some(parameters) => definition(&function, &words, &parameters, &mut errors),
        None => TokenStream::new(),
    };
    // Parameters are owned because that is how values are read.
    function.attrs.push(syn::parse_quote!(#[allow(clippy::needless_pass_by_value)]));
    let mut output = function.into_token_stream();
    output.extend(code);
    errors.after(output)
}

fn read_words(tokens: TokenStream, errors: &mut Errors) -> Words {
    let mut words = Words::default();
    let parsed = Punctuated::<Word, Token![,]>::parse_terminated.parse2(tokens);
    let parsed: Vec<Word> = errors.keep(parsed).into_iter().flatten().collect();
    for word in distinct(parsed, errors) {
        match word.text().as_str() {
            "name" => words.name = word.string("name = \"parse_volume_id\"", errors),
            "deprecated" => words.deprecated = word.string("deprecated = \"Use `other`.\"", errors),
            text => errors.at(&word.name, suggest::unknown("word", text, &["name", "deprecated"])),
        }
    }
    words
}

fn check_signature(function: &ItemFn, errors: &mut Errors) {
    let signature = &function.sig;
    if !signature.generics.params.is_empty() {
        errors.at(&signature.generics, "a provider function has concrete types");
    }
    if let Some(token) = &signature.asyncness {
        errors.at(token, "a provider function is pure: it computes, it does not wait");
    }
    if let Some(token) = &signature.unsafety {
        errors.at(token, "a provider function is safe");
    }
    if matches!(signature.output, ReturnType::Default) {
        errors.at(&signature.ident, "a provider function has a result");
    }
}

/// Reads the parameters and takes their attributes away, which the compiler would refuse.
fn read_parameters(function: &mut ItemFn, errors: &mut Errors) -> Option<Vec<Parameter>> {
    let mut parameters = Vec::new();
    let last = function.sig.inputs.len();
    let mut complete = function.sig.generics.params.is_empty() && function.sig.asyncness.is_none();
    for (index, input) in function.sig.inputs.iter_mut().enumerate() {
        let FnArg::Typed(argument) = input else {
            errors.at(input, "a provider function belongs to no type");
            complete = false;
            continue;
        };
        let attributes: Vec<_> = argument
            .attrs
            .extract_if(.., |attribute| {
                attribute.path().is_ident("doc") || attribute.path().is_ident("variadic")
            })
            .collect();
        let variadic = attributes.iter().find(|attribute| attribute.path().is_ident("variadic"));
        if let Some(variadic) = variadic.filter(|_| index + 1 != last) {
            errors.at(variadic, "only the last parameter takes the remaining arguments");
            complete = false;
        }
        let Pat::Ident(pattern) = &*argument.pat else {
            errors.at(&argument.pat, "a parameter needs a name, which Terraform shows");
            complete = false;
            continue;
        };
        let name = pattern.ident.unraw().to_string();
        let missing =
            format!("`{name}` has no description: put a `///` comment above it, the registry prints it");
        let description = docs::description(&attributes, pattern.ident.span(), &missing, errors);
        if let Type::Reference(reference) = &*argument.ty {
            errors.at(reference, "a parameter is owned: write `String` for `&str`, `Vec<T>` for `&[T]`");
            complete = false;
            continue;
        }
        let ty = match variadic {
            None => (*argument.ty).clone(),
            Some(_) => match types::argument_of(&argument.ty, &["Vec"]) {
                Some(element) => element.clone(),
                None => {
                    errors.at(&argument.ty, "the remaining arguments are held by a `Vec`");
                    complete = false;
                    continue;
                }
            },
        };
        parameters.push(Parameter { name, description, ty, variadic: variadic.is_some() });
    }
    complete.then_some(parameters)
}

fn definition(
    function: &ItemFn,
    words: &Words,
    parameters: &[Parameter],
    errors: &mut Errors,
) -> TokenStream {
    let ident = &function.sig.ident;
    let missing =
        format!("`{ident}` has no description: put a `///` comment above it, the registry prints it");
    let description = docs::description(&function.attrs, ident.span(), &missing, errors);
    let summary = description.lines().next().unwrap_or("").trim_end_matches('.').to_owned();
    let (name, span) = match &words.name {
        Some(name) => (name.value(), name.span()),
        None => (ident.unraw().to_string(), ident.span()),
    };
    if !is_name(&name) {
        errors.span(span, "a function name is of lower-case letters, digits and underscores");
        return TokenStream::new();
    }
    let ReturnType::Type(_, output) = &function.sig.output else { return TokenStream::new() };
    let fallible = types::name(output).as_deref() == Some("Result");
    let result = if fallible { types::arguments(output).first().copied().unwrap_or(output) } else { output };

    let marker = format_ident!("{}", Case::Pascal.of(&name), span = span);
    let about = format!("The provider function `{name}`: {summary}.");
    let plain = parameters.iter().filter(|parameter| !parameter.variadic).map(Parameter::definition);
    let variadic = match parameters.iter().find(|parameter| parameter.variadic).map(Parameter::definition) {
        Some(parameter) => quote_spanned!(Span::mixed_site()=> ::core::option::Option::Some(#parameter)),
        None => quote_spanned!(Span::mixed_site()=> ::core::option::Option::None),
    };
    let deprecated = match &words.deprecated {
        Some(advice) => quote_spanned! {Span::mixed_site()=>
            ::core::option::Option::Some(::std::borrow::ToOwned::to_owned(#advice))
        },
        None => quote_spanned!(Span::mixed_site()=> ::core::option::Option::None),
    };
    let call = call(ident, parameters, fallible);
    quote_spanned! {Span::mixed_site()=>
        #[doc = #about]
        #[allow(unreachable_pub)]
        #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy, ::core::default::Default)]
        pub struct #marker;

        #[automatically_derived]
        impl ::tf_framework::Function for #marker {
            fn definition() -> ::tf_framework::FunctionDefinition {
                ::tf_framework::FunctionDefinition {
                    name: ::std::borrow::ToOwned::to_owned(#name),
                    summary: ::std::borrow::ToOwned::to_owned(#summary),
                    description: ::std::borrow::ToOwned::to_owned(#description),
                    parameters: ::std::vec![#(#plain),*],
                    variadic: #variadic,
                    returns: ::tf_framework::type_of::<#result>(),
                    deprecated: #deprecated,
                }
            }

            #call
        }
    }
}

impl Parameter {
    fn definition(&self) -> TokenStream {
        let Self { name, description, ty, .. } = self;
        quote_spanned! {Span::mixed_site().located_at(ty.span())=>
            ::tf_framework::Parameter {
                name: ::std::borrow::ToOwned::to_owned(#name),
                description: ::std::borrow::ToOwned::to_owned(#description),
                ty: ::tf_framework::type_of::<#ty>(),
                allow_null: <#ty as ::tf_framework::model::AttributeType>::NULLABLE,
            }
        }
    }
}

fn call(function: &Ident, parameters: &[Parameter], fallible: bool) -> TokenStream {
    let arguments = parameters.iter().enumerate().map(|(index, Parameter { ty, variadic, .. })| {
        if *variadic {
            quote_spanned! {Span::mixed_site()=> {
                let mut rest = ::std::vec::Vec::new();
                for (index, value) in ::core::iter::Iterator::enumerate(arguments) {
                    rest.push(::tf_framework::read_argument::<#ty>(#index + index, value)?);
                }
                rest
            }}
        } else {
            quote_spanned! {Span::mixed_site()=>
                ::tf_framework::read_argument::<#ty>(
                    #index,
                    ::core::iter::Iterator::next(&mut arguments).unwrap_or(::tf_framework::Value::Null),
                )?
            }
        }
    });
    let question = fallible.then(|| quote_spanned!(Span::mixed_site()=> ?));
    let plain = parameters.iter().any(|parameter| !parameter.variadic);
    let iterator = match (parameters.is_empty(), plain) {
        (true, _) => quote_spanned!(Span::mixed_site()=> let _ = arguments;),
        (false, true) => {
            quote_spanned!(Span::mixed_site()=> let mut arguments = ::core::iter::IntoIterator::into_iter(arguments);)
        }
        (false, false) => {
            quote_spanned!(Span::mixed_site()=> let arguments = ::core::iter::IntoIterator::into_iter(arguments);)
        }
    };
    quote_spanned! {Span::mixed_site()=>
        fn call(
            arguments: ::std::vec::Vec<::tf_framework::Value>,
        ) -> ::core::result::Result<::tf_framework::Value, ::tf_framework::FunctionError> {
            #iterator
            let result = #function(#(#arguments),*)#question;
            ::core::result::Result::Ok(::tf_framework::model::AttributeType::to_value(&result))
        }
    }
}
