//! The door that every command over SSH passes: it is written down, counted, and stopped where a test says so.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use regex::Regex;
use serde::Serialize;

use super::RealError;
use super::run::file_error;
use crate::peer;

/// What sshd runs in place of a command.
pub(super) const DOOR: &str = include_str!("door.pl");
/// Where it is in a root file system.
pub(super) const DOOR_PATH: &str = "usr/local/sbin/lab-door";

/// How much of a command is kept.
const KEPT: usize = 200;
/// How much of its end.
const KEPT_END: usize = 100;

/// A command that came by SSH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// Counted from 1.
    pub sequence: u64,
    /// When it came, in milliseconds since 1970.
    pub time: u64,
    /// Host name of the container, or name of the node.
    pub target: String,
    /// The first 200 characters of it.
    pub command: String,
    /// The last 100 characters of it, which are its arguments.
    pub end: String,
    /// How it ended; none while it runs, and where its end was not seen.
    pub status: Option<i32>,
    /// How long it took, in milliseconds.
    pub millis: Option<u64>,
    /// Whether an armed stop struck here.
    pub struck: bool,
    /// By what it is known: the same for what is asked again in another run, the how-manieth time in that run, and in another
    /// laboratory.
    #[serde(skip)]
    pub key: u64,
}

/// Where a command is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has not run and will not.
    Before,
    /// It has run; what became of it is not heard.
    After,
}

/// What happens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// The process at the other end of the connection is killed (SIGKILL).
    KillClient,
    /// The connection is cut.
    Drop,
    /// Nothing goes on until [`Doors::release`]; the connection is cut then.
    Hold,
}

/// A stop to be armed.
#[derive(Debug, Clone)]
pub struct Stop {
    /// Name of the target; any where empty.
    pub target: String,
    /// Regular expression for the command; any where empty.
    pub command: String,
    /// The how-manieth match, counted from 1.
    pub nth: u64,
    /// How many matches it hits; 0 for all that follow.
    pub times: u64,
    /// Whether commands that were struck before do not count: each run then comes one step further.
    pub fresh: bool,
    /// Which of how many parts of all commands it hits, counted from 0: each command is in one of them, in every
    /// laboratory the same. The only one unless said otherwise.
    pub part: (u64, u64),
    /// Before or after it.
    pub moment: Moment,
    /// What happens.
    pub strike: Strike,
}

impl Default for Stop {
    fn default() -> Self {
        let (target, command) = Default::default();
        Self {
            target,
            command,
            nth: 1,
            times: 1,
            fresh: false,
            part: (0, 1),
            moment: Moment::Before,
            strike: Strike::KillClient,
        }
    }
}

#[derive(Debug)]
struct Armed {
    stop: Stop,
    pattern: Regex,
    seen: u64,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    commands: Vec<Command>,
    armed: Vec<Armed>,
    /// How often each command came since [`Doors::clear`].
    times: BTreeMap<(String, String), u64>,
    /// Keys of commands that were struck.
    struck: BTreeSet<u64>,
    /// Numbers of the commands that are held.
    held: BTreeSet<u64>,
    /// Up to here what is held goes on.
    released: u64,
    ended: bool,
}

/// The doors of a laboratory. One service for all its containers and nodes.
#[derive(Debug, Clone)]
pub struct Doors {
    shared: Arc<(Mutex<State>, Condvar)>,
    address: SocketAddr,
}

