//! Network cards.

use tf_framework::{Computed, Model};

/// A network card of a virtual machine.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct VmNetwork {
    /// Bridge or SDN vnet.
    #[attr(optional, stable)]
    pub bridge: Computed<Option<String>>,
    /// Card the guest sees. `virtio` for a new card.
    #[attr(optional, stable, validate(one_of("virtio", "e1000", "e1000e", "rtl8139", "vmxnet3")))]
    pub model: Computed<String>,
    /// Hardware address. The cluster draws one for a new card; it is kept from then on.
    #[attr(
        optional,
        stable,
        eq = mac,
        validate(matches(r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$", "an address such as `BC:24:11:00:00:01`"))
    )]
    pub mac_address: Computed<String>,
    /// VLAN tag; 0 for none.
    #[attr(optional, stable, validate(range(0..=4094)))]
    pub vlan: Computed<u32>,
    /// VLANs that pass tagged, `20;30`.
    #[attr(
        optional,
        stable,
        validate(matches(r"^[0-9]+(-[0-9]+)?(;[0-9]+(-[0-9]+)?)*$", "a list such as `20;30-40`"))
    )]
    pub trunks: Computed<Option<String>>,
    /// Whether the guest's firewall filters the card.
    #[attr(optional, stable)]
    pub firewall: Computed<bool>,
    /// Whether the cable is pulled.
    #[attr(optional, stable)]
    pub link_down: Computed<bool>,
    /// Largest packet in bytes, only for `virtio`; 1 takes the bridge's.
    #[attr(optional, stable, validate(range(1..=65_520)))]
    pub mtu: Computed<Option<u32>>,
    /// Queues for several processors, only for `virtio`.
    #[attr(optional, stable, validate(range(0..=64)))]
    pub queues: Computed<Option<u32>>,
    /// Limit in megabytes a second.
    #[attr(optional, stable, validate(range(0..=10_240)))]
    pub rate: Computed<Option<f64>>,
}
