//! Rotation of the tokens: the database takes the new one, and every server's file names it. The nodes take it with a restart,
//! each when it is its turn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tf_framework::Path;
use transport_ssh::{FileSpec, Input, Machine, Secret};

use crate::api::{Access, SnapshotRequest};
use crate::config::FILE;
use crate::errors::{Error, Refusal};
use crate::host::lease::{Held, drop_lease, hold};
use crate::host::{Facts, Run, gather};
use crate::restore::Server;
use crate::snapshots::file::TokenHash;
use crate::token::Token;

/// Whose token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// That of servers, with which the database is encrypted.
    Servers,
    /// That of agents.
    Agents,
}

/// A rotation of a token.
pub(crate) struct Tokens<'a> {
    /// What the servers share: budget and clients.
    pub(crate) run: Run,
    /// The servers of the cluster.
    pub(crate) servers: &'a BTreeMap<String, Machine>,
    pub(crate) kind: Kind,
    /// Number of the rotation.
    pub(crate) number: u64,
    /// The new token, where it was given.
    pub(crate) given: Option<Secret>,
}

/// What is noted of a rotation, on the server that was asked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Note {
    number: u64,
    /// By which twelve digits the token before is known in the names of the database's keys. It is no secret.
    before: String,
    ended: bool,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It has ended.
    Ended,
    /// The database is asked to take the new token.
    Ask,
    /// It has it: all servers are to know.
    Spread,
    /// The new one is the old one.
    Same,
}

/// What is to be done: by what was noted, the token that the asked server has, the one that was given, and whether all servers
/// have the same.
fn next(number: u64, note: &Note, has: &str, given: Option<&str>, alike: bool) -> Next {
    let ours = note.number == number && !note.before.is_empty();
    match (ours, given == Some(has)) {
        (true, _) if note.ended => Next::Ended,
        // The token file tells: it is written with the database.
        (true, _) if note.before != has => Next::Spread,
        (false, true) if alike => Next::Same,
        // Somebody rotated it by hand, and the others do not know it.
        (_, true) => Next::Spread,
        _ => Next::Ask,
    }
}

/// A server that has a database.
struct Seen {
    server: Server,
    note: Note,
    token: Token,
}

impl Seen {
    fn hash(&self) -> String {
        TokenHash::of(&self.token.password).to_string()
    }
}

impl Kind {
    /// The key of the configuration.
    fn key(self) -> &'static str {
        match self {
            Self::Servers => "token",
            Self::Agents => "agent-token",
        }
    }

    /// The attribute with the new one.
    fn attribute(self) -> Path {
        Path::root().attribute("rotation").attribute(match self {
            Self::Servers => "token",
            Self::Agents => "agent_token",
        })
    }

    /// Name of the file with the note.
    fn note(self) -> &'static str {
        match self {
            Self::Servers => "token-rotation.json",
            Self::Agents => "agent-token-rotation.json",
        }
    }

    /// The user in the whole form.
    fn user(self) -> &'static str {
        match self {
            Self::Servers => "server",
            Self::Agents => "node",
        }
    }
}

