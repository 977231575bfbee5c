//! `word`, `word = value` and `word(...)`: the one shape in which everything is said to the macros.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token, parenthesized};

use crate::errors::Errors;

/// One word of an attribute.
pub(crate) struct Word {
    pub(crate) name: Ident,
    pub(crate) given: Given,
}

/// What a word is given.
pub(crate) enum Given {
    /// `word`
    Nothing,
    /// `word = value`
    Value(Expr),
    /// `word(...)`
    List(TokenStream, Span),
}

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        let given = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Given::Value(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let content;
            let parens = parenthesized!(content in input);
            Given::List(content.parse()?, parens.span.join())
        } else {
            Given::Nothing
        };
        Ok(Self { name, given })
    }
}

impl Word {
    /// The word as written, without `r#`.
    pub(crate) fn text(&self) -> String {
        self.name.unraw().to_string()
    }

    /// Complains about anything given to a word that stands alone.
    pub(crate) fn alone(&self, errors: &mut Errors) {
        if !matches!(self.given, Given::Nothing) {
            errors.at(&self.name, format!("`{}` stands alone: it takes no value", self.name));
        }
    }

    /// The value after the equals sign.
    pub(crate) fn value(&self, example: &str, errors: &mut Errors) -> Option<&Expr> {
        match &self.given {
            Given::Value(value) => Some(value),
            Given::Nothing | Given::List(..) => {
                errors.at(&self.name, format!("`{}` takes a value: write `{example}`", self.name));
                None
            }
        }
    }

    /// The string after the equals sign.
    pub(crate) fn string(&self, example: &str, errors: &mut Errors) -> Option<LitStr> {
        match self.value(example, errors)? {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
            other => {
                errors.at(other, format!("`{}` takes a string: write `{example}`", self.name));
                None
            }
        }
    }

    /// The number after the equals sign.
    pub(crate) fn number<N>(&self, example: &str, errors: &mut Errors) -> Option<N>
    where
        N: std::str::FromStr<Err: std::fmt::Display>,
    {
        match self.value(example, errors)? {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => errors.keep(number.base10_parse()),
            other => {
                errors.at(other, format!("`{}` takes a whole number: write `{example}`", self.name));
                None
            }
        }
    }

    /// What stands in the parentheses, separated by commas.
    pub(crate) fn list<T: Parse>(&self, example: &str, errors: &mut Errors) -> Option<Vec<T>> {
        let Given::List(tokens, span) = &self.given else {
            errors.at(&self.name, format!("`{}` takes a list: write `{example}`", self.name));
            return None;
        };
        let items = errors.keep(Punctuated::<T, Token![,]>::parse_terminated.parse2(tokens.clone()))?;
        if items.is_empty() {
            errors.span(*span, format!("`{}` is given nothing: write `{example}`", self.name));
        }
        Some(items.into_iter().collect())
    }
}

/// The words of every `#[path(...)]` in the list, each at most once unless it may be repeated.
pub(crate) fn words(attributes: &[Attribute], path: &str, errors: &mut Errors) -> Vec<Word> {
    let mut all = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(path)) {
        let Meta::List(list) = &attribute.meta else {
            errors.at(attribute, format!("write `#[{path}(...)]`"));
            continue;
        };
        let words = list.parse_args_with(Punctuated::<Word, Token![,]>::parse_terminated);
        all.extend(errors.keep(words).into_iter().flatten());
    }
    distinct(all, errors)
}

/// Drops words said before.
pub(crate) fn distinct(words: Vec<Word>, errors: &mut Errors) -> Vec<Word> {
    let mut seen = std::collections::BTreeSet::new();
    let keep = |word: &Word| {
        let first = seen.insert(word.text());
        if !first {
            errors.at(&word.name, format!("`{}` is said twice", word.name));
        }
        first
    };
    let mut keep = keep;
    words.into_iter().filter(|word| keep(word)).collect()
}
