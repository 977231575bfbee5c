//! One member: its machine, and the scripts that are run on it.

use hosts::{Machine, MachineError};
use transport_ssh::{Budget, Input, Secret};

use super::facts::{Member as Facts, parse};
use super::model::slot_of;
use crate::errors::Error;

/// What all members have in common.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Major version.
    pub(crate) version: u32,
    /// Name of the cluster on the machine.
    pub(crate) cluster: String,
    /// Directory of the data.
    pub(crate) data: String,
    /// Port.
    pub(crate) port: u16,
}

/// A member as steps work on it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Its name.
    pub(crate) name: String,
    /// Its machine.
    pub(crate) machine: Machine,
    /// What it has in common with the others.
    pub(crate) place: Place,
    /// Where the others reach it.
    pub(crate) address: String,
}

/// A step's script, behind what all of them share.
macro_rules! step {
    ($name:literal) => {
        concat!(include_str!("common.sh"), include_str!(concat!("steps/", $name, ".sh")))
    };
}
pub(crate) use step;

const FACTS: &str = concat!(include_str!("common.sh"), include_str!("facts.sh"));

impl Node {
    /// Runs a script with what the member is, then `arguments`.
    pub(crate) async fn run(
        &self,
        what: &str,
        script: &str,
        arguments: &[&str],
        input: Input,
        budget: &Budget,
    ) -> Result<String, Error> {
        let arguments = self.arguments(arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let what = format!("{what} of {}", self.name);
        Ok(self.machine.check(&what, script, &arguments, input, budget).await?)
    }

    /// The same, where the exit code says something.
    pub(crate) async fn ask(
        &self,
        script: &str,
        arguments: &[&str],
        budget: &Budget,
    ) -> Result<transport_ssh::Output, Error> {
        let arguments = self.arguments(arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let asked = self.machine.run(script, &arguments, Input::Nothing, budget).await;
        Ok(asked.map_err(MachineError::from)?)
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let Place { version, cluster, data, port } = &self.place;
        let common =
            [version.to_string(), cluster.clone(), data.clone(), port.to_string(), self.name.clone()];
        common.into_iter().chain(more.iter().map(|text| (*text).to_owned())).collect()
    }

    /// Looks at it, in one round trip.
    pub(crate) async fn look(&self, budget: &Budget) -> Result<Facts, Error> {
        let said = self.run("looking at the replication", FACTS, &[], Input::Nothing, budget).await?;
        parse(&said, self.machine.name())
    }

    /// Name of its slot on the others, and the name it gives itself.
    pub(crate) fn slot(&self) -> String {
        slot_of(&self.name)
    }

    /// Directory of its state.
    pub(crate) fn state(&self) -> String {
        format!("/var/lib/hybridops/postgresql/{}-{}", self.place.version, self.place.cluster)
    }

    /// Its settings as a standby of another member.
    pub(crate) fn following(&self, primary: (&str, u16), user: &str, slot_limit: i64) -> String {
        let (host, port) = primary;
        let conninfo = format!(
            "host={} port={port} user={} application_name={} connect_timeout=10 passfile={}/replication.pass",
            word(host),
            word(user),
            self.slot(),
            self.state()
        );
        format!(
            "# Kept by Terraform (hybridops): what is changed here is changed back.\nprimary_conninfo = {}\n\
             primary_slot_name = '{}'\n{}synchronous_standby_names = ''\n",
            quoted(&conninfo),
            self.slot(),
            limit(slot_limit)
        )
    }
}

/// The settings of a primary.
pub(crate) fn leading(synchronous: &str, slot_limit: i64) -> String {
    format!(
        "# Kept by Terraform (hybridops): what is changed here is changed back.\nsynchronous_standby_names = {}\n{}",
        quoted(synchronous),
        limit(slot_limit)
    )
}

fn limit(mebibytes: i64) -> String {
    if mebibytes < 0 {
        return String::new();
    }
    format!("max_slot_wal_keep_size = '{mebibytes}MB'\n")
}

/// A value of `postgresql.conf`.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A value of a connection string.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A line of a password file for every server.
pub(crate) fn password_line(user: &str, password: &str) -> Input {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
    Input::Secret(Secret::new(format!("*:*:*:{}:{}\n", escaped(user), escaped(password))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        assert_eq!(word("10.0.0.1"), "10.0.0.1");
        assert_eq!(word("o'clock\\"), r"'o\'clock\\'");
        assert_eq!(quoted("a 'b'"), "'a ''b'''");
        let Input::Secret(line) = password_line("u", r"a:b\c") else { panic!("a secret") };
        assert_eq!(line.expose(), "*:*:*:u:a\\:b\\\\c\n");
    }
}
