//! `#[derive(Resource)]`: a model with the name, version, identity and history of a managed resource.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{DeriveInput, Ident, LitInt, LitStr, Token, Type};

use crate::errors::Errors;
use crate::field::{Attr, is_name};
use crate::model::Structure;
use crate::suggest;
use crate::words::{Given, Word, distinct, words};

const WORDS: [&str; 6] = ["name", "subcategory", "version", "identity", "upgrade", "deprecated"];

/// Names Terraform keeps for itself at the root of a resource.
const RESERVED: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

/// What `#[resource(...)]` says.
#[derive(Default)]
struct Resource {
    name: Option<LitStr>,
    subcategory: Option<LitStr>,
    version: i64,
    identity: Option<Identity>,
    upgrades: Vec<Upgrade>,
    deprecated: Option<LitStr>,
}

struct Identity {
    version: i64,
    /// Index of the field, and whether an import must give it.
    attributes: Vec<(usize, bool)>,
}

/// `0 = StateV0`.
struct Upgrade {
    version: LitInt,
    model: Type,
}

impl Parse for Upgrade {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let version = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self { version, model: input.parse()? })
    }
}

/// Expands `#[derive(Resource)]`.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let code = match Structure::read(input, "Resource", &mut errors) {
        Some(structure) => {
            let resource = Resource::read(&structure, &mut errors);
            let mut code = structure.expand(resource.deprecated.as_ref());
            code.extend(resource.expand(&structure));
            code
        }
        None => TokenStream::new(),
    };
    errors.after(code)
}

impl Resource {
    fn read(structure: &Structure<'_>, errors: &mut Errors) -> Self {
        let input = structure.input;
        let mut resource = Self::default();
        for word in words(&input.attrs, "resource", errors) {
            match word.text().as_str() {
                "name" => resource.name = word.string("name = \"proxmox_vm\"", errors),
                "subcategory" => resource.subcategory = word.string("subcategory = \"Proxmox VE\"", errors),
                "version" => resource.version = word.number("version = 1", errors).unwrap_or(0),
                "identity" => resource.identity = identity(&word, &structure.attrs, errors),
                "upgrade" => {
                    resource.upgrades = word.list("upgrade(0 = StateV0)", errors).unwrap_or_default();
                }
                "deprecated" => resource.deprecated = word.string("deprecated = \"Use `other`.\"", errors),
                text => errors.at(&word.name, suggest::unknown("word", text, &WORDS)),
            }
        }
        resource.check(structure, errors);
        resource
    }

    fn check(&mut self, structure: &Structure<'_>, errors: &mut Errors) {
        let ident = &structure.input.ident;
        match &self.name {
            None => errors.at(
                ident,
                "the type name is missing: add `#[resource(name = \"…\")]`, without the provider's prefix",
            ),
            Some(name) if !is_name(&name.value()) => {
                errors.at(name, "a type name is of lower-case letters, digits and underscores");
            }
            Some(_) => {}
        }
        if self.subcategory.is_none() {
            errors.at(ident, "the group on the registry is missing: add `#[resource(subcategory = \"…\")]`");
        }
        for attr in &structure.attrs {
            if RESERVED.contains(&attr.name.as_str()) {
                let advice = "Terraform keeps this name for itself in every resource; choose another";
                errors.at(attr.ident, format!("`{}`: {advice}", attr.name));
            }
        }
        let (current, mut seen) = (self.version, std::collections::BTreeSet::new());
        self.upgrades.retain(|upgrade| {
            let Some(version) = errors.keep(upgrade.version.base10_parse::<i64>()) else { return false };
            let new = seen.insert(version);
            if !new {
                errors.at(&upgrade.version, format!("version {version} is upgraded twice"));
            } else if version >= current {
                errors.at(
                    &upgrade.version,
                    format!("version {version} is not older than the current, {current}"),
                );
            }
            new
        });
    }

