//! `validate(...)`: what a value must satisfy, as data.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, ExprRange, Ident, Lit, LitStr, RangeLimits, Type, UnOp};

use crate::errors::Errors;
use crate::suggest;
use crate::types;
use crate::words::Word;

const VALIDATORS: [&str; 12] = [
    "one_of",
    "range",
    "length",
    "items",
    "matches",
    "custom",
    "each",
    "keys",
    "conflicts_with",
    "required_with",
    "exactly_one_of",
    "at_least_one_of",
];

/// A field by its name in Rust and its name in Terraform.
pub(crate) struct Sibling {
    pub(crate) field: String,
    pub(crate) name: String,
}

/// Where a validator is written.
pub(crate) struct Place<'a> {
    /// The field it is written on.
    pub(crate) field: &'a str,
    /// All fields of the struct.
    pub(crate) siblings: &'a [Sibling],
    /// The type of the value, where it is known.
    pub(crate) ty: Option<&'a Type>,
    /// Inside `each` or `keys`.
    pub(crate) nested: bool,
}

/// The validators in the parentheses of `validate`.
pub(crate) fn validators(words: &[Word], place: &Place<'_>, errors: &mut Errors) -> Vec<TokenStream> {
    words.iter().filter_map(|word| validator(word, place, errors)).collect()
}

