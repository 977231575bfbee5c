use std::collections::BTreeMap;

use tf_framework::Model;

/// A rule.
#[derive(Clone, Model)]
struct Rule {
    /// The port.
    port: u16,
}

/// Blocks.
#[derive(Clone, Model)]
struct Blocks {
    /// Plain.
    #[attr(block)]
    plain: Rule,
    /// A map.
    #[attr(block)]
    map: BTreeMap<String, Rule>,
    /// Two in one.
    #[attr(block, max = 2)]
    single: Option<Rule>,
    /// Nothing between.
    #[attr(block, min = 3, max = 2)]
    list: Vec<Rule>,
    /// An attribute's word.
    #[attr(block, sensitive)]
    secret: Vec<Rule>,
    /// A slip.
    #[attr(block, mix = 1)]
    slip: Vec<Rule>,
}

fn main() {}
