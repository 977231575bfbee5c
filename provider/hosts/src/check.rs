//! Validators of what users write.

use tf_value::Value;
use transport_ssh::Pin;

/// Whether a text is a host key, or an authority of host keys.
pub(crate) fn host_key(value: &Value) -> Result<(), String> {
    let Some(text) = value.as_str() else { return Ok(()) };
    text.parse::<Pin>().map(drop).map_err(|error| error.to_string())
}