fn validator(word: &Word, place: &Place<'_>, errors: &mut Errors) -> Option<TokenStream> {
    let name = word.text();
    let tokens = match name.as_str() {
        "one_of" => {
            let values = one_of(word, place, errors)?;
            quote!(OneOf(::std::vec![#(#values),*]))
        }
        "range" => {
            let (min, max) = range(word, place, errors)?;
            quote!(Range { min: #min, max: #max })
        }
        "length" => {
            let (min, max) = count(word, "length(1..=63)", errors)?;
            quote!(Length { min: #min, max: #max })
        }
        "items" => {
            let (min, max) = count(word, "items(1..)", errors)?;
            quote!(Items { min: #min, max: #max })
        }
        "matches" => {
            let (pattern, expected) = pattern(word, errors)?;
            quote!(Matches { pattern: #pattern, expected: #expected })
        }
        "custom" => {
            let (check, expected) =
                function_and_text(word, "custom(path::to::check, \"a MAC address\")", errors)?;
            quote!(Custom { expected: #expected, check: #check })
        }
        "each" => {
            let inner =
                inner(word, place, place.ty.and_then(types::element), "each(range(1..=65535))", errors)?;
            quote!(Each(::std::vec![#(#inner),*]))
        }
        "keys" => {
            let inner = inner(word, place, None, "keys(matches(\"^[a-z]+$\", \"a word\"))", errors)?;
            quote!(Keys(::std::vec![#(#inner),*]))
        }
        "conflicts_with" => {
            let names = siblings(word, place, errors)?;
            quote!(ConflictsWith(#names))
        }
        "required_with" => {
            let names = siblings(word, place, errors)?;
            quote!(RequiredWith(#names))
        }
        "exactly_one_of" => {
            let names = siblings(word, place, errors)?;
            quote!(ExactlyOneOf(#names))
        }
        "at_least_one_of" => {
            let names = siblings(word, place, errors)?;
            quote!(AtLeastOneOf(#names))
        }
        _ => {
            errors.at(&word.name, suggest::unknown("validator", &name, &VALIDATORS));
            return None;
        }
    };
    Some(quote!(::tf_framework::schema::Validator::#tokens))
}

fn inner(
    word: &Word,
    place: &Place<'_>,
    ty: Option<&Type>,
    example: &str,
    errors: &mut Errors,
) -> Option<Vec<TokenStream>> {
    let words: Vec<Word> = word.list(example, errors)?;
    let place = Place { ty, nested: true, ..*place };
    Some(validators(&words, &place, errors))
}

// === values ===

fn one_of(word: &Word, place: &Place<'_>, errors: &mut Errors) -> Option<Vec<TokenStream>> {
    let choices: Vec<Expr> = word.list("one_of(\"a\", \"b\")", errors)?;
    let mut seen = std::collections::BTreeSet::new();
    for choice in &choices {
        if !seen.insert(choice.to_token_stream().to_string()) {
            errors.at(choice, "this value is listed twice");
        }
        if let Some(number) = integer(choice) {
            fits(choice, number, place, errors);
        }
    }
    Some(choices.iter().map(value).collect())
}

/// An expression as a `Value`.
fn value(expr: &Expr) -> TokenStream {
    if let Some(number) = number(expr) {
        return quote!(::tf_framework::model::AttributeType::to_value(&#number));
    }
    quote!(<::tf_framework::Value as ::core::convert::From<_>>::from(#expr))
}

/// A number literal with the type it is written with, or else the widest.
fn number(expr: &Expr) -> Option<TokenStream> {
    let (literal, minus) = literal(expr)?;
    let minus = minus.then(|| quote!(-));
    match literal {
        Lit::Int(int) if int.suffix().is_empty() => {
            let int: u64 = int.base10_parse().ok()?;
            Some(match i64::try_from(int) {
                Ok(int) => quote!(#minus #int),
                Err(_) => quote!(#minus #int),
            })
        }
        Lit::Float(float) if float.suffix().is_empty() => {
            let float: f64 = float.base10_parse().ok()?;
            Some(quote!(#minus #float))
        }
        Lit::Int(_) | Lit::Float(_) => Some(quote!(#minus #literal)),
        _ => None,
    }
}

fn literal(expr: &Expr) -> Option<(&Lit, bool)> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some((lit, false)),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match literal(&unary.expr)? {
            (lit, false) => Some((lit, true)),
            (_, true) => None,
        },
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

fn integer(expr: &Expr) -> Option<i128> {
    let (Lit::Int(int), minus) = literal(expr)? else { return None };
    let int: i128 = int.base10_parse().ok()?;
    Some(if minus { -int } else { int })
}

/// Complains about a number the field's type cannot hold.
fn fits(tokens: &Expr, number: i128, place: &Place<'_>, errors: &mut Errors) {
    let Some(ty) = place.ty.map(types::bare) else { return };
    let Some((least, greatest)) = types::bounds(ty) else { return };
    if number < least || number > greatest {
        let ty = ty.to_token_stream();
        errors.at(tokens, format!("{number} does not fit `{ty}`, which holds {least} to {greatest}"));
    }
}

// === ranges ===

/// The two ends of an inclusive range.
struct Bounds {
    start: Option<Expr>,
    end: Option<Expr>,
}

fn bounds(word: &Word, example: &str, errors: &mut Errors) -> Option<Bounds> {
    let expressions: Vec<Expr> = word.list(example, errors)?;
    match <[Expr; 1]>::try_from(expressions) {
        Ok([Expr::Range(ExprRange { start, limits: RangeLimits::HalfOpen(_), end: Some(end), .. })]) => {
            let last = integer(&end).map_or("…".to_owned(), |end| (end - 1).to_string());
            let start = start.map_or(String::new(), |start| start.to_token_stream().to_string());
            errors.at(&end, format!("bounds are inclusive: write `{start}..={last}`"));
            None
        }
        Ok([Expr::Range(range)]) => {
            let bounds = Bounds { start: range.start.map(|e| *e), end: range.end.map(|e| *e) };
            if bounds.start.is_none() && bounds.end.is_none() {
                errors.at(&word.name, format!("`..` admits everything: write `{example}`"));
            }
            ordered(&bounds, errors);
            Some(bounds)
        }
        Ok([exact]) => Some(Bounds { start: Some(exact.clone()), end: Some(exact) }),
        Err(others) => {
            if !others.is_empty() {
                errors.at(&word.name, format!("`{}` takes one range: write `{example}`", word.name));
            }
            None
        }
    }
}

fn ordered(bounds: &Bounds, errors: &mut Errors) {
    let (Some(start), Some(end)) = (&bounds.start, &bounds.end) else { return };
    if let (Some(from), Some(to)) = (integer(start), integer(end))
        && from > to
    {
        errors.at(end, format!("no value lies between {from} and {to}"));
    }
}

fn range(word: &Word, place: &Place<'_>, errors: &mut Errors) -> Option<(TokenStream, TokenStream)> {
    let bounds = bounds(word, "range(1..=5)", errors)?;
    for end in [&bounds.start, &bounds.end].into_iter().flatten() {
        if let Some(number) = integer(end) {
            fits(end, number, place, errors);
        }
    }
    let bound = |end: &Option<Expr>| match end {
        None => quote!(::core::option::Option::None),
        Some(end) => match (number(end), literal(end)) {
            (Some(float), Some((Lit::Float(_), _))) => quote!(::tf_framework::Number::from_f64(#float)),
            (Some(int), _) => {
                quote!(::core::option::Option::Some(<::tf_framework::Number as ::core::convert::From<_>>::from(#int)))
            }
            (None, _) => {
                quote!(::core::option::Option::Some(<::tf_framework::Number as ::core::convert::From<_>>::from(#end)))
            }
        },
    };
    Some((bound(&bounds.start), bound(&bounds.end)))
}

fn count(word: &Word, example: &str, errors: &mut Errors) -> Option<(TokenStream, TokenStream)> {
    let bounds = bounds(word, example, errors)?;
    for end in [&bounds.start, &bounds.end].into_iter().flatten() {
        if integer(end).is_some_and(|number| number < 0) {
            errors.at(end, "a count cannot be negative");
            return None;
        }
    }
    let bound = |end: &Option<Expr>| match end {
        None => quote!(::core::option::Option::None),
        Some(end) => quote!(::core::option::Option::Some(#end)),
    };
    Some((bound(&bounds.start), bound(&bounds.end)))
}

// === texts and functions ===

fn pattern(word: &Word, errors: &mut Errors) -> Option<(Expr, LitStr)> {
    let example = "matches(\"^[a-z]+$\", \"a word\")";
    let (pattern, expected) = function_and_text(word, example, errors)?;
    if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pattern {
        let value = text.value();
        // Inline flags may come first: (?s)^.
        let body = match value.split_once(')') {
            Some((flags, rest)) if flags.starts_with("(?") && !flags.contains([':', '<', 'P']) => rest,
            _ => value.as_str(),
        };
        let anchored = |start: &str, end: &str| body.starts_with(start) && body.ends_with(end);
        if !(anchored("^", "$") || anchored("\\A", "\\z")) {
            errors.at(
                text,
                "anchor the pattern with `^` and `$`, or it accepts anything that contains a match",
            );
        }
    }
    Some((pattern, expected))
}

/// `(path::to::function, "text")`.
pub(crate) fn function_and_text(word: &Word, example: &str, errors: &mut Errors) -> Option<(Expr, LitStr)> {
    let items: Vec<Expr> = word.list(example, errors)?;
    match <[Expr; 2]>::try_from(items) {
        Ok([function, Expr::Lit(ExprLit { lit: Lit::Str(text), .. })]) => {
            if text.value().trim().is_empty() {
                errors.at(&text, "the documentation prints this text: it cannot be empty");
            }
            Some((function, text))
        }
        Ok([_, other]) => {
            errors.at(other, format!("the second part is a text for the documentation: write `{example}`"));
            None
        }
        Err(items) => {
            if !items.is_empty() {
                errors.at(&word.name, format!("`{}` takes two things: write `{example}`", word.name));
            }
            None
        }
    }
}

// === siblings ===

/// A field named as an identifier or as a string.
struct Name(String, proc_macro2::Span);

impl Parse for Name {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            return Ok(Self(text.value(), text.span()));
        }
        let ident = Ident::parse_any(input)?;
        Ok(Self(ident.unraw().to_string(), ident.span()))
    }
}

fn siblings(word: &Word, place: &Place<'_>, errors: &mut Errors) -> Option<TokenStream> {
    if place.nested {
        errors
            .at(&word.name, format!("`{}` speaks of fields: it has no place inside a collection", word.name));
        return None;
    }
    let given: Vec<Name> = word.list(&format!("{}(other_field)", word.name), errors)?;
    let mut names = Vec::new();
    for Name(text, span) in given {
        let sibling = place.siblings.iter().find(|sibling| sibling.field == text || sibling.name == text);
        match sibling {
            Some(sibling) if sibling.field == place.field => {
                errors.span(span, "a field is not its own sibling: it is included already");
            }
            Some(sibling) if names.contains(&&sibling.name) => {
                errors.span(span, format!("`{text}` is said twice"));
            }
            Some(sibling) => names.push(&sibling.name),
            None => {
                let fields = place.siblings.iter().map(|sibling| sibling.field.as_str());
                let fields: Vec<&str> = fields.filter(|field| *field != place.field).collect();
                errors.span(span, suggest::unknown("field", &text, &fields));
            }
        }
    }
    Some(quote!(::std::vec![#(::std::borrow::ToOwned::to_owned(#names)),*]))
}

/// Whether it is the name of a validator.
pub(crate) fn is_validator(name: &str) -> bool {
    VALIDATORS.contains(&name)
}
