//! Prefixes as WAL-G writes them, taken apart.

use std::fmt;

/// Where an archive is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// `s3://bucket/prefix`.
    S3(Bucket),
    /// `gs://bucket/prefix`.
    Gcs(Bucket),
    /// `azure://container/prefix`.
    Azure(Bucket),
    /// A directory of the host.
    File(String),
    /// `ssh://host/path`.
    Sftp {
        /// The machine.
        host: String,
        /// The directory on it.
        path: String,
    },
}

/// A bucket or container, and the folder in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The folder, without slashes at its ends; empty for the whole bucket.
    pub prefix: String,
}

/// Text that is no prefix of the kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} must be {form}{}", because.as_deref().map(|why| format!(": {why}")).unwrap_or_default())]
pub struct BadPrefix {
    text: String,
    form: &'static str,
    because: Option<String>,
}

impl Location {
    /// An S3 prefix.
    ///
    /// # Errors
    /// [`BadPrefix`].
    pub fn s3(text: &str) -> Result<Self, BadPrefix> {
        Bucket::parse(text, "s3://", "s3://bucket/folder").map(Self::S3)
    }

    /// A prefix of Google Cloud Storage.
    ///
    /// # Errors
    /// [`BadPrefix`].
    pub fn gcs(text: &str) -> Result<Self, BadPrefix> {
        Bucket::parse(text, "gs://", "gs://bucket/folder").map(Self::Gcs)
    }

    /// A prefix of Azure Blob Storage.
    ///
    /// # Errors
    /// [`BadPrefix`].
    pub fn azure(text: &str) -> Result<Self, BadPrefix> {
        Bucket::parse(text, "azure://", "azure://container/folder").map(Self::Azure)
    }

    /// A directory.
    ///
    /// # Errors
    /// [`BadPrefix`].
    pub fn file(text: &str) -> Result<Self, BadPrefix> {
        const FORM: &str = "an absolute path such as /srv/backup/db01";
        absolute(text).map(Self::File).map_err(|because| BadPrefix {
            text: text.to_owned(),
            form: FORM,
            because: Some(because),
        })
    }

    /// A directory on another machine.
    ///
    /// # Errors
    /// [`BadPrefix`].
    pub fn sftp(text: &str) -> Result<Self, BadPrefix> {
        let bad = |because: Option<String>| BadPrefix {
            text: text.to_owned(),
            form: "ssh://host/absolute/path, with user and port as arguments of their own",
            because,
        };
        let rest = text.strip_prefix("ssh://").ok_or_else(|| bad(None))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| bad(Some("it has no path".to_owned())))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if host.is_empty() || host.starts_with('-') || !host.chars().all(plain) {
            return Err(bad(Some(format!("{host:?} is no host name or IPv4 address"))));
        }
        let path = absolute(&format!("/{path}")).map_err(|because| bad(Some(because)))?;
        Ok(Self::Sftp { host: host.to_owned(), path })
    }
}

impl Bucket {
    fn parse(text: &str, scheme: &str, form: &'static str) -> Result<Self, BadPrefix> {
        let bad = |because: Option<String>| BadPrefix { text: text.to_owned(), form, because };
        let rest = text.strip_prefix(scheme).ok_or_else(|| bad(None))?;
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
        if !(3..=222).contains(&name.len()) || !name.chars().all(plain) {
            return Err(bad(Some(format!("{name:?} is no name of a bucket"))));
        }
        let prefix = prefix.trim_end_matches('/');
        folder(prefix).map_err(|because| bad(Some(because)))?;
        Ok(Self { name: name.to_owned(), prefix: prefix.to_owned() })
    }
}

/// Whether every name of a path can be one of a key: none is empty, `.` or `..`, and none has a character that the
/// stores write in different ways.
fn folder(path: &str) -> Result<(), String> {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '=' | '+' | '@' | ':' | ',');
    for name in path.split('/').filter(|_| !path.is_empty()) {
        if matches!(name, "" | "." | "..") {
            return Err(format!("{path:?} has an empty name, `.` or `..` in it"));
        }
        if let Some(odd) = name.chars().find(|c| !plain(*c)) {
            return Err(format!("the character {odd:?} is not the same in every store"));
        }
    }
    Ok(())
}

fn absolute(text: &str) -> Result<String, String> {
    let path = text.strip_prefix('/').ok_or("it does not begin with a slash")?;
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return Err("it is the root directory".to_owned());
    }
    folder(path)?;
    Ok(format!("/{path}"))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, bucket) = match self {
            Self::S3(bucket) => ("s3", bucket),
            Self::Gcs(bucket) => ("gs", bucket),
            Self::Azure(bucket) => ("azure", bucket),
            Self::File(path) => return f.write_str(path),
            Self::Sftp { host, path } => return write!(f, "ssh://{host}{path}"),
        };
        write!(f, "{scheme}://{}", bucket.name)?;
        if bucket.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", bucket.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_are_taken_apart() {
        let told = |location: Result<Location, BadPrefix>| location.unwrap().to_string();
        assert_eq!(told(Location::s3("s3://walg/db01/")), "s3://walg/db01");
        assert_eq!(told(Location::s3("s3://walg")), "s3://walg");
        assert_eq!(told(Location::gcs("gs://w-al.g/a/b")), "gs://w-al.g/a/b");
        assert_eq!(told(Location::azure("azure://walg/db01")), "azure://walg/db01");
        assert_eq!(told(Location::file("/srv/backup//".trim_end_matches('/'))), "/srv/backup");
        assert_eq!(told(Location::sftp("ssh://nas.lan/srv/b")), "ssh://nas.lan/srv/b");
    }

    #[test]
    fn other_prefixes_are_refused() {
        for bad in
            ["walg/db01", "s3:/walg", "s3://", "s3://W/x", "s3://walg//x", "s3://walg/../x", "s3://walg/a b"]
        {
            assert!(Location::s3(bad).is_err(), "{bad}");
        }
        for bad in ["", "/", "srv", "/a/../b", "/a//b"] {
            assert!(Location::file(bad).is_err(), "{bad}");
        }
        for bad in ["ssh://h", "ssh:///x", "ssh://u@h/x", "ssh://h:22/x", "ssh://-o/x", "/x"] {
            assert!(Location::sftp(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_told_is_the_same_place(text in "s3://[a-z0-9-]{3,9}(/[A-Za-z0-9._-]{0,5}){0,3}/?") {
            if let Ok(location) = Location::s3(&text) {
                prop_assert_eq!(Location::s3(&location.to_string()), Ok(location));
            }
        }
    }
}
