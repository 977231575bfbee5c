//! Request paths built from segments, so that no name can change which object is addressed.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A segment that would mean another path.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{segment:?} cannot be part of a request path")]
pub struct PathError {
    segment: String,
}

/// A path below an endpoint's base URL, percent-encoded segment by segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    text: String,
    /// Kept until the request is sent, so that building a path stays infallible.
    fault: Option<String>,
}

impl Path {
    /// Encodes segments: `["nodes", "pve", "tasks", upid]`. An empty last segment gives a trailing slash.
    pub fn new<S: AsRef<str>>(segments: impl IntoIterator<Item = S>) -> Self {
        let mut path = Self { text: String::new(), fault: None };
        for segment in segments {
            path = path.join(segment.as_ref());
        }
        path
    }

    /// This path with one more segment.
    #[must_use]
    pub fn join(mut self, segment: &str) -> Self {
        if matches!(segment, "." | "..") {
            self.fault.get_or_insert_with(|| segment.to_owned());
        }
        self.text.push('/');
        self.text.extend(utf8_percent_encode(segment, SEGMENT));
        self
    }

    /// The encoded path, with its leading slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn check(&self) -> Result<(), PathError> {
        match &self.fault {
            Some(segment) => Err(PathError { segment: segment.clone() }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<const N: usize> From<[&str; N]> for Path {
    fn from(segments: [&str; N]) -> Self {
        Self::new(segments)
    }
}

impl From<&[&str]> for Path {
    fn from(segments: &[&str]) -> Self {
        Self::new(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_stay_segments() {
        let path = Path::from(["nodes", "pve", "tasks", "UPID:pve:0:a@pve!t:", "a/b?c#d e%"]);
        assert_eq!(path.as_str(), "/nodes/pve/tasks/UPID%3Apve%3A0%3Aa%40pve%21t%3A/a%2Fb%3Fc%23d%20e%25");
        assert!(path.check().is_ok());
        assert!(Path::from(["nodes", "..", "access"]).check().is_err());
        assert_eq!(Path::from(["dcim", "sites", ""]).as_str(), "/dcim/sites/");
    }
}
