//! Processors, display and what else is soldered on.

use std::collections::BTreeSet;

use tf_framework::{Computed, Model};

/// Processors of a virtual machine.
#[derive(Debug, Clone, PartialEq, Model)]
pub struct VmCpu {
    /// Cores per socket.
    #[attr(optional, stable, validate(range(1..=1024)))]
    pub cores: Computed<u32>,
    /// Sockets.
    #[attr(optional, stable, validate(range(1..=4)))]
    pub sockets: Computed<u32>,
    /// Processor type, `x86-64-v2-AES`, `host` …; the cluster's default when null.
    #[attr(optional, stable)]
    pub r#type: Computed<Option<String>>,
    /// Processor flags, `+aes` or `-pcid`.
    #[attr(
        optional,
        stable,
        validate(each(matches(r"^[+-][a-z0-9-]+$", "a flag such as `+aes` or `-pcid`")))
    )]
    pub flags: Computed<BTreeSet<String>>,
    /// Virtual processors plugged in at start, at most cores times sockets. All when null.
    #[attr(optional, stable, validate(range(1..=4096)))]
    pub vcpus: Computed<Option<u32>>,
    /// Limit of use in processors of the host, `1.5` for one and a half; 0 for none.
    #[attr(optional, stable, validate(range(0..=128)))]
    pub limit: Computed<Option<f64>>,
    /// Weight against other guests. The cluster's default (100) when null.
    #[attr(optional, stable, validate(range(1..=262_144)))]
    pub units: Computed<Option<u32>>,
    /// Processors of the host the guest runs on, `0,5,8-11`.
    #[attr(
        optional,
        stable,
        validate(matches(r"^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$", "a list such as `0,5,8-11`"))
    )]
    pub affinity: Computed<Option<String>>,
}

/// Display of a virtual machine.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Vga {
    /// Card: `std`, `virtio`, `qxl`, `serial0`, `none` …
    #[attr(
        optional,
        stable,
        validate(one_of(
            "cirrus",
            "qxl",
            "qxl2",
            "qxl3",
            "qxl4",
            "none",
            "serial0",
            "serial1",
            "serial2",
            "serial3",
            "std",
            "virtio",
            "virtio-gl",
            "vmware"
        ))
    )]
    pub r#type: Computed<Option<String>>,
    /// Memory of the card in MiB.
    #[attr(optional, stable, validate(range(4..=512)))]
    pub memory: Computed<Option<u32>>,
}

/// Random number generator of a virtual machine.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Rng {
    /// Source on the host. `/dev/hwrng` only for root@pam.
    #[attr(optional, stable, validate(one_of("/dev/urandom", "/dev/random", "/dev/hwrng")))]
    pub source: Computed<String>,
    /// Bytes per period; 0 for no limit.
    #[attr(optional, stable)]
    pub max_bytes: Computed<Option<u32>>,
    /// Period in milliseconds.
    #[attr(optional, stable)]
    pub period: Computed<Option<u32>>,
}

/// Watchdog of a virtual machine.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Watchdog {
    /// Card.
    #[attr(optional, stable, validate(one_of("i6300esb", "ib700")))]
    pub model: Computed<String>,
    /// What happens when the guest stops feeding it.
    #[attr(optional, stable, validate(one_of("reset", "shutdown", "poweroff", "pause", "debug", "none")))]
    pub action: Computed<Option<String>>,
}

/// Order and delays of starting and stopping with the node.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Startup {
    /// Place in the order; lower starts earlier and stops later.
    #[attr(optional, stable)]
    pub order: Computed<Option<u32>>,
    /// Seconds to wait after starting it.
    #[attr(optional, stable)]
    pub up_delay: Computed<Option<u32>>,
    /// Seconds to wait after stopping it.
    #[attr(optional, stable)]
    pub down_delay: Computed<Option<u32>>,
}