    fn expand(&self, structure: &Structure<'_>) -> TokenStream {
        let ident = &structure.input.ident;
        let text = |text: &Option<LitStr>| text.as_ref().map(LitStr::value).unwrap_or_default();
        let (name, subcategory, version) = (text(&self.name), text(&self.subcategory), self.version);
        let identity = self.identity.as_ref().map(|identity| identity.expand(&structure.attrs));
        let upgrade = self.upgrade();
        quote_spanned! {Span::mixed_site()=>
            #[automatically_derived]
            impl ::tf_framework::ResourceModel for #ident {
                const NAME: &'static str = #name;
                const SUBCATEGORY: &'static str = #subcategory;
                const VERSION: i64 = #version;

                #identity
                #upgrade
            }
        }
    }

    fn upgrade(&self) -> Option<TokenStream> {
        if self.upgrades.is_empty() {
            return None;
        }
        let arms = self.upgrades.iter().map(|Upgrade { version, model }| {
            quote_spanned! {Span::mixed_site()=>
                #version => ::core::option::Option::Some(state.read::<#model>().and_then(|old| {
                    <Self as ::core::convert::TryFrom<#model>>::try_from(old).map_err(|error| {
                        ::tf_framework::Diagnostics::error(
                            "Upgrading the state failed",
                            ::std::format!(
                                "The state of version {version} does not translate to the current one: {error}.",
                            ),
                        )
                    })
                })),
            }
        });
        Some(quote_spanned! {Span::mixed_site()=>
            fn upgrade(
                version: i64,
                state: &::tf_framework::RawState,
            ) -> ::core::option::Option<::tf_framework::Result<Self>> {
                match version {
                    #(#arms)*
                    _ => ::core::option::Option::None,
                }
            }
        })
    }
}

// === impl Identity ===

fn identity(word: &Word, attrs: &[Attr<'_>], errors: &mut Errors) -> Option<Identity> {
    let words: Vec<Word> = word.list("identity(node, vmid)", errors)?;
    let mut identity = Identity { version: 0, attributes: Vec::new() };
    for word in distinct(words, errors) {
        let text = word.text();
        if text == "version" && matches!(word.given, Given::Value(_)) {
            identity.version = word.number("version = 1", errors).unwrap_or(0);
            continue;
        }
        let found = attrs.iter().position(|attr| attr.ident.unraw() == text || attr.name == text);
        let Some(index) = found else {
            let fields: Vec<String> = attrs.iter().map(|attr| attr.ident.unraw().to_string()).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            errors.at(&word.name, suggest::unknown("field", &text, &fields));
            continue;
        };
        identity.unsuitable(&attrs[index], &word.name, errors);
        identity.attributes.push((index, required(&word, errors)));
    }
    Some(identity)
}

/// Whether the word lacks `(optional)`.
fn required(word: &Word, errors: &mut Errors) -> bool {
    match &word.given {
        Given::Nothing => true,
        Given::Value(value) => {
            errors.at(value, format!("write `{}` or `{}(optional)`", word.name, word.name));
            true
        }
        Given::List(..) => {
            let inner: Vec<Ident> =
                word.list(&format!("{}(optional)", word.name), errors).unwrap_or_default();
            for ident in &inner {
                if ident != "optional" {
                    errors.at(ident, suggest::unknown("word", &ident.to_string(), &["optional"]));
                }
            }
            inner.is_empty()
        }
    }
}

impl Identity {
    fn unsuitable(&self, attr: &Attr<'_>, place: &Ident, errors: &mut Errors) {
        if attr.sensitive || attr.write_only {
            errors.at(place, "an identity is shown and stored in the clear: it cannot hold a secret");
        }
        if attr.block.is_some() {
            errors.at(place, "an identity holds primitives and lists of primitives: a block is neither");
        }
    }

    fn expand(&self, attrs: &[Attr<'_>]) -> TokenStream {
        let version = self.version;
        let attributes = self.attributes.iter().map(|(index, required)| {
            let attr = &attrs[*index];
            let (name, ty, description) = (&attr.name, &attr.field.ty, &attr.description);
            quote_spanned! {attr.type_span()=>
                ::tf_framework::schema::IdentityAttribute {
                    name: ::std::borrow::ToOwned::to_owned(#name),
                    ty: <#ty as ::tf_framework::model::AttributeType>::attribute().value_type(),
                    description: ::std::borrow::ToOwned::to_owned(#description),
                    required_for_import: #required,
                },
            }
        });
        quote_spanned! {Span::mixed_site()=>
            fn identity() -> ::core::option::Option<::tf_framework::schema::IdentitySchema> {
                ::core::option::Option::Some(::tf_framework::schema::IdentitySchema {
                    version: #version,
                    attributes: ::std::vec![#(#attributes)*],
                })
            }
        }
    }
}
