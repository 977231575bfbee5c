//! `hybridops_proxmox_guests`.

use std::collections::BTreeSet;

use regex::Regex;
use tf_framework::{Computed, DataContext, DataSource, Diagnostics, Field, Model, Result};
use tf_value::Path;

use super::tags::{TagFilter, Tags};
use crate::api::{Guest, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;

/// Virtual machines and containers of the cluster, in order of VMID.
///
/// Costs nothing beyond the index that all reads of a run share. State and uptime there are up to ten seconds old. What
/// the account may not audit (`VM.Audit`) is missing, and pools are where it lacks `Pool.Audit`.
#[derive(Debug, Clone, Model)]
pub struct Guests {
    /// Only `qemu` (virtual machines) or only `lxc` (containers).
    #[attr(validate(one_of("qemu", "lxc")))]
    pub kind: Option<String>,
    /// Only guests on this node.
    pub node: Option<String>,
    /// Only guests of exactly this name.
    pub name: Option<String>,
    /// Only guests whose name matches this regular expression.
    pub name_regex: Option<String>,
    /// Only guests with these tags. Compared without regard to case.
    pub tags: Option<TagFilter>,
    /// Only guests in this pool.
    pub pool: Option<String>,
    /// Only guests in this state: `running`, `stopped`, or `unknown` for those of a node that does not answer.
    #[attr(validate(one_of("running", "stopped", "unknown")))]
    pub status: Option<String>,
    /// Only templates, or only what is no template. Both where it is not set.
    pub template: Option<bool>,
    /// Whether finding none is an error. It is not unless set.
    pub required: Option<bool>,
    /// The guests.
    pub guests: Computed<Vec<GuestInfo>>,
    /// Their VMIDs.
    pub vmids: Computed<Vec<Vmid>>,
}

/// A guest.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct GuestInfo {
    /// Its number.
    #[attr(computed)]
    pub vmid: Vmid,
    /// `qemu` for a virtual machine, `lxc` for a container.
    #[attr(computed)]
    pub kind: String,
    /// Its name.
    #[attr(computed)]
    pub name: String,
    /// The node it is on.
    #[attr(computed)]
    pub node: String,
    /// `running`, `stopped` or `unknown`.
    #[attr(computed)]
    pub status: String,
    /// Whether it is a template.
    #[attr(computed)]
    pub template: bool,
    /// Its tags.
    #[attr(computed)]
    pub tags: BTreeSet<String>,
    /// Its pool; null for none.
    #[attr(computed)]
    pub pool: Option<String>,
    /// The state high availability wants or sees; null where it does not manage the guest.
    #[attr(computed)]
    pub ha_state: Option<String>,
    /// `backup`, `migrate` and so on while something holds it; null otherwise.
    #[attr(computed)]
    pub lock: Option<String>,
    /// Processors.
    #[attr(computed)]
    pub cpus: u64,
    /// Memory in bytes.
    #[attr(computed)]
    pub memory: u64,
    /// Size of the first disk in bytes.
    #[attr(computed)]
    pub disk: u64,
    /// Seconds since it was started; 0 while it is stopped.
    #[attr(computed)]
    pub uptime: u64,
}

impl From<&Guest> for GuestInfo {
    fn from(guest: &Guest) -> Self {
        Self {
            vmid: guest.vmid,
            kind: guest.kind.as_str().to_owned(),
            name: guest.name.clone(),
            node: guest.node.clone(),
            status: guest.status.clone(),
            template: guest.template,
            tags: guest.tags.clone(),
            pool: guest.pool.clone(),
            ha_state: guest.hastate.clone(),
            lock: guest.lock.clone(),
            cpus: guest.maxcpu,
            memory: guest.maxmem,
            disk: guest.maxdisk,
            uptime: guest.uptime,
        }
    }
}

/// The filters, ready to use.
struct Wanted<'a> {
    config: &'a Guests,
    name: Option<Regex>,
    tags: Tags,
}

fn pattern(text: &str) -> Result<Regex> {
    let at = || Path::root().attribute("name_regex");
    Regex::new(text).map_err(|error| {
        Diagnostics::error_at(at(), "The regular expression cannot be read", format!("{error}."))
    })
}

