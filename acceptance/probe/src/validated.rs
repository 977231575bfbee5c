//! A validator of every kind.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{
    Computed, Context, Diagnostic, Diagnostics, Field, Model, Path, Resource, Result, Sensitive, Value,
};

use crate::null::new_id;

/// A door.
#[derive(Clone, Model)]
pub(crate) struct Door {
    /// Width in centimetres.
    #[attr(validate(range(60..=200)))]
    width: u16,
}

/// An object whose attributes are checked. It lives in the state alone.
#[derive(Clone, Resource)]
#[resource(name = "validated", subcategory = "Test")]
pub(crate) struct Validated {
    /// Made up when the object is created.
    #[attr(stable)]
    id: Computed<String>,
    /// One of three words.
    #[attr(validate(one_of("tcp", "udp", "icmp")))]
    protocol: Option<String>,
    /// A port.
    #[attr(validate(range(1..=65535)))]
    port: Option<u16>,
    /// A DNS label.
    #[attr(validate(matches("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "a DNS label"), length(1..=63)))]
    label: Option<String>,
    /// One to three addresses.
    #[attr(validate(items(1..=3), each(custom(address, "an IPv4 address"))))]
    addresses: Option<Vec<String>>,
    /// Different ports.
    #[attr(validate(each(range(1024..))))]
    ports: Option<BTreeSet<u32>>,
    /// Values by upper-case name.
    #[attr(validate(keys(matches("^[A-Z]+$", "in upper case"))))]
    variables: Option<BTreeMap<String, String>>,
    /// A secret of at least twelve characters.
    #[attr(validate(length(12..)))]
    passphrase: Option<Sensitive<String>>,
    /// Address by configuration.
    #[attr(validate(conflicts_with(dhcp)))]
    fixed: Option<String>,
    /// Address by DHCP.
    dhcp: Option<bool>,
    /// Needs a password.
    #[attr(validate(required_with(password)))]
    user: Option<String>,
    /// Goes with the user.
    password: Option<Sensitive<String>>,
    /// A file, unless there is a URL.
    #[attr(validate(exactly_one_of(url)))]
    file: Option<String>,
    /// A URL, unless there is a file.
    url: Option<String>,
    /// At least one of two contacts.
    #[attr(validate(at_least_one_of(phone)))]
    mail: Option<String>,
    /// The other contact.
    phone: Option<String>,
    /// Doors by name.
    doors: Option<BTreeMap<String, Door>>,
    /// Least number; see `most`.
    least: Option<i64>,
    /// Greatest number; not less than `least`.
    most: Option<i64>,
}

fn address(value: &Value) -> Result<(), String> {
    match value.as_str().map(str::parse::<std::net::Ipv4Addr>) {
        Some(Err(_)) => Err("must be an IPv4 address such as 192.0.2.1".to_owned()),
        Some(Ok(_)) | None => Ok(()),
    }
}

impl Resource for Validated {
    type Client = ();
    type Private = ();

    async fn create(_: &mut Context<Self>, plan: Self) -> Result<Self> {
        Ok(Self { id: new_id().into(), ..plan })
    }

    async fn read(_: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        Ok(Some(state))
    }

    async fn update(_: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
        Ok(plan)
    }

    async fn delete(_: &mut Context<Self>, _: Self) -> Result<()> {
        Ok(())
    }

    fn validate(config: &ValidatedPartial, diagnostics: &mut Diagnostics) {
        if let (Field::Known(least), Field::Known(most)) = (&config.least, &config.most)
            && least > most
        {
            let detail = format!("`most` is {most}, which is less than `least`, {least}.");
            let path = Path::root().attribute("most");
            diagnostics.push(Diagnostic::error("The bounds are in the wrong order", detail).at(path));
        }
    }
}
