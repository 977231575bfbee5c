//! `hybridops_rke2_channel` and `hybridops_k3s_channel`.

use std::collections::BTreeMap;

use tf_framework::{Computed, DataContext, DataSource, Diagnostics, Model, Path, Result};

use crate::Kubernetes;
use crate::channel::channels;
use crate::client::budget;
use crate::distribution::Distribution;
use crate::errors::chain;

macro_rules! channel {
    ($name:ident, $type:literal, $distribution:ident, $server:tt, #[doc = $title:literal]) => {
        #[doc = $title]
        #[derive(Debug, Clone, Model)]
        pub struct $name {
            /// Name of the channel, such as `stable`, `latest` or `v1.33`.
            #[attr(default = "stable")]
            pub name: String,
            /// URL of the server of channels. Upstream's unless set.
            #[attr(default = $server, validate(matches("^https?://.+$", "a URL")))]
            pub channel_server: String,
            /// Authority of the server's certificate, PEM. Those of the system unless set.
            pub ca_certificate: Option<String>,
            /// The version it stands for now.
            pub version: Computed<String>,
            /// Versions of all channels by their names.
            pub channels: Computed<BTreeMap<String, String>>,
        }

        impl DataSource for $name {
            const NAME: &'static str = $type;
            const SUBCATEGORY: &'static str = "Kubernetes";
            type Client = Kubernetes;

            async fn read(cx: &mut DataContext<Self>, config: Self) -> Result<Self> {
                let asked = channels(
                    Distribution::$distribution,
                    &config.channel_server,
                    config.ca_certificate.as_deref(),
                    &budget(cx),
                )
                .await;
                let found = asked.map_err(|error| {
                    Diagnostics::error_at(
                        Path::root().attribute("channel_server"),
                        "The channels cannot be read",
                        format!("{}.", chain(&error)),
                    )
                })?;
                let all: BTreeMap<String, String> =
                    found.into_iter().map(|it| (it.name, it.latest.to_string())).collect();
                let version = all.get(&config.name).cloned().ok_or_else(|| unknown(&config.name, &all))?;
                Ok(Self { version: version.into(), channels: all.into(), ..config })
            }
        }
    };
}

/// There is no channel of this name.
pub(crate) fn unknown(name: &str, all: &BTreeMap<String, String>) -> Diagnostics {
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    let detail = format!("There is no channel {name:?}. There are: {}.", names.join(", "));
    Diagnostics::error_at(Path::root().attribute("name"), "The channel is not known", detail)
}

channel!(
    Rke2Channel,
    "rke2_channel",
    Rke2,
    "https://update.rke2.io/v1-release/channels",
    #[doc = "The version that a channel of RKE2 stands for now."]
);
channel!(
    K3sChannel,
    "k3s_channel",
    K3s,
    "https://update.k3s.io/v1-release/channels",
    #[doc = "The version that a channel of K3s stands for now."]
);
