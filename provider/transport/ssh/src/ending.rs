//! How a command on a machine is ended before its time.
//!
//! SSH knows a request for it, but OpenSSH's server refuses it for root (it signals from its privileged process, and a
//! login of root has none), and a channel that is closed leaves the command running. So each command says the number of
//! its process first, and is ended by another command.

use russh::ChannelMsg;

use crate::connect::Connection;

/// What a command says first, on standard error.
const WORD: &str = "hybridops-session";

/// Standard error up to here is searched for that line: what a login shell says before it.
const SEARCHED: usize = 64 << 10;

/// A command line that says the number of its process group first. `sshd` makes the shell the leader of one.
pub(crate) fn announced(command: &str) -> String {
    format!("printf '%s %s\\n' {WORD} $$ >&2; {command}")
}

/// Takes the announcement out of standard error.
#[derive(Debug, Default)]
pub(crate) struct Announcement {
    held: Vec<u8>,
    over: bool,
    group: Option<u32>,
}

impl Announcement {
    /// The process group, once it was said.
    pub(crate) fn group(&self) -> Option<u32> {
        self.group
    }

    /// What of this is the command's own.
    pub(crate) fn strip(&mut self, data: &[u8]) -> Vec<u8> {
        if self.over {
            return data.to_vec();
        }
        self.held.extend_from_slice(data);
        match find(&self.held) {
            Some((start, end, group)) => {
                self.over = true;
                self.group = Some(group);
                let mut own = std::mem::take(&mut self.held);
                own.drain(start..end);
                own
            }
            None if self.held.len() > SEARCHED => self.rest(),
            None => Vec::new(),
        }
    }

    /// What was held back, at the end of the command.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        self.over = true;
        std::mem::take(&mut self.held)
    }
}

/// Where the line stands, and the number in it.
fn find(held: &[u8]) -> Option<(usize, usize, u32)> {
    let mut start = 0;
    for line in held.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        let number = line.strip_prefix(WORD.as_bytes()).and_then(|rest| rest.strip_suffix(b"\n"));
        if let Some(number) = number.and_then(|text| std::str::from_utf8(text).ok()?.trim().parse().ok()) {
            return Some((start, end, number));
        }
        start = end;
    }
    None
}

/// Sends a signal to a process group. What goes wrong is only logged: the caller sees by the channel whether it ended.
pub(crate) async fn signal(connection: &Connection, rights: Option<&str>, group: u32, signal: &str) {
    let kill = format!("/bin/sh -c 'kill -s {signal} -- -{group}'");
    let line = rights.map_or(kill.clone(), |rights| format!("{rights} {kill}"));
    let work = async {
        let mut channel = connection.session().await?;
        channel.exec(true, line).await?;
        while !matches!(channel.wait().await, None | Some(ChannelMsg::Close)) {}
        Ok::<(), russh::Error>(())
    };
    if let Err(error) = work.await {
        tracing::warn!(%error, group, signal, machine = connection.address(), "a command could not be ended");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_announcement_goes_and_the_rest_stays(
            before in "([a-z ]{0,9}\n){0,2}", after in "[a-z\n]{0,20}", number in 1_u32.., size in 1_usize..9
        ) {
            let text = format!("{before}{WORD} {number}\n{after}");
            let mut announcement = Announcement::default();
            let mut own: Vec<u8> = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                own.extend(announcement.strip(piece));
            }
            own.extend(announcement.rest());
            prop_assert_eq!(String::from_utf8(own).unwrap(), format!("{before}{after}"));
            prop_assert_eq!(announcement.group(), Some(number));
        }

        #[test]
        fn without_one_nothing_is_lost(text in "[a-z\n]{0,40}") {
            let mut announcement = Announcement::default();
            let mut own = announcement.strip(text.as_bytes());
            own.extend(announcement.rest());
            prop_assert_eq!(String::from_utf8(own).unwrap(), text);
        }
    }
}
