//! Devices of the host passed to a guest.

use tf_framework::{Computed, Model};

/// A USB device passed to a virtual machine.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Usb {
    /// Hardware mapping of the cluster. Exactly one of `mapping` and `host`.
    #[attr(optional, stable, validate(exactly_one_of(host)))]
    pub mapping: Computed<Option<String>>,
    /// Device of the host, `0951:1666`, or `spice`. A device needs root@pam with a password; a mapping does not.
    #[attr(optional, stable)]
    pub host: Computed<Option<String>>,
    /// Whether it is passed as a USB 3 device.
    #[attr(optional, stable)]
    pub usb3: Computed<bool>,
}

/// A PCI device passed to a virtual machine.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Pci {
    /// Hardware mapping of the cluster. Exactly one of `mapping` and `host`.
    #[attr(optional, stable, validate(exactly_one_of(host)))]
    pub mapping: Computed<Option<String>>,
    /// Address on the host, `0000:01:00.0`. Needs root@pam with a password; a mapping does not.
    #[attr(optional, stable)]
    pub host: Computed<Option<String>>,
    /// Whether it is shown as a PCI Express device; the machine `q35` is needed.
    #[attr(optional, stable)]
    pub pcie: Computed<bool>,
    /// Whether it is the guest's first display.
    #[attr(optional, stable)]
    pub primary_gpu: Computed<bool>,
    /// Whether the device's ROM is visible to the guest.
    #[attr(optional, stable)]
    pub rombar: Computed<bool>,
    /// Type of a mediated device, `nvidia-63`.
    #[attr(optional, stable)]
    pub mediated_device: Computed<Option<String>>,
}