impl<'a> Wanted<'a> {
    fn new(config: &'a Guests) -> Result<Self> {
        let name = config.name_regex.as_deref().map(pattern).transpose()?;
        Ok(Self { config, name, tags: Tags::new(config.tags.as_ref()) })
    }

    fn fits(&self, guest: &Guest) -> bool {
        let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|wanted| wanted == has);
        let Self { config, name, tags } = self;
        is(&config.kind, guest.kind.as_str())
            && is(&config.node, &guest.node)
            && is(&config.name, &guest.name)
            && is(&config.pool, guest.pool.as_deref().unwrap_or_default())
            && is(&config.status, &guest.status)
            && config.template.is_none_or(|template| template == guest.template)
            && name.as_ref().is_none_or(|name| name.is_match(&guest.name))
            && tags.fit(&guest.tags)
    }
}

impl DataSource for Guests {
    const NAME: &'static str = "proxmox_guests";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    fn validate(config: &GuestsPartial, diagnostics: &mut Diagnostics) {
        if let Field::Known(text) = &config.name_regex
            && let Err(errors) = pattern(text)
        {
            diagnostics.extend(errors);
        }
    }

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let px = cx.client()?;
        let inventory = px.api.inventory(&budget(cx)).await;
        let inventory = inventory.map_err(|error| failure("Reading the guests failed", &error))?;
        let wanted = Wanted::new(&config)?;
        let guests: Vec<GuestInfo> =
            inventory.guests().filter(|guest| wanted.fits(guest)).map(GuestInfo::from).collect();
        if guests.is_empty() && config.required == Some(true) {
            return Err(Diagnostics::error(
                "No guest matches",
                format!(
                    "`required` is set, and none of the {} guests this account sees fits the filters. A guest the account \
                     may not see (VM.Audit) counts as none.",
                    inventory.guests().count()
                ),
            ));
        }
        let vmids: Vec<Vmid> = guests.iter().map(|guest| guest.vmid).collect();
        Ok(Self { guests: guests.into(), vmids: vmids.into(), ..config })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all() -> Guests {
        Guests {
            kind: None,
            node: None,
            name: None,
            name_regex: None,
            tags: None,
            pool: None,
            status: None,
            template: None,
            required: None,
            guests: Computed::Unknown,
            vmids: Computed::Unknown,
        }
    }

    #[test]
    fn every_filter_counts() {
        let guest: Guest =
            serde_json::from_value(json!({"type": "lxc", "vmid": 101, "name": "web-1", "node": "pve1",
            "status": "running", "tags": "Prod;web", "pool": "shop"}))
            .unwrap();
        let fits = |config: &Guests| Wanted::new(config).unwrap().fits(&guest);
        let text = |text: &str| Some(text.to_owned());
        let set = |tag: &str| Some(BTreeSet::from([tag.to_owned()]));
        let tagged = |all, any, none| Guests { tags: Some(TagFilter { all, any, none }), ..self::all() };
        assert!(fits(&all()));
        for (good, bad) in [
            (Guests { kind: text("lxc"), ..all() }, Guests { kind: text("qemu"), ..all() }),
            (Guests { node: text("pve1"), ..all() }, Guests { node: text("pve2"), ..all() }),
            (Guests { name: text("web-1"), ..all() }, Guests { name: text("web"), ..all() }),
            (Guests { name_regex: text("^web-"), ..all() }, Guests { name_regex: text("^db"), ..all() }),
            (Guests { pool: text("shop"), ..all() }, Guests { pool: text(""), ..all() }),
            (Guests { status: text("running"), ..all() }, Guests { status: text("stopped"), ..all() }),
            (Guests { template: Some(false), ..all() }, Guests { template: Some(true), ..all() }),
            (tagged(set("prod"), None, None), tagged(set("x"), None, None)),
            (tagged(None, set("WEB"), None), tagged(None, set("x"), None)),
            (tagged(None, None, set("x")), tagged(None, None, set("web"))),
        ] {
            assert!(fits(&good) && !fits(&bad), "{good:?}");
        }
        assert!(pattern("(").is_err());
    }
}
