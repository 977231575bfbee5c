//! Makes the data of an instance that begins as a standby.

use transport_ssh::Input;

use super::member::{Node, Place, password_line, step};
use super::model::Standby;
use crate::errors::{Error, Refusal};
use crate::instance::{Run, Spec};
use tf_framework::Path;

/// What is kept for others is the instance's own setting.
const SLOT_LIMIT: i64 = -1;

/// Copies the data of a standby from its primary: only where there are none. Its first start follows.
///
/// # Errors
/// What it follows is not said, or cannot be copied.
pub(crate) async fn bring(run: &Run, spec: &Spec) -> Result<(), Error> {
    let at = |name: &str| Path::root().attribute("standby").attribute(name);
    let Some(standby) = &spec.standby else {
        let detail = "An instance with `role = \"standby\"` begins with the data of another one: say which by `standby`.";
        return Err(Refusal::new("There is nothing to make a standby of", detail)
            .at(Path::root().attribute("standby"))
            .into());
    };
    let Some(password) = standby.login.password.get() else {
        let detail =
            "Set `password`, which is never stored, so that the data can be copied from the primary.";
        return Err(Refusal::new("The password of replication is missing", detail).at(at("login")).into());
    };
    let node = node(run, spec);
    let Standby { host, port, login } = standby;
    let version = login.password_version.to_string();
    let input = password_line(&login.user, password);
    node.run("keeping the password", step!("password"), &[&version, ""], input, &run.budget).await?;
    let settings = node.following((host, *port), &login.user, SLOT_LIMIT);
    let port = port.to_string();
    let arguments = [host.as_str(), &port, &login.user, &node.slot(), ""];
    let input = Input::Bytes(settings.into_bytes().into());
    node.run("copying the data", step!("clone"), &arguments, input, &run.budget).await.map(drop)
}

/// Keeps the password of a standby where it is not kept: data that outlive their machine or container follow with
/// settings of their own, and the password is not among the data. One that is there is left alone, for it may be that of
/// another login since.
///
/// # Errors
/// It cannot be kept.
pub(crate) async fn keep_password(run: &Run, spec: &Spec) -> Result<(), Error> {
    let Some(login) = spec.standby.as_ref().map(|standby| &standby.login) else { return Ok(()) };
    let Some(password) = login.password.get() else { return Ok(()) };
    let version = login.password_version.to_string();
    let (node, input) = (node(run, spec), password_line(&login.user, password));
    let arguments = [version.as_str(), "missing"];
    node.run("keeping the password", step!("password"), &arguments, input, &run.budget).await.map(drop)
}

fn node(run: &Run, spec: &Spec) -> Node {
    let place = Place {
        version: spec.postgresql.version,
        cluster: spec.postgresql.cluster.clone(),
        data: spec.data_directory(),
        port: spec.postgresql.port,
    };
    Node { name: spec.name.clone(), machine: run.machine.clone(), place, address: String::new() }
}
