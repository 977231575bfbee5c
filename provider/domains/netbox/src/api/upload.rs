//! Objects that hold files.

use std::path::PathBuf;

use transport_rest::Budget;

use super::client::NetBox;
use super::error::Error;
use super::object::Object;

/// A file to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// The field, `front_image`.
    pub field: String,
    /// The name the server is told.
    pub file_name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl NetBox {
    /// Creates an object with files, or (with an id) changes fields and files of one. Fields are texts here; set
    /// others by [`NetBox::update`].
    ///
    /// # Errors
    /// [`Error`].
    pub async fn upload(
        &self,
        path: &str,
        id: Option<u64>,
        fields: Vec<(String, String)>,
        files: Vec<FilePart>,
        stamp: Option<&str>,
        budget: &Budget,
    ) -> Result<Object, Error> {
        todo!("{path} {id:?} {fields:?} {files:?} {stamp:?} {budget:?}")
    }
}
