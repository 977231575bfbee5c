//! Creating, changing and deleting.

use serde_json::{Map, Value};
use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;
use super::object::{Etag, Object};

/// How a deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It was there and is no more.
    Deleted,
    /// There was nothing to delete.
    WasGone,
}

impl NetBox {
    /// Creates an object with one POST, never repeated once the server may have seen it.
    ///
    /// `stamp`, one word, is put at the end of the changelog message, so that [`NetBox::leftovers`] of a later run
    /// finds what this one made and could not report.
    ///
    /// # Errors
    /// [`Error`]; see [`Error::may_have_taken_effect`].
    pub async fn create(
        &self,
        path: &str,
        body: Map<String, Value>,
        stamp: Option<&str>,
        budget: &Budget,
    ) -> Result<Object, Error> {
        todo!("{path} {body:?} {stamp:?} {budget:?}")
    }

    /// Changes the fields named, and no others, with one PATCH. Changes of one object queue.
    ///
    /// `if_match` is the state the changes were decided on; where that state was only superseded by writes of this
    /// client, the newer one counts.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Changed`] when someone else changed it since.
    pub async fn update(
        &self,
        path: &str,
        id: u64,
        changes: Map<String, Value>,
        if_match: Option<&Etag>,
        budget: &Budget,
    ) -> Result<Object, Error> {
        todo!("{path} {id} {changes:?} {if_match:?} {budget:?}")
    }

    /// Deletes an object. While others are in its way and become fewer, it is tried again.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Blocked`] with the objects in its way.
    pub async fn delete(
        &self,
        path: &str,
        id: u64,
        if_match: Option<&Etag>,
        budget: &Budget,
    ) -> Result<Deleted, Error> {
        todo!("{path} {id} {if_match:?} {budget:?}")
    }
}