impl Tokens<'_> {
    /// Does it, or goes on with it. Where no server is in the cluster yet there is nothing to do.
    ///
    /// # Errors
    /// It cannot be done now. A refusal has changed nothing.
    pub(crate) async fn run(&self) -> Result<(), Error> {
        let mut held = Vec::new();
        let servers: Vec<Server> = self
            .servers
            .iter()
            .map(|(name, machine)| Server {
                name: name.clone(),
                run: Run { machine: machine.clone(), ..self.run.clone() },
            })
            .collect();
        let done = match (self.look(&servers, &mut held).await, self.kind) {
            (Err(error), _) => Err(error),
            (Ok(seen), _) if seen.is_empty() => Ok(()),
            (Ok(seen), Kind::Servers) => self.rotate(seen).await,
            (Ok(seen), Kind::Agents) => self.spread_agents(&seen).await,
        };
        drop(held);
        for server in &servers {
            let _ = drop_lease(&server.run).await;
        }
        done
    }

    /// The servers that are in the cluster. Each must be there: one that misses the new token does not start any more.
    async fn look(&self, servers: &[Server], held: &mut Vec<Held>) -> Result<Vec<Seen>, Error> {
        let mut seen = Vec::new();
        for server in servers {
            let facts = gather(&server.run).await?;
            if !facts.database.etcd {
                continue;
            }
            if facts.server.active != "active" {
                let summary = format!("{} does not work, and would miss the new token", server.name);
                let detail = format!(
                    "Its service is {}. Every server has to take the new token while it works, else it does not start any more. Bring it \
                     back, or take it out, and apply again. Nothing was changed.",
                    facts.server.active
                );
                return Err(Refusal::new(summary, detail).at(self.kind.attribute()).into());
            }
            self.ours(server, &facts)?;
            held.push(hold(&server.run).await?);
            let token = token(server).await?;
            seen.push(Seen { note: self.note(server).await?, token, server: server.clone() });
        }
        Ok(seen)
    }

    /// The token in force is that of our file: what others wrote behind it would win at the next start.
    fn ours(&self, server: &Server, facts: &Facts) -> Result<(), Error> {
        let in_force = facts.in_force();
        let other =
            in_force.get(self.kind.key()).and_then(|it| it.files.iter().find(|file| !file.ends_with(FILE)));
        let Some(file) = other else { return Ok(()) };
        let summary = format!("The token of {} is set by hand", server.name);
        let detail = format!(
            "{file} sets `{}`. Remove it there, and apply again. Nothing was changed.",
            self.kind.key()
        );
        Err(Refusal::new(summary, detail).at(self.kind.attribute()).into())
    }

    /// The password of the token that was given; nothing where one is to be made at random.
    fn new_password(&self, seen: &[Seen]) -> Result<Option<Secret>, Error> {
        let Some(given) = &self.given else { return Ok(None) };
        let refused =
            |detail: String| Refusal::new("The new token cannot be used", detail).at(self.kind.attribute());
        let parsed = Token::parse(given.expose()).map_err(|error| refused(format!("{error}.")))?;
        let theirs = seen.first().and_then(|it| it.token.authority.clone());
        if parsed.authority.is_some() && parsed.authority != theirs {
            return Err(refused("It names the authority of another cluster.".to_owned()).into());
        }
        Ok(Some(parsed.password))
    }

    async fn rotate(&self, mut seen: Vec<Seen>) -> Result<(), Error> {
        let given = self.new_password(&seen)?;
        let hash = given.as_ref().map(|given| TokenHash::of(given).to_string());
        let begun = seen.iter().position(|it| it.note.number == self.number && !it.note.before.is_empty());
        let has_it = || seen.iter().position(|it| Some(it.hash()) == hash);
        let at = begun.or_else(has_it).unwrap_or_default();
        let hashes: Vec<String> = seen.iter().map(Seen::hash).collect();
        let alike = hashes.windows(2).all(|pair| pair.first() == pair.last());
        let Some(one) = seen.get_mut(at) else { return Ok(()) };
        let mut asked = false;
        loop {
            let next = next(self.number, &one.note, &one.hash(), hash.as_deref(), alike);
            tracing::info!(number = self.number, server = %one.server.name, ?next, "rotation of the token");
            match next {
                Next::Ended => return Ok(()),
                Next::Spread => break,
                Next::Same => {
                    let detail = "It is the token that the cluster has already. Give another one. Nothing was changed.";
                    return Err(Refusal::new("The new token is the old one", detail)
                        .at(self.kind.attribute())
                        .into());
                }
                Next::Ask if asked => {
                    return Err(Error::Answer {
                        machine: one.server.run.machine.name().to_owned(),
                        problem: "it took the new token, and its token file names the old one".to_owned(),
                    });
                }
                Next::Ask => {
                    self.ask(one, given.as_ref()).await?;
                    asked = true;
                }
            }
        }
        let (whole, first, note) = (one.token.pinned(), one.server.clone(), one.note.clone());
        let whole = whole.ok_or_else(|| Error::Answer {
            machine: first.run.machine.name().to_owned(),
            problem: "its token is not of the whole form".to_owned(),
        })?;
        for it in &seen {
            self.set(&it.server, &whole).await?;
        }
        self.write(&first, &Note { number: self.number, ended: true, ..note }).await
    }

    /// Asks a server to encrypt what is in the database with the new token. A snapshot comes first: it opens with the old one.
    async fn ask(&self, one: &mut Seen, given: Option<&Secret>) -> Result<(), Error> {
        let budget = &self.run.budget;
        let access = Access::open(&one.server.run.machine, self.run.distribution, budget).await?;
        let name = format!("before-token-{}", self.number);
        access.supervisor().snapshot(&SnapshotRequest::save(name), budget).await?;
        one.note = Note { number: self.number, before: one.hash(), ended: false };
        self.write(&one.server, &one.note).await?;
        let new = given.cloned().map_or_else(random, Ok)?;
        access.supervisor().rotate_token(&new, budget).await?;
        one.token = token(&one.server).await?;
        Ok(())
    }

    /// Gives all servers the new token of agents. None has it before it is restarted: until all were told it is begun anew.
    async fn spread_agents(&self, seen: &[Seen]) -> Result<(), Error> {
        let ended = Note { number: self.number, before: String::new(), ended: true };
        let Some(first) = seen.first().filter(|_| !seen.iter().any(|it| it.note == ended)) else {
            return Ok(());
        };
        let password = self.new_password(seen)?.map_or_else(random, Ok)?;
        for it in seen {
            let authority = it.token.authority.clone();
            let whole =
                Token { authority, user: Some(self.kind.user().to_owned()), password: password.clone() };
            let whole = whole.pinned().ok_or_else(|| Error::Answer {
                machine: it.server.run.machine.name().to_owned(),
                problem: "its token is not of the whole form".to_owned(),
            })?;
            self.set(&it.server, &whole).await?;
        }
        self.write(&first.server, &ended).await
    }

    async fn set(&self, server: &Server, token: &Secret) -> Result<(), Error> {
        let path = format!("{}/config.yaml.d/{FILE}", self.run.distribution.config_dir());
        let text = json!(token.expose()).to_string();
        let length = text.len().to_string();
        let arguments = [path.as_str(), self.kind.key(), &length];
        let input = Input::Secret(Secret::new(text));
        server
            .run
            .script_with("setting the token", include_str!("scripts/token.sh"), &arguments, input)
            .await
            .map(drop)
    }

    fn path(&self) -> String {
        format!("{}/{}", self.run.distribution.journal_dir(), self.kind.note())
    }

    async fn note(&self, server: &Server) -> Result<Note, Error> {
        let bytes = server.run.machine.read(&self.path(), 1 << 16, &server.run.budget).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    async fn write(&self, server: &Server, note: &Note) -> Result<(), Error> {
        let content = Input::Bytes(format!("{}\n", json!(note)).into_bytes().into());
        server.run.put(&FileSpec { path: self.path(), content, mode: 0o600, owner: None }).await
    }
}

