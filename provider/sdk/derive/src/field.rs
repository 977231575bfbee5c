//! One field: its name, its description and what `#[attr(...)]` says of it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit, Type};

use crate::docs;
use crate::errors::Errors;
use crate::suggest;
use crate::types;
use crate::validators::{self, Place, Sibling};
use crate::words::{Given, Word, words};

const WORDS: [&str; 18] = [
    "required",
    "optional",
    "computed",
    "sensitive",
    "write_only",
    "replace",
    "replace_if_configured",
    "replace_if",
    "stable",
    "stable_non_null",
    "default",
    "rename",
    "deprecated",
    "eq",
    "validate",
    "block",
    "min",
    "max",
];

const EQUALITIES: [&str; 6] = ["json", "cidr", "case_insensitive", "mac", "size", "duration"];

/// A field and its words, of which only `rename` has been read.
pub(crate) struct Named<'a> {
    pub(crate) field: &'a syn::Field,
    pub(crate) ident: &'a Ident,
    /// The attribute's name in Terraform.
    pub(crate) name: String,
    words: Vec<Word>,
}

/// A field as an attribute or block.
pub(crate) struct Attr<'a> {
    pub(crate) field: &'a syn::Field,
    pub(crate) ident: &'a Ident,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Calls chained to the attribute of the type.
    pub(crate) calls: Vec<TokenStream>,
    /// The default as a `Value`.
    pub(crate) default: Option<TokenStream>,
    pub(crate) write_only: bool,
    pub(crate) sensitive: bool,
    /// Null must be a value of the type, for the sake of this word.
    pub(crate) nullable: Option<Ident>,
    pub(crate) block: Option<Nested<'a>>,
    pub(crate) deprecated: Option<syn::LitStr>,
}

/// A field marked `block`.
pub(crate) struct Nested<'a> {
    pub(crate) nesting: &'static str,
    pub(crate) model: &'a Type,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

impl<'a> Named<'a> {
    pub(crate) fn read(field: &'a syn::Field, ident: &'a Ident, errors: &mut Errors) -> Self {
        let words = words(&field.attrs, "attr", errors);
        let rename = words.iter().find(|word| word.text() == "rename");
        let renamed = rename.and_then(|word| word.string("rename = \"type\"", errors));
        let (name, span) = match &renamed {
            Some(text) => (text.value(), text.span()),
            None => (ident.unraw().to_string(), ident.span()),
        };
        if !is_name(&name) {
            let advice = if renamed.is_some() { "" } else { "; choose one with `#[attr(rename = \"…\")]`" };
            errors.span(
                span,
                format!("`{name}` is no attribute name: lower-case letters, digits and underscores{advice}"),
            );
        }
        Self { field, ident, name, words }
    }

    pub(crate) fn sibling(&self) -> Sibling {
        Sibling { field: self.ident.unraw().to_string(), name: self.name.clone() }
    }
}

