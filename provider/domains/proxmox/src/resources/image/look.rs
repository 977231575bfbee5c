//! What a look at the published file tells, for each content.

use tf_framework::Diagnostics;
use tf_value::Path;
use transport_rest::Budget;

use super::model::Content;
use super::names;
use crate::client::Proxmox;
use crate::images::{Glimpse, Looked, Packing, judge, sniff_mistake, sniff_packing, url_name};

/// Looks at the beginning of the published file.
///
/// # Errors
/// At `url`: it cannot be what it should be, or the publisher does not have it.
pub(super) async fn look(
    px: &Proxmox,
    content: Content,
    url: &str,
    budget: &Budget,
) -> Result<Looked, Diagnostics> {
    let glimpse = px.publisher.glimpse(url, budget).await;
    let refuse =
        |summary: &str, detail: String| Diagnostics::error_at(Path::root().attribute("url"), summary, detail);
    let looked = seen(content, url, &glimpse)
        .map_err(|what| refuse("The image is not what it should be", format!("{url}: {what}.")))?;
    match looked.absent {
        Some(status) => Err(refuse(
            "The publisher does not have the image",
            format!(
                "{url} answers with status {status}. Check the address; publishers move old images away."
            ),
        )),
        None => Ok(looked),
    }
}

fn seen(content: Content, url: &str, glimpse: &Glimpse) -> Result<Looked, String> {
    let name = url_name(url);
    if content == Content::Import && !names::is_appliance(content, &name) {
        return judge(url, glimpse).map_err(|error| error.to_string());
    }
    let packed_by_name = Packing::of_name(&name).is_some() && content != Content::Vztmpl;
    let (head, size) = match glimpse {
        Glimpse::Unseen => return Ok(Looked { packed: packed_by_name, ..Looked::default() }),
        Glimpse::Absent(status) => return Ok(Looked { absent: Some(*status), ..Looked::default() }),
        Glimpse::Seen { head, size } => (head, *size),
    };
    if let Some(what) = sniff_mistake(head) {
        return Err(format!("it {what}, not one of {}", content.purpose()));
    }
    let packed = sniff_packing(head).is_some();
    if content == Content::Vztmpl && !packed {
        return Err("it is not packed, as a container template is: a tar archive packed with gz, xz or zst"
            .to_owned());
    }
    Ok(Looked { packed: packed && content != Content::Vztmpl, size, ..Looked::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(start: &[u8]) -> Glimpse {
        let mut head = start.to_vec();
        head.resize(512, 0);
        Glimpse::Seen { head, size: Some(9) }
    }

    #[test]
    fn mistakes_are_seen_for_each_content() {
        let page = head(b"<!DOCTYPE html>");
        for (content, url) in [
            (Content::Import, "https://x/a.qcow2"),
            (Content::Import, "https://x/a.ova"),
            (Content::Iso, "https://x/a.iso"),
            (Content::Vztmpl, "https://x/a.tar.zst"),
        ] {
            let error = seen(content, url, &page).unwrap_err();
            assert!(error.contains("looks like a web page"), "{error}");
        }
        assert!(seen(Content::Vztmpl, "https://x/a.tar.zst", &head(b"plain")).is_err());
    }

    #[test]
    fn a_template_stays_packed_and_an_iso_does_not() {
        let zst = head(b"\x28\xb5\x2f\xfd");
        assert!(!seen(Content::Vztmpl, "https://x/a.tar.zst", &zst).unwrap().packed);
        assert!(seen(Content::Iso, "https://x/a.iso.zst", &zst).unwrap().packed);
        assert!(seen(Content::Iso, "https://x/a.iso.gz", &Glimpse::Unseen).unwrap().packed);
        assert!(!seen(Content::Vztmpl, "https://x/a.tar.gz", &Glimpse::Unseen).unwrap().packed);
        assert!(!seen(Content::Iso, "https://x/a.iso", &head(b"")).unwrap().packed);
        assert_eq!(seen(Content::Iso, "https://x/a.iso", &Glimpse::Absent(404)).unwrap().absent, Some(404));
    }
}
