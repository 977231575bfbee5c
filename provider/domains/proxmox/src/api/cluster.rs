//! Questions to the cluster as a whole: free numbers, options, and whether a guest is really gone.

use serde::Deserialize;
use serde_json::Value;

use transport_rest::{Budget, Form};

use super::Vmid;
use super::client::Client;
use super::codec::{PropertyString, TagStyle, lenient};
use super::error::ApiError;
use super::failures::Kind;
use super::inventory::Guest;

/// Whether a number is taken. Free is only free at the time of asking: nothing reserves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// No guest of the cluster has it.
    Free,
    /// Some guest has it, perhaps one this account cannot see.
    Taken,
}

/// Whether a guest exists.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// Here it is.
    Present(Box<Guest>),
    /// Twice proven: not in the index, and its number is free.
    Gone,
    /// Not in the index, but its number is not free either: why.
    Unclear(String),
}

/// Options of the datacenter, as far as they change what clients do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterOptions {
    /// How tags are stored.
    pub tag_style: TagStyle,
    /// The range new numbers are drawn from, upper end excluded.
    pub next_id: (Option<Vmid>, Option<Vmid>),
    /// The first half of drawn MAC addresses.
    pub mac_prefix: Option<String>,
    /// Tags that only those with Sys.Modify on `/` may set.
    pub registered_tags: Vec<String>,
}

impl<'de> Deserialize<'de> for ClusterOptions {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let options = Value::deserialize(from)?;
        let bound = |name: &str| {
            let text = match options.get("next-id")? {
                Value::String(text) => PropertyString::parse(text, None).ok()?.get(name)?.to_owned(),
                other => lenient::scalar(other.get(name)?)?,
            };
            text.parse().ok()
        };
        let registered = match options.get("registered-tags") {
            Some(Value::Array(tags)) => tags.iter().filter_map(lenient::scalar).collect(),
            Some(Value::String(tags)) => lenient::list(tags).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            tag_style: options.get("tag-style").map(TagStyle::from_option).unwrap_or_default(),
            next_id: (bound("lower"), bound("upper")),
            mac_prefix: options.get("mac_prefix").and_then(lenient::scalar),
            registered_tags: registered,
        })
    }
}

/// A number that may come as text.
#[derive(Deserialize)]
#[serde(transparent)]
struct Number(#[serde(deserialize_with = "lenient::opt_vmid")] Option<Vmid>);

impl Client {
    /// A number that is free now. Treat creation as the lock: two askers get the same answer.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn next_vmid(&self, budget: &Budget) -> Result<Vmid, ApiError> {
        let number: Number = self.read(["cluster", "nextid"], budget).await?;
        number.0.ok_or_else(|| ApiError::Argument("the server named no free guest number".to_owned()))
    }

    /// Whether a number is free. Everyone may ask, and guests the account cannot see count too.
    ///
    /// # Errors
    /// [`ApiError`]; [`Kind::Invalid`] for a number no guest can have.
    pub async fn vmid_availability(&self, vmid: Vmid, budget: &Budget) -> Result<Availability, ApiError> {
        let query = Form::new().number("vmid", vmid);
        match self.read_with::<Value>(["cluster", "nextid"], query, budget).await {
            Ok(_) => Ok(Availability::Free),
            Err(error) if error.is(Kind::AlreadyExists) => Ok(Availability::Taken),
            Err(error) => Err(error),
        }
    }

    /// Whether a guest exists. Absence must be proven twice, because the index leaves out what the account
    /// may not see.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn presence(&self, vmid: Vmid, budget: &Budget) -> Result<Presence, ApiError> {
        if let Some(guest) = self.inventory(budget).await?.guest(vmid) {
            return Ok(Presence::Present(Box::new(guest.clone())));
        }
        let availability = self.vmid_availability(vmid, budget).await?;
        if availability == Availability::Free {
            return Ok(Presence::Gone);
        }
        // Created since the index was read?
        self.invalidate();
        if let Some(guest) = self.inventory(budget).await?.guest(vmid) {
            return Ok(Presence::Present(Box::new(guest.clone())));
        }
        Ok(Presence::Unclear(format!(
            "guest {vmid} is not in the cluster's index, but its number is taken: {} may lack VM.Audit on \
             /vms/{vmid}, or another guest took the number",
            self.principal()
        )))
    }

    /// Options of the datacenter.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn cluster_options(&self, budget: &Budget) -> Result<ClusterOptions, ApiError> {
        self.read(["cluster", "options"], budget).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_come_in_two_shapes() {
        let read = |json| serde_json::from_value::<ClusterOptions>(json).unwrap();
        let as_object =
            read(json!({"next-id": {"lower": 200, "upper": "300"}, "tag-style": {"case-sensitive": "1"}}));
        let as_text = read(json!({"next-id": "lower=200,upper=300", "tag-style": "case-sensitive=1"}));
        assert_eq!(as_object, as_text);
        assert_eq!(as_object.next_id, (Some(200), Some(300)));
        assert_eq!(read(json!({"allowed-tags": []})), ClusterOptions::default());
    }
}