/// A password that nobody guesses.
fn random() -> Result<Secret, Error> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes).map_err(|error| {
        Refusal::new("No token can be made", format!("This machine has no random numbers: {error}."))
    })?;
    Ok(Secret::new(bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))))
}

/// The token of servers that a server runs with.
async fn token(server: &Server) -> Result<Token, Error> {
    let path = format!("{}/server/token", server.run.distribution.data_dir());
    let bytes = server.run.machine.read(&path, 1 << 16, &server.run.budget).await?.unwrap_or_default();
    let text = Secret::new(String::from_utf8_lossy(&bytes).into_owned());
    Token::parse(text.expose()).map_err(|error| Error::Answer {
        machine: server.run.machine.name().to_owned(),
        problem: format!("{path}: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wherever_it_was_killed_it_goes_on() {
        let none = Note::default();
        let asked = Note { number: 2, before: "old".into(), ended: false };
        let ended = Note { ended: true, ..asked.clone() };
        for given in [None, Some("new")] {
            assert_eq!(next(2, &none, "old", given, true), Next::Ask);
            // Noted, and killed before the server was asked, or before it did it.
            assert_eq!(next(2, &asked, "old", given, true), Next::Ask);
            // Killed before the others knew.
            assert_eq!(next(2, &asked, "new", given, false), Next::Spread);
            assert_eq!(next(2, &ended, "new", given, true), Next::Ended);
        }
        // The next one.
        assert_eq!(next(3, &ended, "new", Some("newer"), true), Next::Ask);
        assert_eq!(next(3, &ended, "new", None, true), Next::Ask);
    }

    #[test]
    fn the_same_token_is_no_rotation_but_one_that_was_rotated_by_hand_is_spread() {
        let none = Note::default();
        assert_eq!(next(2, &none, "old", Some("old"), true), Next::Same);
        assert_eq!(next(2, &none, "new", Some("new"), false), Next::Spread);
    }
}
