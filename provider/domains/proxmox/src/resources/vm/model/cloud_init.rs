//! Cloud-init.

use std::collections::BTreeMap;

use tf_framework::{Choice, Computed, Model, WriteOnly};

/// Cloud-init of a virtual machine: either Proxmox's own settings, or documents in a seed image.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct VmCloudInit {
    /// Storage of the cloud-init drive, or of the seed image (which needs content type `iso`). A drive the guest has is
    /// used.
    #[attr(optional, stable)]
    pub storage: Computed<Option<String>>,
    /// Slot of a drive that is made.
    #[attr(
        default = "ide2",
        validate(matches(r"^(ide[0-3]|sata[0-5]|scsi([0-9]|[12][0-9]|30))$", "a slot such as `ide2`"))
    )]
    pub slot: String,
    /// User to create.
    #[attr(optional, stable)]
    pub user: Computed<Option<String>>,
    /// Password of the user. Never stored; sent when the guest is made and when `password_version` changes.
    #[attr(validate(required_with(password_version)))]
    pub password: WriteOnly<String>,
    /// Change it to send `password` again.
    pub password_version: Option<u32>,
    /// SSH public keys of the user, one a line as in `authorized_keys`.
    #[attr(optional, stable)]
    pub ssh_keys: Computed<Vec<String>>,
    /// Addresses by network card, `net0` to `net31`.
    #[attr(
        optional,
        stable,
        validate(keys(matches(r"^net([0-9]|[12][0-9]|3[01])$", "a slot from `net0` to `net31`")))
    )]
    pub ip_config: Computed<BTreeMap<String, IpConfig>>,
    /// DNS search domain.
    #[attr(optional, stable)]
    pub search_domain: Computed<Option<String>>,
    /// DNS servers.
    #[attr(optional, stable)]
    pub nameservers: Computed<Vec<String>>,
    /// Whether packages are upgraded at first boot. The cluster's default when null.
    #[attr(optional, stable)]
    pub upgrade: Computed<Option<bool>>,
    /// Document for cloud-init's `user-data`, in a seed image that the provider builds and uploads. Not together with
    /// `user`, `password`, `ssh_keys`, `ip_config` and the like.
    #[attr(optional, stable)]
    pub user_data: Computed<Option<String>>,
    /// Document for `network-config`.
    #[attr(optional, stable)]
    pub network_config: Computed<Option<String>>,
    /// Document for `vendor-data`.
    #[attr(optional, stable)]
    pub vendor_data: Computed<Option<String>>,
    /// Identity of the instance: another one makes cloud-init run everything again. Drawn from the documents when the guest
    /// is made, unless set.
    #[attr(optional, stable)]
    pub instance_id: Computed<Option<String>>,
    /// What an edited document does to a guest that exists.
    #[attr(default = OnUserDataChange::Ignore)]
    pub on_user_data_change: OnUserDataChange,
}

/// What an edited document does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum OnUserDataChange {
    /// Nothing: the plan tells that the documents differ.
    Ignore,
    /// The guest gets a new seed image under the same instance id, unless that is changed too. It is read at the next
    /// start.
    Reseed,
    /// The guest is replaced. Needs `on_destroy = "delete"` to be said.
    Replace,
}

/// Addresses of a network card.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct IpConfig {
    /// Address with prefix length, or `dhcp`.
    #[attr(validate(matches(r"^(dhcp|[0-9.]+/[0-9]+)$", "an address such as `10.0.0.10/24`, or `dhcp`")))]
    pub ipv4: Option<String>,
    /// Gateway.
    pub gateway: Option<String>,
    /// IPv6 address with prefix length, `auto` or `dhcp`.
    #[attr(validate(matches(
        r"^(dhcp|auto|[0-9A-Fa-f:.]+/[0-9]+)$",
        "an address such as `2001:db8::10/64`, `auto` or `dhcp`"
    )))]
    pub ipv6: Option<String>,
    /// IPv6 gateway.
    pub gateway6: Option<String>,
}
