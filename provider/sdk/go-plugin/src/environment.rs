//! The environment as a value, so that nothing below `main` reads the real one.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

/// Environment variables as they were when the process started.
///
/// `Debug` shows names only: values may be credentials.
#[derive(Clone, Default)]
pub struct Environment {
    variables: HashMap<OsString, OsString>,
}

impl Environment {
    /// The variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value of a variable; `None` where it is absent, empty or not Unicode.
    ///
    /// An empty variable counts as absent because hosts clear what they cannot unset.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(std::ffi::OsStr::new(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// The value of a variable as a path; `None` where it is absent or empty.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<&Path> {
        let value = self.variables.get(std::ffi::OsStr::new(name))?;
        (!value.is_empty()).then(|| Path::new(value))
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_counts_as_absent() {
        let env: Environment = [("EMPTY", ""), ("SET", "1")].into_iter().collect();
        assert_eq!(env.get("EMPTY"), None);
        assert_eq!(env.path("EMPTY"), None);
        assert_eq!(env.get("ABSENT"), None);
        assert_eq!(env.get("SET"), Some("1"));
    }

    #[test]
    fn debug_shows_no_values() {
        let env: Environment = [("TOKEN", "canary")].into_iter().collect();
        assert_eq!(format!("{env:?}"), r#"{"TOKEN"}"#);
    }
}
