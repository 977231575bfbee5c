//! Programs and images: fetched once, verified, sent to each machine once, put in place without upstream's script.

mod apply;
mod fetch;
mod files;

pub(crate) use apply::{Release, needed, stage, swap};
pub(crate) use fetch::{FetchError, Shelf, Source, client, get_text};
pub(crate) use files::{Content, Owned, Whose, no_proxy, owned, with_password};
