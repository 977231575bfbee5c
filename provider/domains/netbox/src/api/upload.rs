//! Objects that hold files.

use std::path::PathBuf;

use transport_rest::{Budget, Request, Upload};

use super::changelog;
use super::client::{NetBox, address, endpoint, object};
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
        let mut files = files.into_iter();
        let Some(first) = files.next() else {
            return Err(Error::Argument("no file is given to upload".to_owned()));
        };
        let form = Upload::new(first.field, first.file_name, first.path);
        let form = files.fold(form, |form, file| form.file(file.field, file.file_name, file.path));
        let message = self.message(stamp, budget).await?.map(changelog::field);
        let form =
            fields.into_iter().chain(message).fold(form, |form, (name, value)| form.field(name, value));
        let (request, _turn) = match id {
            None => (Request::post(endpoint(path)), None),
            Some(id) => {
                let turn = self.turn(path, id, budget).await?;
                (Request::patch(address(path, id)).idempotent(), Some(turn))
            }
        };
        let (object, etag) = object(&self.change(path, request.upload(form), budget).await?)?;
        self.core.history.wrote(path, object.id, None, etag);
        Ok(object)
    }
}
