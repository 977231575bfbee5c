//! What only a trial tells: the speed of the disk, names, and whether machines reach each other. A trial leaves nothing
//! behind: who listens for it does so for a moment, and ends by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;

use super::preflight::{Finding, finding};
use super::run::Run;
use crate::errors::{Error, chain};

/// For how many seconds a machine listens for others at most.
const LISTENS: &str = "25";

/// `tcp` or `udp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A way from one machine to a port of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Way {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
}

/// A machine among those that must reach each other.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) run: Run,
    /// The address by which the others know it.
    pub(crate) address: String,
}

/// What came of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Reached,
    /// Nothing came back, or nothing arrived.
    Silent,
    /// It was rejected, in the words of the system.
    Rejected(String),
    /// It was not tried, or nobody listened.
    Unproven,
}

type Answers = BTreeMap<(Protocol, String, u16), String>;

/// How fast the disk of the data is. Nothing where it cannot be measured.
///
/// # Errors
/// The machine is not reached.
pub(crate) async fn disk(run: &Run, limit: Duration) -> Result<Option<Finding>, Error> {
    let data = run.distribution.data_dir();
    let said = run.script("measuring the disk", include_str!("scripts/fsync.sh"), &[data]).await?;
    Ok(slow(&said, limit))
}

fn slow(said: &str, limit: Duration) -> Option<Finding> {
    let mut words = said.split_whitespace();
    let (count, micros): (u32, u64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (mean, at) = (Duration::from_micros(micros).checked_div(count)?, words.next().unwrap_or_default());
    let ms = |length: Duration| length.as_secs_f64() * 1000.0;
    (mean > limit).then(|| {
        finding(
            "fsync",
            format!(
                "a write to {at} takes {:.1} ms until it is on the disk, on average over {count}, and {:.1} ms are the limit: the database \
                 would lose its leader under load. Give it a faster disk, or raise `preflight.fsync_limit`.",
                ms(mean),
                ms(limit)
            ),
        )
    })
}

/// Names that the machine cannot resolve.
///
/// # Errors
/// The machine is not reached.
pub(crate) async fn names(run: &Run, names: &[&str]) -> Result<Vec<Finding>, Error> {
    let names: Vec<&str> =
        names.iter().copied().filter(|name| name.parse::<std::net::IpAddr>().is_err()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let said = run.script("resolving names", include_str!("scripts/names.sh"), &names).await?;
    let told = |name: &str| {
        finding("dns", format!("it cannot resolve {name}: correct its resolver, or make the record first."))
    };
    Ok(said.lines().map(str::trim).filter(|line| !line.is_empty()).map(told).collect())
}

/// Whether a machine reaches these addresses and TCP ports from where it is, asked at once.
///
/// # Errors
/// The machine is not reached.
pub(crate) async fn reaches(run: &Run, ends: &[(String, u16)]) -> Result<Vec<Verdict>, Error> {
    if ends.is_empty() {
        return Ok(Vec::new());
    }
    let ports: Vec<String> = ends.iter().map(|(_, port)| port.to_string()).collect();
    let mut arguments = vec!["probe"];
    for ((address, _), port) in ends.iter().zip(&ports) {
        arguments.extend(["tcp", address, port]);
    }
    let said = run.script("reaching other machines", include_str!("scripts/reach.sh"), &arguments).await?;
    let answers = answers(&said);
    let of = |(address, port): &(String, u16)| answers.get(&(Protocol::Tcp, address.clone(), *port));
    Ok(ends.iter().map(|end| verdict(of(end).map(String::as_str))).collect())
}

/// Tries all ways between machines. `listens` tells where somebody listens already; everywhere else the machine does, for a
/// moment.
pub(crate) async fn between(
    places: &BTreeMap<String, Place>,
    ways: &[Way],
    listens: &BTreeSet<(String, Protocol, u16)>,
) -> Vec<(Way, Verdict)> {
    let ears = listen(places, ways, listens).await;
    let proven = |way: &&Way| {
        let end = (way.to.clone(), way.protocol, way.port);
        ears.contains(&end) || (way.protocol == Protocol::Tcp && listens.contains(&end))
    };
    let tried: Vec<&Way> = ways.iter().filter(proven).collect();
    let answers = reach(places, &tried).await;
    let heard = hear(places, &ears, &tried).await;
    ways.iter()
        .map(|way| {
            let verdict = match way.protocol {
                _ if !tried.contains(&way) => Verdict::Unproven,
                Protocol::Tcp => {
                    let to = places.get(&way.to).map(|place| place.address.clone()).unwrap_or_default();
                    let answer =
                        answers.get(&way.from).and_then(|all| all.get(&(Protocol::Tcp, to, way.port)));
                    verdict(answer.map(String::as_str))
                }
                Protocol::Udp if heard.contains(&(way.to.clone(), way.port, way.from.clone())) => {
                    Verdict::Reached
                }
                Protocol::Udp => Verdict::Silent,
            };
            (way.clone(), verdict)
        })
        .collect()
}

/// Makes machines listen where nobody does; answers where they do.
async fn listen(
    places: &BTreeMap<String, Place>,
    ways: &[Way],
    listens: &BTreeSet<(String, Protocol, u16)>,
) -> BTreeSet<(String, Protocol, u16)> {
    let mut wanted: BTreeMap<&str, BTreeSet<(Protocol, u16)>> = BTreeMap::new();
    for way in ways {
        let end = (way.to.clone(), way.protocol, way.port);
        if !listens.contains(&end) {
            wanted.entry(&way.to).or_default().insert((way.protocol, way.port));
        }
    }
    let each = wanted.iter().filter_map(|(name, ports)| Some((*name, ports, places.get(*name)?)));
    let asked = each.map(|(name, ports, place)| async move {
        let mut arguments = vec![LISTENS.to_owned()];
        for (protocol, port) in ports {
            arguments.extend([protocol.name().to_owned(), port.to_string()]);
        }
        let said = script(place, "listening for others", include_str!("scripts/listen.sh"), &arguments).await;
        let pairs = pairs(&said).into_iter();
        pairs.map(|(protocol, port)| (name.to_owned(), protocol, port)).collect::<Vec<_>>()
    });
    join_all(asked).await.into_iter().flatten().collect()
}

async fn reach(places: &BTreeMap<String, Place>, ways: &[&Way]) -> BTreeMap<String, Answers> {
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for way in ways {
        let Some(to) = places.get(&way.to) else { continue };
        let arguments = wanted.entry(&way.from).or_insert_with(|| vec![way.from.clone()]);
        arguments.extend([way.protocol.name().to_owned(), to.address.clone(), way.port.to_string()]);
    }
    let each = wanted.into_iter().filter_map(|(name, arguments)| Some((name, arguments, places.get(name)?)));
    let asked = each.map(|(name, arguments, place)| async move {
        let said = script(place, "reaching others", include_str!("scripts/reach.sh"), &arguments).await;
        (name.to_owned(), answers(&said))
    });
    join_all(asked).await.into_iter().collect()
}

/// Who heard whom: the listener, the port, and the sender. Ends the listening.
async fn hear(
    places: &BTreeMap<String, Place>,
    ears: &BTreeSet<(String, Protocol, u16)>,
    ways: &[&Way],
) -> BTreeSet<(String, u16, String)> {
    let listeners: BTreeSet<&String> = ears.iter().map(|(name, ..)| name).collect();
    let asked = listeners.into_iter().filter_map(|name| Some((name, places.get(name)?))).map(
        |(name, place)| async move {
            let expected = ways.iter().filter(|way| way.to == *name && way.protocol == Protocol::Udp).count();
            let arguments = [expected.to_string()];
            let said =
                script(place, "listening for others", include_str!("scripts/heard.sh"), &arguments).await;
            let line = |line: &str| {
                let (port, from) = line.trim().split_once(' ')?;
                Some((name.clone(), port.parse().ok()?, from.to_owned()))
            };
            said.lines().filter_map(line).collect::<Vec<_>>()
        },
    );
    join_all(asked).await.into_iter().flatten().collect()
}

/// What a machine says; nothing where it cannot be asked: then nothing is proven of it.
async fn script(place: &Place, what: &str, script: &str, arguments: &[String]) -> String {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match place.run.script(what, script, &arguments).await {
        Ok(said) => said,
        Err(error) => {
            tracing::warn!(machine = place.run.machine.name(), error = %chain(&error), "it cannot be probed");
            String::new()
        }
    }
}

fn protocol(word: &str) -> Option<Protocol> {
    [Protocol::Tcp, Protocol::Udp].into_iter().find(|it| it.name() == word)
}

fn pairs(said: &str) -> Vec<(Protocol, u16)> {
    let pair = |line: &str| {
        let (word, port) = line.trim().split_once(' ')?;
        Some((protocol(word)?, port.parse().ok()?))
    };
    said.lines().filter_map(pair).collect()
}

fn answers(said: &str) -> Answers {
    let answer = |line: &str| {
        let mut words = line.trim().splitn(4, ' ');
        let (protocol, address) = (protocol(words.next()?)?, words.next()?.to_owned());
        Some(((protocol, address, words.next()?.parse().ok()?), words.next().unwrap_or_default().to_owned()))
    };
    said.lines().filter_map(answer).collect()
}

fn verdict(answer: Option<&str>) -> Verdict {
    match answer {
        None | Some("") => Verdict::Unproven,
        Some("ok") => Verdict::Reached,
        Some("silent") => Verdict::Silent,
        Some(other) => Verdict::Rejected(other.to_owned()),
    }
}

/// A way that is closed, as a finding.
pub(crate) fn closed(way: &Way, address: &str, verdict: &Verdict) -> Option<Finding> {
    let why = match verdict {
        Verdict::Reached | Verdict::Unproven => return None,
        Verdict::Silent => "nothing comes through".to_owned(),
        Verdict::Rejected(why) => format!("it is rejected ({why})"),
    };
    let (from, to, port) = (&way.from, &way.to, way.port);
    Some(match way.protocol {
        Protocol::Tcp => finding(
            "reach",
            format!(
                "{from} does not reach {to} at {address}, TCP port {port}: {why}. Open it in firewalls and routes between them."
            ),
        ),
        Protocol::Udp => finding(
            "overlay",
            format!(
                "{from} does not reach {to} at {address}, UDP port {port}: {why}. Pods of one would not reach those of the other: open it \
                 between all nodes."
            ),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_disk_is_told_with_its_figure() {
        let found = slow("48 960000 /var/lib\n", Duration::from_millis(10)).unwrap();
        assert_eq!(found.code, "fsync");
        assert!(found.text.contains("20.0 ms") && found.text.contains("10.0 ms"), "{}", found.text);
        assert_eq!(slow("48 96000 /var/lib\n", Duration::from_millis(10)), None);
        assert_eq!(slow("", Duration::ZERO), None);
        assert_eq!(slow("0 1 /", Duration::ZERO), None);
    }

    #[test]
    fn answers_are_read() {
        let all =
            answers("tcp 10.0.0.1 9345 ok\ntcp fd00::1 6443 No route to host\nudp 10.0.0.1 8472 sent\nx\n");
        let of = |address: &str, port| {
            verdict(all.get(&(Protocol::Tcp, address.to_owned(), port)).map(String::as_str))
        };
        assert_eq!(of("10.0.0.1", 9345), Verdict::Reached);
        assert_eq!(of("fd00::1", 6443), Verdict::Rejected("No route to host".to_owned()));
        assert_eq!(of("10.0.0.1", 1), Verdict::Unproven);
        assert_eq!(pairs("tcp 9345\nudp 8472\nno\n"), [(Protocol::Tcp, 9345), (Protocol::Udp, 8472)]);
    }

    #[test]
    fn what_is_open_or_unproven_is_no_finding() {
        let way = Way { from: "a".into(), to: "b".into(), protocol: Protocol::Tcp, port: 2380 };
        assert_eq!(closed(&way, "10.0.0.2", &Verdict::Reached), None);
        assert_eq!(closed(&way, "10.0.0.2", &Verdict::Unproven), None);
        let found = closed(&way, "10.0.0.2", &Verdict::Silent).unwrap();
        assert!(
            found.code == "reach" && found.text.contains("a does not reach b at 10.0.0.2, TCP port 2380")
        );
        let way = Way { protocol: Protocol::Udp, ..way };
        assert_eq!(closed(&way, "10.0.0.2", &Verdict::Silent).unwrap().code, "overlay");
    }
}
