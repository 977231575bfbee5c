//! What must not be done: looked at before anything is changed, at plan and again at apply.

use tf_framework::Path;

use super::facts::{Content, Facts, Marker};
use super::spec::Spec;
use super::{access, settings, tls};
use crate::errors::Refusal;

fn at(name: &str) -> Path {
    Path::root().attribute("postgresql").attribute(name)
}

/// Everything that forbids to go on. The data are untouched.
pub(crate) fn refusals(facts: &Facts, spec: &Spec) -> Vec<Refusal> {
    let mut refused = offline(spec);
    refused.extend(system(facts));
    refused.extend(account(facts, spec));
    refused.extend(port(facts, spec));
    refused.extend(data(facts, spec));
    refused.extend(settings::faults(spec, facts));
    refused
}

/// What is wrong with the configuration, whatever the machine says.
pub(crate) fn offline(spec: &Spec) -> Vec<Refusal> {
    let p = &spec.postgresql;
    let mut refused = settings::decided_elsewhere(spec);
    refused.extend(access::faults(p.access.as_deref().unwrap_or_default()));
    refused.extend(p.tls.iter().flat_map(tls::faults));
    let reserved = p.roles.iter().filter(|(name, role)| {
        name.starts_with("pg_")
            || *name == "public"
            || (*name == "postgres" && !(role.superuser && role.login))
    });
    refused.extend(reserved.map(|(name, _)| {
        let detail = "Names that begin with pg_ are the system's, and postgres must stay a superuser that may log in: the provider, \
                      backups and timers come as it.";
        Refusal::new(format!("The role {name:?} cannot be managed so"), detail).at(at("roles").key(name))
    }));
    if p.icu_locale.is_some() && p.version < 15 {
        let detail =
            "Clusters sort by ICU from version 15 on. Leave it out, or make databases with ICU collations.";
        refused.push(Refusal::new("`icu_locale` takes version 15 or newer", detail).at(at("icu_locale")));
    }
    refused
}

fn system(facts: &Facts) -> Option<Refusal> {
    (facts.os.architecture.is_empty()).then(|| {
        Refusal::new(
            "The machine is neither Debian nor Ubuntu",
            format!("It has no dpkg; its operating system calls itself {:?}.", facts.os.id),
        )
    })
}

fn account(facts: &Facts, spec: &Spec) -> Option<Refusal> {
    let p = &spec.postgresql;
    let wanted = |number: Option<&u32>| number.copied();
    for (attribute, there, wanted) in [
        ("user_id", facts.account.user, wanted(p.user_id.known())),
        ("group_id", facts.account.group, wanted(p.group_id.known())),
    ] {
        if let (Some(there), Some(wanted)) = (there, wanted)
            && there != wanted
        {
            let detail = format!(
                "postgres has number {there} on the machine and {wanted} is asked for. Files belong to numbers: with another one \
                 the server could not read its data. Leave `{attribute}` out to keep {there}."
            );
            return Some(Refusal::new("The number of postgres cannot be changed", detail).at(at(attribute)));
        }
    }
    let makes = facts.account.user.is_none() || facts.account.group.is_none();
    (makes && !facts.account.taken.is_empty()).then(|| {
        Refusal::new(
            "The number for postgres is somebody else's",
            format!(
                "It is that of {}. Choose other numbers by `user_id` and `group_id`.",
                facts.account.taken.join(" and ")
            ),
        )
        .at(at("user_id"))
    })
}

fn port(facts: &Facts, spec: &Spec) -> Option<Refusal> {
    let p = &spec.postgresql;
    let other = facts.clusters.iter().find(|cluster| {
        cluster.port == p.port && (cluster.version != p.version || cluster.name != p.cluster)
    })?;
    Some(
        Refusal::new(
            format!("Port {} is that of another cluster", p.port),
            format!("{}/{} of the machine has it. Choose another `port`.", other.version, other.name),
        )
        .at(at("port")),
    )
}

fn data(facts: &Facts, spec: &Spec) -> Vec<Refusal> {
    let directory = spec.data_directory();
    if let Some(fault) = &facts.data.marker_fault {
        let detail = format!("{} says whose data they are: {fault}. Look at it by hand.", spec.marker());
        return vec![Refusal::new(format!("The marker of {directory} cannot be read"), detail)];
    }
    let refused = match &facts.data.content {
        Content::Missing => gone(facts, spec, &directory),
        Content::Empty if facts.data.mounted => Some(mount_point(&directory)),
        Content::Empty => gone(facts, spec, &directory),
        Content::Foreign(entries) => Some(foreign(&directory, entries)),
        Content::Cluster(version) => return cluster(facts, spec, *version, &directory),
    };
    refused.into_iter().chain(marker_of_other(facts, spec, &directory)).collect()
}

