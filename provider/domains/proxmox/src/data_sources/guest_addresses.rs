//! `hybridops_proxmox_guest_addresses`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tf_framework::{Computed, DataContext, DataSource, Diagnostic, Diagnostics, GoDuration, Model, Result};
use tf_value::Path;

use crate::api::{ApiError, GuestRef, Kind, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::guest::{Addresses, addresses, wait_for_addresses};

/// The addresses a running guest has: told by the QEMU guest agent of a virtual machine, by the node for a container.
/// Addresses that hold for the guest alone (loopback, link-local) are left out.
///
/// Asks once and never waits, unless `wait` says so: a guest that is stopped, or whose agent does not answer, has no
/// addresses then and `answered` is false.
#[derive(Debug, Clone, Model)]
pub struct GuestAddresses {
    /// The guest's number.
    #[attr(validate(range(100..=999_999_999)))]
    pub vmid: Vmid,
    /// How long to wait for an address, `30s` for example. That none comes in time is an error then. Every read waits,
    /// also that of a plan.
    pub wait: Option<GoDuration>,
    /// Only addresses of this interface of the guest, `eth0` for example.
    pub interface: Option<String>,
    /// Whether the guest told anything.
    pub answered: Computed<bool>,
    /// All addresses, in order of interfaces.
    pub addresses: Computed<Vec<String>>,
    /// The IPv4 addresses among them.
    pub ipv4: Computed<Vec<String>>,
    /// The IPv6 addresses among them.
    pub ipv6: Computed<Vec<String>>,
    /// The addresses by interface.
    pub interfaces: Computed<BTreeMap<String, Vec<String>>>,
}

impl DataSource for GuestAddresses {
    const NAME: &'static str = "proxmox_guest_addresses";
    const SUBCATEGORY: &'static str = "Proxmox VE";
    type Client = Proxmox;

    async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
        let px = cx.client()?;
        let vmid = config.vmid;
        let what = || format!("Reading the addresses of guest {vmid} failed");
        let inventory = px.api.inventory(&budget(cx)).await.map_err(|error| failure(what(), &error))?;
        let Some(guest) = inventory.guest(vmid) else {
            return Err(Diagnostics::error_at(
                Path::root().attribute("vmid"),
                format!("There is no guest {vmid}"),
                "The account sees no such guest: it does not exist, or VM.Audit is lacking.",
            ));
        };
        let place = GuestRef::from(guest);
        let asked = match &config.wait {
            Some(wait) => wait_for_addresses(&px, &place, &budget(cx).shortened(wait.length())).await,
            None => addresses(&px, &place, &budget(cx)).await,
        };
        match asked {
            Ok(found) => Ok(told(config, found, true)),
            Err(error) if config.wait.is_none() && is_silent(&error) => {
                Ok(told(config, Addresses::default(), false))
            }
            Err(error) if config.wait.is_none() && is_without_agent(&error) => {
                cx.warn(
                    Diagnostic::warning(
                        format!("Guest {vmid} tells no addresses"),
                        "The QEMU guest agent is not enabled in its configuration.",
                    )
                    .at(Path::root().attribute("vmid")),
                );
                Ok(told(config, Addresses::default(), false))
            }
            Err(error) => Err(failure(what(), &error)),
        }
    }
}

/// The guest is stopped, or its agent does not answer.
fn is_silent(error: &ApiError) -> bool {
    matches!(
        error.kind(),
        Some(
            Kind::AgentDown
                | Kind::NotRunning
                | Kind::GuestTimeout
                | Kind::NodeTimeout
                | Kind::NodeUnreachable
        )
    )
}

fn is_without_agent(error: &ApiError) -> bool {
    error.is(Kind::Unsupported)
}

fn told(config: GuestAddresses, found: Addresses, answered: bool) -> GuestAddresses {
    let meant = |name: &String| config.interface.as_ref().is_none_or(|only| only == name);
    let by_interface: BTreeMap<String, Vec<IpAddr>> =
        found.0.into_iter().filter(|(name, _)| meant(name)).collect();
    let texts = |wanted: fn(&IpAddr) -> bool| -> Vec<String> {
        by_interface.values().flatten().filter(|address| wanted(address)).map(ToString::to_string).collect()
    };
    let interfaces: BTreeMap<String, Vec<String>> = by_interface
        .iter()
        .map(|(name, addresses)| (name.clone(), addresses.iter().map(ToString::to_string).collect()))
        .collect();
    GuestAddresses {
        answered: answered.into(),
        addresses: texts(|_| true).into(),
        ipv4: texts(IpAddr::is_ipv4).into(),
        ipv6: texts(IpAddr::is_ipv6).into(),
        interfaces: interfaces.into(),
        ..config
    }
}