impl Doors {
    /// Listens on the bridge's address.
    pub(super) fn open(host: Ipv4Addr) -> Result<Self, RealError> {
        let failed = || file_error(format!("the door's service cannot listen on {host}"));
        let listener = TcpListener::bind((host, 0)).map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let doors = Self { shared: Arc::default(), address };
        let service = doors.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if service.state().ended {
                    return;
                }
                let service = service.clone();
                std::thread::spawn(move || service.serve(&stream));
            }
        });
        Ok(doors)
    }

    /// What sshd is told to run for a target.
    pub(super) fn forced(&self, target: &str) -> String {
        format!("exec /{DOOR_PATH} {} {} {target}", self.address.ip(), self.address.port())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every command so far.
    #[must_use]
    pub fn commands(&self) -> Vec<Command> {
        self.state().commands.clone()
    }

    /// Forgets the commands so far.
    pub fn clear(&self) {
        let mut state = self.state();
        state.commands.clear();
        state.times.clear();
    }

    /// Forgets at which commands stops struck: a fresh stop begins anew.
    pub fn forget(&self) {
        self.state().struck.clear();
    }

    /// Arms a stop.
    ///
    /// # Errors
    /// The pattern is no regular expression.
    pub fn arm(&self, stop: Stop) -> Result<(), regex::Error> {
        let pattern = Regex::new(&stop.command)?;
        self.state().armed.push(Armed { stop, pattern, seen: 0 });
        Ok(())
    }

    /// Disarms every stop, and lets go what is held: what was held before it ran does not run.
    pub fn release(&self) {
        let mut state = self.state();
        state.armed.clear();
        state.released = state.next;
        self.shared.1.notify_all();
    }

    /// Waits until a command is held; tells whether one is.
    #[must_use]
    pub fn wait_held(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut state = self.state();
        while state.held.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Ends the service.
    pub(super) fn close(&self) {
        self.release();
        self.state().ended = true;
        // It looks up only when somebody comes.
        drop(TcpStream::connect(self.address));
    }

    fn serve(&self, stream: &TcpStream) {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let Some((number, peers)) = lines.next().and_then(|line| self.begin(&line)) else { return };
        let began = Instant::now();
        let answer = self.pass(number, Moment::Before, peers);
        if writeln!(&*stream, "{answer}").is_err() || answer != "go" {
            return;
        }
        let Some(status) = lines.next().and_then(|line| line.strip_prefix("after ")?.parse::<i32>().ok())
        else {
            return;
        };
        self.amend(number, |command| {
            command.status = Some(status);
            command.millis = u64::try_from(began.elapsed().as_millis()).ok();
        });
        let answer = self.pass(number, Moment::After, peers);
        let _ = writeln!(&*stream, "{answer}");
    }

    /// Writes a command down: `before TARGET CLIENT PORT SERVER PORT COMMAND`.
    fn begin(&self, line: &str) -> Option<(u64, Option<(SocketAddr, SocketAddr)>)> {
        let mut words = line.strip_prefix("before ")?.splitn(6, ' ');
        let target = words.next()?.to_owned();
        let mut address = || -> Option<SocketAddr> {
            let (host, port) = (words.next()?, words.next()?);
            Some(SocketAddr::new(host.parse().ok()?, port.parse().ok()?))
        };
        let peers = address().zip(address());
        let text = line.splitn(7, ' ').nth(6).unwrap_or_default();
        let text = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
        let which = (target.clone(), lasting(&text));
        let command = text.chars().take(KEPT).collect();
        let length = text.chars().count();
        let end = text.chars().skip(length.saturating_sub(KEPT_END)).collect();
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut state = self.state();
        let times = state.times.entry(which.clone()).or_default();
        *times += 1;
        let key = key(&which, *times);
        state.next += 1;
        let sequence = state.next;
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (status, millis, struck) = (None, None, false);
        state.commands.push(Command { sequence, time, target, command, end, status, millis, struck, key });
        Some((sequence, peers))
    }

    fn amend(&self, number: u64, change: impl FnOnce(&mut Command)) {
        if let Some(command) = self.state().commands.iter_mut().find(|c| c.sequence == number) {
            change(command);
        }
    }

    /// What the door is answered at this moment, once it may go on.
    fn pass(&self, number: u64, moment: Moment, peers: Option<(SocketAddr, SocketAddr)>) -> &'static str {
        let Some(strike) = self.struck(number, moment) else { return "go" };
        self.amend(number, |command| command.struck = true);
        match strike {
            Strike::Drop => {}
            Strike::KillClient => {
                if let Some((client, server)) = peers {
                    peer::kill_now(client, server);
                }
            }
            Strike::Hold => self.hold(number),
        }
        "drop"
    }

    fn struck(&self, number: u64, moment: Moment) -> Option<Strike> {
        let mut state = self.state();
        let found = state.commands.iter().find(|c| c.sequence == number).cloned()?;
        let known = state.struck.contains(&found.key);
        let mut struck = None;
        for armed in state.armed.iter_mut().filter(|armed| armed.stop.moment == moment) {
            let here = armed.stop.target.is_empty() || armed.stop.target == found.target;
            let (part, parts) = armed.stop.part;
            let here = here && found.key % parts.max(1) == part;
            if here && !(known && armed.stop.fresh) && armed.pattern.is_match(&found.command) {
                armed.seen += 1;
                let (nth, times) = (armed.stop.nth, armed.stop.times);
                if armed.seen >= nth && (times == 0 || armed.seen < nth + times) {
                    struck = struck.or(Some(armed.stop.strike));
                }
            }
        }
        if struck.is_some() {
            state.struck.insert(found.key);
        }
        struck
    }

    fn hold(&self, number: u64) {
        let mut state = self.state();
        state.held.insert(number);
        self.shared.1.notify_all();
        while state.released < number && !state.ended {
            state = self.shared.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.held.remove(&number);
    }
}

/// From here on it does not matter how often a command came: what waits asks for as long as it takes.
const OFTEN: u64 = 6;

/// By what a command is known that came for the how-manieth time.
fn key(which: &(String, String), times: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (which, times.min(OFTEN)).hash(&mut hasher);
    hasher.finish()
}

/// A command without what is another one a second later, or in another laboratory: times and other long numbers, the ends of
/// names that were drawn, networks.
fn lasting(command: &str) -> String {
    type Rules = [(Result<Regex, regex::Error>, &'static str); 4];
    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        [
            (Regex::new(r"/acc-\w+"), "/acc"),
            (Regex::new(r"\b\d+\.\d+\.\d+\.(\d+)\b"), "net.$1"),
            (Regex::new(r"-[0-9a-f]{8}\b"), "-#"),
            (Regex::new(r"\d{9,}"), "#"),
        ]
    });
    RULES.iter().fold(command.to_owned(), |text, (rule, with)| match rule {
        Ok(rule) => rule.replace_all(&text, *with).into_owned(),
        Err(_) => text,
    })
}

#[cfg(test)]
mod tests {
    use super::{OFTEN, key, lasting};

    #[test]
    fn what_changes_by_itself_does_not_make_another_command() {
        assert_eq!(lasting("a 17 b 1795320711 c"), "a 17 b # c");
        assert_eq!(lasting("/tmp/acc-E46hmo/w https://10.87.128.12:9345"), "/tmp/acc/w https://net.12:9345");
        assert_eq!(lasting("node a-1f2e3d4c, v1.33.4+rke2r1"), "node a-#, v1.33.4+rke2r1");
    }

    #[test]
    fn the_same_command_again_is_another_one_up_to_a_number() {
        let of = |target: &str| (target.to_owned(), "x".to_owned());
        assert_eq!(key(&of("a"), 1), key(&of("a"), 1));
        assert_ne!(key(&of("a"), 1), key(&of("b"), 1));
        assert_ne!(key(&of("a"), 1), key(&of("a"), 2));
        assert_eq!(key(&of("a"), OFTEN), key(&of("a"), OFTEN + 1));
    }
}
