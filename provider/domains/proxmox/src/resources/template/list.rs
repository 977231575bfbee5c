//! Listing the templates of a cluster, to adopt them.

use tf_framework::{Diagnostic, ListContext, ListResource, Model, Result};

use super::model::Template;
use super::observe::{Seen, observe};
use crate::api::{ConfigView, GuestConfig, GuestKind, GuestRef};
use crate::client::budget;
use crate::errors::failure;

/// Which templates are listed.
#[derive(Debug, Clone, Model)]
pub struct TemplateFilter {
    /// Only on this node.
    pub node: Option<String>,
    /// Only of this name.
    pub name: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
}

/// Lists virtual machine templates: one request for all, and one for each whose settings are asked for.
#[derive(Debug)]
pub struct Templates;

impl ListResource for Templates {
    type Item = Template;
    type Config = TemplateFilter;

    async fn list(cx: &mut ListContext<Self>, filter: TemplateFilter) -> Result<()> {
        let px = cx.client()?;
        let inventory = px.api.inventory(&budget(cx)).await;
        let inventory = inventory.map_err(|error| failure("Listing the templates failed", &error))?;
        let tag = filter.tag.as_ref().map(|tag| tag.to_lowercase());
        for guest in inventory.guests().filter(|guest| guest.kind == GuestKind::Qemu && guest.template) {
            let meant = filter.node.as_ref().is_none_or(|node| *node == guest.node)
                && filter.name.as_ref().is_none_or(|name| *name == guest.name)
                && tag.as_ref().is_none_or(|tag| guest.tags.contains(tag));
            if !meant {
                continue;
            }
            let config = if cx.wants_whole_objects() {
                let read =
                    px.api.guest_config(&GuestRef::from(guest), ConfigView::Current, &budget(cx)).await;
                match read {
                    Ok(config) => config,
                    Err(error) if error.is_interrupted() => {
                        return Err(failure("Listing the templates failed", &error));
                    }
                    // One that cannot be read must not hide the others.
                    Err(error) => {
                        cx.warn(Diagnostic::warning(
                            format!("Template {} was left out", guest.vmid),
                            format!("{error}."),
                        ));
                        continue;
                    }
                }
            } else {
                GuestConfig::default()
            };
            let name = format!("{} ({} on {})", guest.name, guest.vmid, guest.node);
            let template = observe(&Seen::of(&px, guest.clone(), config), None);
            if !cx.found(name, template).await {
                break;
            }
        }
        Ok(())
    }
}
