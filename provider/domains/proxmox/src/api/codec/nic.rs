//! The `netN` string of a virtual machine, whose model is a key with the MAC as its value.

use super::property::{PropertyError, PropertyString};

/// Models of virtual machines' network cards.
const MODELS: &[&str] = &[
    "virtio",
    "e1000",
    "e1000-82540em",
    "e1000-82544gc",
    "e1000-82545em",
    "e1000e",
    "i82551",
    "i82557b",
    "i82559er",
    "ne2k_isa",
    "ne2k_pci",
    "pcnet",
    "rtl8139",
    "vmxnet3",
];

/// A virtual machine's network card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// The card's model, `virtio` for most.
    pub model: String,
    /// The MAC address; sent without one, the server draws a new one at every update.
    pub mac: Option<String>,
    /// Bridge, VLAN tag, firewall and so on.
    pub options: PropertyString,
}

impl Nic {
    /// Reads `virtio=BC:24:11:00:00:01,bridge=vmbr0`, `virtio,bridge=vmbr0` or `model=virtio,macaddr=…`.
    ///
    /// # Errors
    /// [`PropertyError`] for text that is no property string or names no model.
    pub fn parse(text: &str) -> Result<Self, PropertyError> {
        let mut options = PropertyString::parse(text, Some("model"))?;
        let short = MODELS.iter().find_map(|model| Some(((*model).to_owned(), options.remove(model)?)));
        let (model, mac) = match short {
            Some((model, mac)) => (model, Some(mac)),
            None => {
                let model = options.remove("model");
                let model = model.ok_or_else(|| PropertyError::Malformed(text.to_owned()))?;
                (model, options.remove("macaddr"))
            }
        };
        let mut plain = PropertyString::new();
        options.iter().for_each(|(key, value)| plain.set(key, value));
        Ok(Self { model, mac: mac.map(|mac| mac.to_ascii_uppercase()), options: plain })
    }

    /// The wire text.
    ///
    /// # Errors
    /// [`PropertyError`] for values the format cannot hold.
    pub fn format(&self) -> Result<String, PropertyError> {
        let mut string = PropertyString::with_default("model");
        match &self.mac {
            Some(mac) => string.set(&self.model, mac.to_ascii_uppercase()),
            None => string.set("model", &self.model),
        }
        self.options.iter().for_each(|(key, value)| string.set(key, value));
        string.format()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_spellings_of_one_card() {
        let card = Nic::parse("virtio=bc:24:11:00:00:01,bridge=vmbr0,firewall=1").unwrap();
        assert_eq!(
            card,
            Nic::parse("model=virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0,firewall=1").unwrap()
        );
        assert_eq!(card.format().unwrap(), "virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1");
        let fresh = Nic::parse("virtio,bridge=vmbr0").unwrap();
        assert_eq!((fresh.mac.as_deref(), fresh.format().unwrap().as_str()), (None, "virtio,bridge=vmbr0"));
        assert!(Nic::parse("bridge=vmbr0").is_err());
    }
}
