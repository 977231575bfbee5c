//! What an apply does to the files: a pure function from what there is and what there should be.

use std::collections::BTreeSet;

use super::model::ImageCopy;

/// The work of an apply, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// Files under a name that the image needs, but with other content: removed first.
    pub(super) clear: Vec<ImageCopy>,
    /// Files to bring; on a shared storage the first of the nodes brings it for all.
    pub(super) deliver: Vec<ImageCopy>,
    /// Files that nobody needs once all are there.
    pub(super) remove: Vec<ImageCopy>,
}

/// The files the image should have.
pub(super) fn wanted(nodes: &BTreeSet<String>, volume_id: &str) -> Vec<ImageCopy> {
    nodes.iter().map(|node| ImageCopy { node: node.clone(), volume_id: volume_id.to_owned() }).collect()
}

/// From the files there are to the files there should be. `shared`: all nodes see the same file.
pub(super) fn steps(
    present: &[ImageCopy],
    leftovers: &[ImageCopy],
    wanted: &[ImageCopy],
    shared: bool,
) -> Steps {
    let same = |one: &ImageCopy, other: &ImageCopy| {
        one.volume_id == other.volume_id && (shared || one.node == other.node)
    };
    let among = |copy: &ImageCopy, others: &[ImageCopy]| others.iter().any(|other| same(copy, other));
    let once = |copies: Vec<&ImageCopy>| {
        let mut kept: Vec<ImageCopy> = Vec::new();
        for copy in copies {
            if !among(copy, &kept) {
                kept.push(copy.clone());
            }
        }
        kept
    };
    let good = |copy: &ImageCopy| among(copy, present) && !among(copy, leftovers);
    Steps {
        clear: once(leftovers.iter().filter(|copy| among(copy, wanted)).collect()),
        deliver: once(wanted.iter().filter(|copy| !good(copy)).collect()),
        remove: once(present.iter().chain(leftovers).filter(|copy| !among(copy, wanted)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn copy(text: &str) -> ImageCopy {
        let (node, volume) = text.split_once('/').unwrap();
        ImageCopy { node: node.to_owned(), volume_id: format!("local:iso/{volume}") }
    }

    fn copies(texts: &[&str]) -> Vec<ImageCopy> {
        texts.iter().map(|text| copy(text)).collect()
    }

    #[test]
    fn the_new_lies_beside_the_old_until_it_is_there() {
        let steps = steps(&copies(&["a/old", "b/old"]), &[], &copies(&["a/new", "b/new"]), false);
        assert_eq!(steps.clear, []);
        assert_eq!(steps.deliver, copies(&["a/new", "b/new"]));
        assert_eq!(steps.remove, copies(&["a/old", "b/old"]));
    }

    #[test]
    fn on_a_shared_storage_one_copy_serves_all() {
        let added = steps(&copies(&["a/x"]), &[], &copies(&["a/x", "b/x"]), true);
        assert_eq!(added, Steps::default());
        let moved = steps(&copies(&["a/x"]), &[], &copies(&["b/x"]), true);
        assert_eq!(moved, Steps::default(), "the file of a node that is left out is still needed");
        let fresh = steps(&copies(&["a/x", "b/x"]), &[], &copies(&["a/y", "b/y"]), true);
        assert_eq!((fresh.deliver, fresh.remove), (copies(&["a/y"]), copies(&["a/x"])));
    }

    #[test]
    fn nodes_come_and_go() {
        let steps = steps(&copies(&["a/x", "b/x"]), &[], &copies(&["b/x", "c/x"]), false);
        assert_eq!((steps.deliver, steps.remove), (copies(&["c/x"]), copies(&["a/x"])));
    }

    #[test]
    fn a_changed_file_is_cleared_before_it_is_brought_again() {
        let steps = steps(&copies(&["a/x"]), &copies(&["b/x", "b/older"]), &copies(&["a/x", "b/x"]), false);
        assert_eq!(steps.clear, copies(&["b/x"]));
        assert_eq!(steps.deliver, copies(&["b/x"]));
        assert_eq!(steps.remove, copies(&["b/older"]));
    }

    fn some_copies() -> impl Strategy<Value = Vec<ImageCopy>> {
        proptest::collection::vec("[abc]/[xyz]".prop_map(|text| copy(&text)), 0..6)
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_is_wanted(present in some_copies(), leftovers in some_copies(), nodes in proptest::collection::btree_set("[abc]", 1..3), shared: bool) {
            let wanted = wanted(&nodes, "local:iso/x");
            let steps = steps(&present, &leftovers, &wanted, shared);
            let file = |copy: &ImageCopy| (if shared { String::new() } else { copy.node.clone() }, copy.volume_id.clone());
            let files = |copies: &[ImageCopy]| copies.iter().map(file).collect::<BTreeSet<_>>();
            let mut there = files(&present);
            there.extend(files(&leftovers));
            for gone in files(&steps.clear) { there.remove(&gone); }
            there.extend(files(&steps.deliver));
            // Nothing is removed that is wanted, nothing is brought twice.
            prop_assert!(files(&steps.remove).is_disjoint(&files(&wanted)));
            prop_assert_eq!(files(&steps.deliver).len(), steps.deliver.len());
            for gone in files(&steps.remove) { there.remove(&gone); }
            prop_assert_eq!(there, files(&wanted));
            // What was there and right is not brought again.
            for good in files(&present).difference(&files(&leftovers)) {
                prop_assert!(!files(&steps.deliver).contains(good));
            }
        }
    }
}
