//! What the fuzz targets share: the first bytes of an input choose a type, the rest is what is read.

use tf_value::Type;

/// The most types that an input may choose to nest.
const DEPTH: usize = 6;

/// An input, taken byte by byte from the front.
pub struct Recipe<'a> {
    rest: &'a [u8],
}

impl<'a> Recipe<'a> {
    /// The whole input.
    pub fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    /// What was not taken yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next byte; zero at the end.
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }
}

/// The type that the first bytes stand for.
pub fn choose_type(recipe: &mut Recipe<'_>) -> Type {
    choose(recipe, 0)
}

fn choose(recipe: &mut Recipe<'_>, depth: usize) -> Type {
    let choice = recipe.next();
    let kinds = if depth < DEPTH { 9 } else { 4 };
    let count = usize::from(choice / 16 % 4);
    match choice % 16 % kinds {
        0 => Type::Dynamic,
        1 => Type::String,
        2 => Type::Number,
        3 => Type::Bool,
        4 => Type::list(choose(recipe, depth + 1)),
        5 => Type::set(choose(recipe, depth + 1)),
        6 => Type::map(choose(recipe, depth + 1)),
        7 => Type::Tuple((0..count).map(|_| choose(recipe, depth + 1)).collect()),
        _ => Type::object(
            ["a", "b", "\u{e9}"].into_iter().take(count).map(|name| (name, choose(recipe, depth + 1))),
        ),
    }
}