fn gone(facts: &Facts, spec: &Spec, directory: &str) -> Option<Refusal> {
    let marked = facts.data.marker.as_ref().map(|marker| &marker.system_identifier);
    let known = spec.system_identifier.as_ref().or(marked.filter(|marked| !marked.is_empty()))?;
    Some(Refusal::new(
        format!("The data of {:?} are not there", spec.name),
        format!(
            "{directory} should hold the cluster with system identifier {known} and is empty or missing: the machine was replaced \
             without its data, or they are not mounted. A new cluster is not made in their place. Bring the data back; or, where \
             they are lost, take the resource out of the state (`terraform state rm`), put the marker {} aside and declare a `restore`.",
            spec.marker()
        ),
    ))
}

fn mount_point(directory: &str) -> Refusal {
    Refusal::new(
        format!("{directory} is a mount point itself"),
        "A mount point cannot be replaced or renamed, and a file system of its own brings `lost+found`. Mount the directory above \
         it, such as /var/lib/postgresql.",
    )
    .at(at("data_directory"))
}

fn foreign(directory: &str, entries: &[String]) -> Refusal {
    Refusal::new(
        format!("{directory} holds something else"),
        format!(
            "It is not empty ({}) and no cluster. Nothing is removed or overwritten. Move it away, or choose another \
             `data_directory`.",
            entries.join(", ")
        ),
    )
    .at(at("data_directory"))
}

/// Data that are there: they are attached if they are this member's and fit, else left alone.
fn cluster(facts: &Facts, spec: &Spec, version: u32, directory: &str) -> Vec<Refusal> {
    let p = &spec.postgresql;
    let mut refused = Vec::new();
    if version != p.version {
        let detail = format!(
            "{directory} holds a cluster of PostgreSQL {version}, and {} is asked for. A server does not start on data of another \
             major version, and an upgrade takes a new cluster beside the old one.",
            p.version
        );
        refused.push(Refusal::new("The data are of another major version", detail).at(at("version")));
    }
    refused.extend(owner(facts, spec, directory));
    let mode = facts.data.mode.unwrap_or_default();
    if !matches!(mode, 0o700 | 0o750) {
        let detail = format!(
            "{directory} has mode {mode:04o}, and the server starts with 0700 or 0750 only. Others may have read the data. Set it \
             with `chmod 0700 {directory}`."
        );
        refused.push(Refusal::new("The data directory is open to others", detail));
    }
    refused.extend(marker_of_other(facts, spec, directory));
    refused.extend(identity(facts, spec, directory));
    refused.extend(collation(facts, spec));
    refused.extend(shape(facts, spec));
    refused
}

/// What an unmapped owner looks like inside a container.
const NOBODY: u32 = 65534;

fn owner(facts: &Facts, spec: &Spec, directory: &str) -> Option<Refusal> {
    let p = &spec.postgresql;
    let (user, group) = (facts.data.user?, facts.data.group?);
    let of = |there: Option<u32>, wanted: Option<&u32>| there.or(wanted.copied()).unwrap_or(super::ACCOUNT);
    let wanted = (of(facts.account.user, p.user_id.known()), of(facts.account.group, p.group_id.known()));
    if (user, group) == wanted {
        return None;
    }
    let unmapped = if user == NOBODY || group == NOBODY {
        " An owner of 65534 means that the directory is mounted without its owners being mapped: on the node it must belong to \
         the container's first number plus that of postgres (100000 + 543 unless set otherwise)."
    } else {
        ""
    };
    let detail = format!(
        "{directory} belongs to {user}:{group}, and postgres is {}:{} here: the server could not read its data. Set `user_id` and \
         `group_id` to those of the data before the machine has a user postgres, or change the owner by hand.{unmapped}",
        wanted.0, wanted.1
    );
    Some(Refusal::new("The data belong to another user", detail).at(at("user_id")))
}

fn marker_of_other(facts: &Facts, spec: &Spec, directory: &str) -> Option<Refusal> {
    let Marker { member, cluster, .. } = facts.data.marker.as_ref()?;
    (*member != spec.name || *cluster != spec.postgresql.cluster).then(|| {
        Refusal::new(
            format!("{directory} is that of another member"),
            format!(
                "Its marker {} says that it belongs to {member:?} (cluster {cluster:?}), and this is {:?} (cluster {:?}). Nothing is \
                 changed. Mount the right data, or give the instance that name.",
                spec.marker(),
                spec.name,
                spec.postgresql.cluster
            ),
        )
        .at(Path::root().attribute("name"))
    })
}

