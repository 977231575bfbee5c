//! Listing the images of a cluster, to adopt them.

use std::collections::BTreeSet;

use tf_framework::{ListContext, ListResource, Model, Result};

use super::import::{Provenance, observed};
use super::model::{Content, Image};
use crate::api::NodeEntry;
use crate::client::budget;
use crate::errors::failure;

/// Which images are listed.
#[derive(Debug, Clone, Model)]
pub struct ImageFilter {
    /// Only on this node.
    pub node: Option<String>,
    /// Only on this storage.
    pub storage: Option<String>,
    /// Only of this content.
    pub content: Option<Content>,
}

/// Lists ISO images, container templates and disk images on the storages of all nodes that are online.
#[derive(Debug)]
pub struct Images;

impl ListResource for Images {
    type Item = Image;
    type Config = ImageFilter;

    async fn list(cx: &mut ListContext<Self>, filter: ImageFilter) -> Result<()> {
        let px = cx.client()?;
        let budget = budget(cx);
        let what = "Listing the images failed";
        let inventory = px.api.inventory(&budget).await.map_err(|error| failure(what, &error))?;
        let mut seen_shared: BTreeSet<(String, &str)> = BTreeSet::new();
        for entry in inventory.storages() {
            let online = inventory.node(&entry.node).is_some_and(NodeEntry::is_online);
            let meant = filter.node.as_ref().is_none_or(|node| *node == entry.node)
                && filter.storage.as_ref().is_none_or(|storage| *storage == entry.storage);
            if !online || !meant || entry.status == "unknown" {
                continue;
            }
            for content in
                Content::ALL.into_iter().filter(|content| filter.content.is_none_or(|only| only == *content))
            {
                let word = content.as_str();
                if !entry.content.contains(word)
                    || (entry.shared && !seen_shared.insert((entry.storage.clone(), word)))
                {
                    continue;
                }
                let volumes = px.api.shared_volumes(&entry.node, &entry.storage, word, &budget).await;
                for volume in volumes.map_err(|error| failure(what, &error))?.iter() {
                    let nodes = BTreeSet::from([entry.node.clone()]);
                    let name = format!("{} on {}", volume.volid, entry.node);
                    let image = observed(
                        &nodes,
                        &volume.volid,
                        content,
                        (volume.size, volume.format.clone()),
                        Provenance::default(),
                    );
                    if !cx.found(name, image).await {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}
