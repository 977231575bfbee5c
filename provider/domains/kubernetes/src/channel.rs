//! Channels: which version a name stands for now.

use serde::Deserialize;
use transport_ssh::Budget;

use crate::distribution::Distribution;
use crate::install::{FetchError, client, get_text};
use crate::version::Version;

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) latest: Version,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    latest: Option<String>,
}

/// Reads the list of a server of channels; what names no version of the distribution is left out.
fn read(distribution: Distribution, text: &str) -> Result<Vec<Channel>, String> {
    let answer: Answer = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let channel = |entry: Entry| {
        let latest: Version = entry.latest?.parse().ok()?;
        let name = if entry.name.is_empty() { entry.id } else { entry.name };
        (latest.distribution == distribution).then_some(Channel { name, latest })
    };
    Ok(answer.data.into_iter().filter_map(channel).collect())
}

/// All channels of a server.
///
/// # Errors
/// It was not reached, or its answer makes no sense.
pub(crate) async fn channels(
    distribution: Distribution,
    server: &str,
    ca_certificate: Option<&str>,
    budget: &Budget,
) -> Result<Vec<Channel>, FetchError> {
    let text = get_text(&client(ca_certificate)?, server, budget).await?;
    read(distribution, &text).map_err(|why| FetchError::Answer { from: server.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read() {
        let text = r#"{"data": [{"id": "stable", "name": "stable", "latest": "v1.33.4+rke2r1"},
            {"id": "v1.32", "latest": "v1.32.8+rke2r1"}, {"id": "x", "latest": "v1.32.8+k3s1"}, {"id": "testing"}]}"#;
        let names: Vec<String> = read(Distribution::Rke2, text)
            .unwrap()
            .into_iter()
            .map(|it| format!("{} {}", it.name, it.latest))
            .collect();
        assert_eq!(names, ["stable v1.33.4+rke2r1", "v1.32 v1.32.8+rke2r1"]);
        assert!(read(Distribution::Rke2, "<html>").is_err());
    }
}
