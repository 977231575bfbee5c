//! The version of the API's server.

use std::fmt;

use serde::Deserialize;

use transport_rest::Budget;

use super::client::Client;
use super::error::ApiError;

/// A version such as 8.4.21 of release 8.4.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 8 of 8.4.21.
    pub major: u32,
    /// 4 of 8.4.21.
    pub minor: u32,
    /// 21 of 8.4.21; 0 where the version has two parts.
    pub patch: u32,
    /// The release as the server names it.
    pub release: String,
}

impl Version {
    /// Reads `8.4.21`, `8.4` or `9.0.0~11`.
    pub fn parse(version: &str, release: &str) -> Option<Self> {
        let plain = version.split(['-', '~', '+']).next()?;
        let mut numbers = plain.split('.').map(|part| part.parse::<u32>().ok());
        Some(Self {
            major: numbers.next()??,
            minor: numbers.next().flatten().unwrap_or_default(),
            patch: numbers.next().flatten().unwrap_or_default(),
            release: release.to_owned(),
        })
    }

    /// Whether this is `major.minor` or later.
    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            version: String,
            #[serde(default)]
            release: String,
        }
        let wire = Wire::deserialize(from)?;
        Self::parse(&wire.version, &wire.release)
            .ok_or_else(|| serde::de::Error::custom(format!("{:?} is not a version", wire.version)))
    }
}

impl Client {
    /// The version of the server that answers.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn version(&self, budget: &Budget) -> Result<Version, ApiError> {
        self.read(["version"], budget).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare() {
        let old = Version::parse("8.4.21", "8.4").unwrap();
        assert!(old.at_least(8, 4) && old.at_least(8, 3) && !old.at_least(9, 0));
        assert_eq!(Version::parse("9.0.0~11", "9.0").unwrap().to_string(), "9.0.0");
        assert_eq!(Version::parse("9.1", "9.1").unwrap().patch, 0);
        assert!(Version::parse("x", "").is_none());
    }
}
