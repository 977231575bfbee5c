//! Where in a value something is.

use std::fmt;

use crate::Value;

/// One step from a value to one of its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// An attribute of an object.
    Attribute(String),
    /// A key of a map.
    Key(String),
    /// A position in a list or tuple.
    Index(usize),
    /// An element of a set, named by itself: the protocol cannot address it.
    Element(Box<Value>),
}

/// The steps from a root value to one of its parts.
///
/// ```
/// # use tf_value::Path;
/// let path = Path::root().attribute("disks").key("scsi0").attribute("size");
/// assert_eq!(path.to_string(), r#"disks["scsi0"].size"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

// === impl Path ===

impl Path {
    /// The value itself.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// This path, then an attribute of an object.
    #[must_use]
    pub fn attribute(self, name: impl Into<String>) -> Self {
        self.then(Step::Attribute(name.into()))
    }

    /// This path, then a key of a map.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.then(Step::Key(key.into()))
    }

    /// This path, then a position in a list or tuple.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    /// This path, then an element of a set.
    #[must_use]
    pub fn element(self, element: Value) -> Self {
        self.then(Step::Element(Box::new(element)))
    }

    /// This path, then one step more.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Goes one step further in place.
    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Goes one step back in place.
    pub fn pop(&mut self) -> Option<Step> {
        self.0.pop()
    }

    /// The steps, from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The steps, from the root, for keeps.
    pub fn into_steps(self) -> Vec<Step> {
        self.0
    }

    /// The last step; none at the root.
    pub fn last(&self) -> Option<&Step> {
        self.0.last()
    }

    /// Whether this is the value itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path without its last step; none at the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, steps)| Self(steps.to_vec()))
    }

    /// Whether `prefix` is this path or leads to it.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// The longest beginning that the protocol can express: up to the first set, whose elements it cannot address.
    #[must_use]
    pub fn wire_prefix(&self) -> Self {
        self.0.iter().take_while(|step| !matches!(step, Step::Element(_))).cloned().collect()
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl From<Vec<Step>> for Path {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}

/// As written in a configuration. A set element is shown as `[…]`: it might be a secret.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Element(_) => f.write_str("[…]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_as_configuration() {
        assert_eq!(Path::root().to_string(), "");
        assert_eq!(Path::root().attribute("list").index(0).to_string(), "list[0]");
        assert_eq!(Path::root().index(1).attribute("a").to_string(), "[1].a");
        assert_eq!(Path::root().attribute("tags").element("s3cret".into()).to_string(), "tags[…]");
    }

    #[test]
    fn relates_to_other_paths() {
        let disks = Path::root().attribute("disks");
        let size = disks.clone().key("scsi0").attribute("size");
        assert!(size.starts_with(&disks) && !disks.starts_with(&size) && size.starts_with(&Path::root()));
        assert_eq!(size.parent(), Some(disks.key("scsi0")));
        assert_eq!(Path::root().parent(), None);
        assert!(Path::root().is_root());
    }

    #[test]
    fn wire_prefix_stops_at_the_set() {
        let set = Path::root().attribute("rules");
        assert_eq!(set.clone().element(Value::Null).attribute("port").wire_prefix(), set);
        assert_eq!(set.wire_prefix(), set);
    }
}