/// Whether the data are those that are known, by the marker or by the state.
fn identity(facts: &Facts, spec: &Spec, directory: &str) -> Option<Refusal> {
    let there = facts.control.as_ref().map(|control| control.system_identifier.to_string());
    let there = there.or_else(|| facts.server.as_ref().map(|server| server.system_identifier.clone()));
    let marked = facts.data.marker.as_ref().map(|marker| marker.system_identifier.as_str());
    let known = spec.system_identifier.as_deref().or(marked.filter(|marked| !marked.is_empty()));
    match (there, known) {
        // The programs that tell are not installed yet; asked again when they are.
        (None, Some(_)) => None,
        (None, None) if marked.is_some() => None,
        (Some(there), Some(known)) if there == known && marked.is_none_or(|marked| marked.is_empty() || marked == there) => None,
        // Claimed for this member before it was made.
        (Some(_), None) if marked == Some("") => None,
        (Some(there), Some(known)) => Some(Refusal::new(
            "The data are those of another cluster",
            format!(
                "{directory} has system identifier {there}, and {} is that of {:?}. They are left alone. Mount the right data.",
                marked.filter(|marked| known == there && !marked.is_empty()).unwrap_or(known),
                spec.name
            ),
        )),
        (there, None) => Some(
            Refusal::new(
                format!("{directory} holds data that nobody claims"),
                format!(
                    "There is a cluster{} without a marker. It may be anybody's, so that it is not taken over unasked. Import it \
                     (`terraform import`), or say `adopt` with its system identifier.",
                    there.map(|there| format!(" with system identifier {there}")).unwrap_or_default()
                ),
            )
            .at(at("adopt")),
        ),
    }
}

/// Another C library may sort text in another way than the indexes were made.
fn collation(facts: &Facts, spec: &Spec) -> Option<Refusal> {
    let before = facts.data.marker.as_ref()?.glibc.as_ref()?;
    let ours =
        before == &facts.os.glibc || facts.os.glibc.is_empty() || spec.postgresql.accept_collation_change;
    if facts.server.is_some() || ours {
        return None;
    }
    Some(
        Refusal::new(
            "The C library sorts text in another version",
            format!(
                "The data were last used with glibc {before}, and the machine has {}. Their locale depends on it, so that indexes on \
                 text may be out of order, and a write would damage them. Use the old release; or set \
                 `accept_collation_change = true`, REINDEX every database and ALTER DATABASE … REFRESH COLLATION VERSION before \
                 clients return.",
                facts.os.glibc
            ),
        )
        .at(at("accept_collation_change")),
    )
}

/// What is fixed when a cluster is made.
fn shape(facts: &Facts, spec: &Spec) -> Vec<Refusal> {
    let p = &spec.postgresql;
    let mut refused = Vec::new();
    let mut differs = |attribute: &str, there: String, wanted: String| {
        let detail = format!(
            "The cluster was made with {there}, and {wanted} is asked for. It is fixed when a cluster is made: a change would take a \
             new cluster, and data are never replaced. Set it back, or leave it out."
        );
        refused.push(Refusal::new(format!("`{attribute}` cannot be changed"), detail).at(at(attribute)));
    };
    if let Some(control) = &facts.control {
        if let Some(wanted) = p.checksums.known().filter(|wanted| **wanted != control.checksums) {
            differs("checksums", control.checksums.to_string(), wanted.to_string());
        }
        let megabytes = control.wal_segment_bytes >> 20;
        if let Some(wanted) =
            p.wal_segment_size.known().filter(|wanted| u64::from(**wanted) != megabytes && megabytes > 0)
        {
            differs("wal_segment_size", megabytes.to_string(), wanted.to_string());
        }
    }
    let template = facts.server.as_ref().and_then(|server| server.databases.get("template0"));
    if let Some(template) = template {
        let locale = p.locale.known().filter(|wanted| !same_locale(wanted, &template.locale));
        if let Some(wanted) = locale.filter(|_| p.icu_locale.is_none()) {
            differs("locale", template.locale.clone(), wanted.clone());
        }
        if let Some(wanted) = p.encoding.known().filter(|wanted| !same_encoding(wanted, &template.encoding)) {
            differs("encoding", template.encoding.clone(), wanted.clone());
        }
    }
    refused
}

/// `C.UTF-8` and `C.utf8` are one.
pub(crate) fn same_locale(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "");
    plain(a) == plain(b)
}

/// `UTF8`, `utf-8` and `UTF_8` are one.
pub(crate) fn same_encoding(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], "");
    plain(a) == plain(b)
}
