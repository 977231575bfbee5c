//! What the state says of the instance.

use super::model::*;

/// The id: name, version and cluster.
pub(super) fn id(lxc: &PostgresqlLxc) -> String {
    format!("{}/{}/{}", lxc.name, lxc.postgresql.version, lxc.postgresql.cluster)
}

/// The system identifier that is in state, once the instance was made.
pub(super) fn system_identifier(lxc: &PostgresqlLxc) -> Option<String> {
    let known = lxc.status.known()?.system_identifier.known()?;
    Some(known.clone()).filter(|id| !id.is_empty())
}

/// Whether the data is the container's own volume.
pub(super) fn is_volume(lxc: &PostgresqlLxc) -> bool {
    lxc.data.host_path.is_none()
}
