//! An image for tests.

use std::collections::BTreeSet;

use super::import::{Provenance, observed};
use super::model::{Content, Image};

/// `local:iso/x.iso` of 100 bytes on these nodes.
pub(super) fn image(nodes: &[&str]) -> Image {
    let nodes: BTreeSet<String> = nodes.iter().map(|node| (*node).to_owned()).collect();
    let volume = "local:iso/x.iso".parse().unwrap();
    observed(&nodes, &volume, Content::Iso, (100, "iso".to_owned()), Provenance::default())
}
