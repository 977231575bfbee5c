//! Objects as files: `DIRECTORY/SHELF/NAME.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tf_framework::{Diagnostics, Result};

/// Where the objects lie.
pub(crate) struct Store {
    directory: PathBuf,
}

/// An object as it lies there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(default)]
    pub(crate) content: Option<String>,
    #[serde(default)]
    pub(crate) labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) created: String,
}

impl Store {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, shelf: &str, name: &str) -> PathBuf {
        self.directory.join(shelf).join(format!("{name}.json"))
    }

    /// Puts a new object there.
    pub(crate) fn create(&self, shelf: &str, name: &str, record: &Record) -> Result<()> {
        if self.path(shelf, name).exists() {
            return Err(Diagnostics::error(
                "The object exists already",
                format!("There is an object {shelf}/{name}. Import it, or choose another name."),
            ));
        }
        self.write(shelf, name, record)
    }

    pub(crate) fn write(&self, shelf: &str, name: &str, record: &Record) -> Result<()> {
        let path = self.path(shelf, name);
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(self.directory.join(shelf))?;
            fs::write(&path, serde_json::to_vec(record)?)
        };
        write().map_err(|error| failed(&path, &error))
    }

    /// `None` where there is no such object.
    pub(crate) fn read(&self, shelf: &str, name: &str) -> Result<Option<Record>> {
        let path = self.path(shelf, name);
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path, &error)),
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(&path, &error)),
        }
    }

    pub(crate) fn delete(&self, shelf: &str, name: &str) -> Result<()> {
        let path = self.path(shelf, name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&path, &error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Shelf and name of every object, in order.
    pub(crate) fn list(&self) -> Result<Vec<(String, String)>> {
        let mut found = Vec::new();
        for shelf in names(&self.directory)? {
            for file in names(&self.directory.join(&shelf))? {
                if let Some(name) = file.strip_suffix(".json") {
                    found.push((shelf.clone(), name.to_owned()));
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn names(directory: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(directory, &error)),
        Ok(entries) => entries,
    };
    Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Diagnostics {
    Diagnostics::error("The store does not answer", format!("{}: {error}.", path.display()))
}