/// Whether Terraform takes this as the name of an attribute.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl<'a> Attr<'a> {
    pub(crate) fn read(named: Named<'a>, siblings: &[Sibling], errors: &mut Errors) -> Self {
        let Named { field, ident, name, words } = named;
        let description = docs::description(
            &field.attrs,
            ident.span(),
            &format!("`{ident}` has no description: put a `///` comment above it, the registry prints it"),
            errors,
        );
        let mut attr = Self {
            field,
            ident,
            name,
            description,
            calls: Vec::new(),
            default: None,
            write_only: types::wrapped_in(&field.ty, "WriteOnly"),
            sensitive: types::wrapped_in(&field.ty, "Sensitive"),
            nullable: None,
            block: None,
            deprecated: None,
        };
        contradictions(&words, &field.ty, errors);
        if words.iter().any(|word| word.text() == "block") {
            attr.read_block(&words, errors);
        } else {
            for word in &words {
                attr.read_word(word, siblings, errors);
            }
        }
        attr
    }

    fn read_word(&mut self, word: &Word, siblings: &[Sibling], errors: &mut Errors) {
        let call = match word.text().as_str() {
            text @ ("required" | "optional" | "computed" | "sensitive" | "write_only" | "replace"
            | "stable") => {
                word.alone(errors);
                match text {
                    "write_only" => (self.write_only, self.nullable) = (true, Some(word.name.clone())),
                    "optional" => self.nullable = Some(word.name.clone()),
                    "sensitive" => self.sensitive = true,
                    _ => {}
                }
                let method = Ident::new(text, Span::call_site());
                quote!(#method())
            }
            "replace_if_configured" => {
                word.alone(errors);
                quote!(modify(::tf_framework::schema::PlanModifier::RequiresReplaceIfConfigured))
            }
            "stable_non_null" => {
                word.alone(errors);
                quote!(modify(::tf_framework::schema::PlanModifier::UseNonNullStateForUnknown))
            }
            "replace_if" => {
                let example = "replace_if(path::to::decide, \"when the disk shrinks\")";
                let Some((decide, when)) = validators::function_and_text(word, example, errors) else {
                    return;
                };
                quote!(modify(::tf_framework::schema::PlanModifier::RequiresReplaceIf {
                    when: #when,
                    decide: #decide,
                }))
            }
            "default" => {
                let Some(expr) = word.value("default = 2", errors) else { return };
                if let Some(advice) = misfit(expr, &self.field.ty) {
                    errors.at(expr, advice);
                    return;
                }
                let value = default_value(expr, &self.field.ty);
                self.default = Some(value.clone());
                quote!(default_value(#value))
            }
            "deprecated" => {
                let Some(advice) = word.string("deprecated = \"Use `other`.\"", errors) else { return };
                quote!(deprecated(#advice))
            }
            "eq" => {
                let Some(equality) = equality(word, &self.field.ty, errors) else { return };
                quote!(equality(#equality))
            }
            "validate" => {
                let field = self.ident.unraw().to_string();
                let place = Place { field: &field, siblings, ty: Some(&self.field.ty), nested: false };
                let Some(words) = word.list("validate(range(1..=5))", errors) else { return };
                let validators = validators::validators(&words, &place, errors);
                quote!(#(validate(#validators)).*)
            }
            text => {
                unknown_word(text, word, errors);
                return;
            }
        };
        if !call.is_empty() {
            self.calls.push(call);
        }
    }

    fn read_block(&mut self, words: &[Word], errors: &mut Errors) {
        let ty = &self.field.ty;
        let nesting = match types::name(ty).as_deref() {
            Some("Option") => "Single",
            Some("Vec") => "List",
            Some("BTreeSet") => "Set",
            _ => "",
        };
        let model = types::arguments(ty).first().copied();
        let (Some(model), false) = (model, nesting.is_empty()) else {
            errors.at(ty, "a block is held by `Option<M>`, `Vec<M>` or `BTreeSet<M>`, where `M` is a model");
            return;
        };
        let mut nested = Nested { nesting, model, min: 0, max: 0 };
        for word in words {
            match word.text().as_str() {
                "block" => word.alone(errors),
                "min" => nested.min = word.number("min = 1", errors).unwrap_or(0),
                "max" => nested.max = word.number("max = 3", errors).unwrap_or(0),
                "deprecated" => self.deprecated = word.string("deprecated = \"Use `other`.\"", errors),
                "rename" => {}
                text if WORDS.contains(&text) => {
                    errors.at(
                        &word.name,
                        format!("a block is neither set nor computed: `{text}` says nothing of it"),
                    );
                }
                text => unknown_word(text, word, errors),
            }
        }
        if nesting == "Single" {
            if nested.min > 1 || nested.max > 1 {
                errors
                    .at(ty, "`Option` holds one block at most: write `min = 1` to require it, or use `Vec`");
            }
            // The protocol wants both equal where there is at most one block.
            nested.max = nested.min;
        } else if nested.max != 0 && nested.min > nested.max {
            errors.at(ty, format!("no number of blocks lies between {} and {}", nested.min, nested.max));
        }
        self.block = Some(nested);
    }
}

fn unknown_word(text: &str, word: &Word, errors: &mut Errors) {
    match text {
        // Read before everything else.
        "rename" => {}
        "min" | "max" => errors.at(
            &word.name,
            format!(
                "`{text}` counts blocks; for the elements of a collection write `validate(items(1..=3))`"
            ),
        ),
        "description" => errors.at(&word.name, "the description is the `///` comment above the field"),
        text if validators::is_validator(text) => {
            errors.at(&word.name, format!("`{text}` is a validator: write `validate({text}(...))`"));
        }
        text => errors.at(&word.name, suggest::unknown("word", text, &WORDS)),
    }
}

/// Words that cannot both be meant.
fn contradictions(words: &[Word], ty: &Type, errors: &mut Errors) {
    const PAIRS: [(&str, &str, &str); 13] = [
        ("required", "optional", "an attribute is either required or optional"),
        ("required", "computed", "what the configuration must set, the provider cannot fill in"),
        ("required", "default", "a default is for what the configuration may leave out"),
        ("write_only", "computed", "what is never stored cannot be filled in"),
        ("write_only", "default", "what is never stored has no default"),
        ("write_only", "stable", "what is never stored has no prior value"),
        ("write_only", "stable_non_null", "what is never stored has no prior value"),
        ("stable", "stable_non_null", "say one of the two"),
        ("stable", "default", "a default fills in what `stable` would keep"),
        ("stable_non_null", "default", "a default fills in what `stable_non_null` would keep"),
        ("replace", "replace_if", "say one of the two"),
        ("replace", "replace_if_configured", "say one of the two"),
        ("replace_if", "replace_if_configured", "say one of the two"),
    ];
    let write_only = types::wrapped_in(ty, "WriteOnly");
    for (first, second, why) in PAIRS {
        let find = |text: &str| words.iter().find(|word| word.text() == text);
        match (find(first), find(second)) {
            (Some(_), Some(word)) => errors.at(&word.name, format!("`{first}` and `{second}`: {why}")),
            (None, Some(word)) if first == "write_only" && write_only => {
                errors.at(&word.name, format!("`WriteOnly` and `{second}`: {why}"));
            }
            _ => {}
        }
    }
}

/// `eq = json`, or `eq(path::to::same, "as tags")`; of the elements where the type is a collection.
fn equality(word: &Word, ty: &Type, errors: &mut Errors) -> Option<TokenStream> {
    let mut equality = match &word.given {
        Given::List(..) => {
            let (same, name) =
                validators::function_and_text(word, "eq(path::to::same, \"as tags\")", errors)?;
            quote!(::tf_framework::schema::Equality::Meaning { name: #name, same: #same })
        }
        Given::Nothing | Given::Value(_) => {
            let value = word.value("eq = json", errors)?;
            let name = match value {
                Expr::Path(path) => path.path.get_ident().cloned(),
                _ => None,
            };
            let text = name.as_ref().map_or_else(|| value.to_token_stream().to_string(), ToString::to_string);
            let Some(name) = name.filter(|_| EQUALITIES.contains(&text.as_str())) else {
                errors.at(value, suggest::unknown("equality", &text, &EQUALITIES));
                return None;
            };
            quote!(::tf_framework::schema::Equality::#name())
        }
    };
    let mut ty = ty;
    while let Some(element) = types::element(ty) {
        equality = quote!(::tf_framework::schema::Equality::Elements(::std::boxed::Box::new(#equality)));
        ty = element;
    }
    Some(equality)
}

/// What is wrong with a literal of another kind than the type.
fn misfit(expr: &Expr, ty: &Type) -> Option<String> {
    let Expr::Lit(ExprLit { lit, .. }) = expr else { return None };
    let ty = types::bare(ty);
    let name = types::name(ty)?;
    let wanted = match name.as_str() {
        "String" => "text",
        "bool" => "`true` or `false`",
        "f64" | "Number" => "a number",
        "Vec" | "BTreeSet" => "a list such as `[…]`",
        "BTreeMap" => "a list of pairs such as `[(\"key\", …)]`",
        _ if types::bounds(ty).is_some() => "a whole number",
        _ => return None,
    };
    let fits = match lit {
        Lit::Str(_) => wanted == "text",
        Lit::Bool(_) => name == "bool",
        Lit::Int(_) => wanted.ends_with("number"),
        Lit::Float(_) => wanted == "a number",
        _ => true,
    };
    (!fits).then(|| format!("the default of `{name}` is {wanted}"))
}

/// The default as a `Value`, through the type of the field so that the compiler checks it.
fn default_value(expr: &Expr, ty: &Type) -> TokenStream {
    let ty = types::bare(ty);
    if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = expr
        && types::is_word(ty)
    {
        return quote!(<::tf_framework::Value as ::core::convert::From<_>>::from(#text));
    }
    let converted = converted(expr, ty);
    quote!({
        let value: #ty = #converted;
        ::tf_framework::model::AttributeType::to_value(&value)
    })
}

/// The expression as a value of the type: text becomes a `String`, brackets become a collection.
fn converted(expr: &Expr, ty: &Type) -> TokenStream {
    let name = types::name(ty);
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) => quote!(::core::convert::From::from(#expr)),
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) if int.suffix().is_empty() => match name.as_deref() {
            Some("f64") => {
                let float = syn::LitFloat::new(&format!("{}f64", int.base10_digits()), int.span());
                quote!(#float)
            }
            Some("Number") => {
                let int = syn::LitInt::new(&format!("{}i64", int.base10_digits()), int.span());
                quote!(::core::convert::From::from(#int))
            }
            _ => quote!(#expr),
        },
        Expr::Array(array) => {
            let elements = array.elems.iter().map(|element| match types::element(ty) {
                Some(ty) => converted(element, ty),
                None => element.to_token_stream(),
            });
            quote!(::core::convert::From::from([#(#elements),*]))
        }
        // A pair in brackets is an entry of a map.
        Expr::Tuple(pair) if pair.elems.len() == 2 => {
            let elements = pair.elems.iter().map(|element| converted(element, ty));
            quote!((#(#elements),*))
        }
        expr => expr.to_token_stream(),
    }
}

impl Attr<'_> {
    /// Where the compiler points for what concerns the type.
    pub(crate) fn type_span(&self) -> Span {
        Span::mixed_site().located_at(self.field.ty.span())
    }
}
