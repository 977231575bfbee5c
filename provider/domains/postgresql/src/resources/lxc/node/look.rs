//! What the node says of the directory, and whether it may be used: a function from facts to a refusal.

use std::collections::BTreeMap;

use tf_framework::Path;

use super::Wish;
use crate::errors::Refusal;
use crate::instance::facts::Marker;

/// Something at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Found {
    /// A directory.
    Directory {
        /// Number of its owner.
        user: u32,
        /// Number of its group.
        group: u32,
        /// Its mode.
        mode: u32,
        /// How many entries it has.
        entries: u64,
    },
    /// A symbolic link.
    Link,
    /// Something else.
    Other,
}

/// What the node says of the directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct NodeLook {
    /// What is there, by path.
    pub(in super::super) found: BTreeMap<String, Found>,
    /// Major versions of clusters by path, as they say themselves.
    pub(in super::super) versions: BTreeMap<String, String>,
    /// System identifiers of clusters by path, as their control files say.
    pub(in super::super) controls: BTreeMap<String, String>,
    /// Markers by path, as they stand there.
    pub(in super::super) markers: BTreeMap<String, String>,
    /// Containers that have it mounted, with their host names.
    pub(in super::super) mounted_by: Vec<(u32, String)>,
    /// Whether the node has no ZFS although a data set is wanted.
    pub(in super::super) no_zfs: bool,
    /// Where the data set is mounted, where it is there.
    pub(in super::super) dataset: Option<String>,
}

impl NodeLook {
    /// Reads the answer.
    ///
    /// # Errors
    /// It was cut off.
    pub(super) fn parse(said: &str) -> Result<Self, String> {
        let mut look = Self::default();
        let mut ended = false;
        for line in said.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "end" => ended = true,
                "no_zfs" => look.no_zfs = true,
                "dataset" => look.dataset = rest.split_whitespace().next().map(str::to_owned),
                "link" => drop(look.found.insert(rest.to_owned(), Found::Link)),
                "other" => drop(look.found.insert(rest.to_owned(), Found::Other)),
                "directory" => look.found.extend(directory(rest)),
                "version" => look.versions.extend(
                    rest.split_once(' ').map(|(version, path)| (path.to_owned(), version.to_owned())),
                ),
                "control" => look
                    .controls
                    .extend(rest.split_once(' ').map(|(id, path)| (path.to_owned(), id.to_owned()))),
                "marker" => look
                    .markers
                    .extend(rest.split_once(' ').map(|(path, text)| (path.to_owned(), text.to_owned()))),
                "mounted_by" => look.mounted_by.extend(mounted_by(rest)),
                _ => {}
            }
        }
        if ended { Ok(look) } else { Err("it was cut off".to_owned()) }
    }

    /// Whether the directory may be used as it is.
    ///
    /// # Errors
    /// Why it may not, and what to do. Nothing was changed.
    pub(super) fn judge(&self, wish: &Wish) -> Result<(), Refusal> {
        self.judge_dataset(wish)?;
        let (data, etc) = (format!("{}/data", wish.path), format!("{}/etc", wish.path));
        for path in [&wish.path, &data, &etc] {
            if let Some(Found::Link | Found::Other) = self.found.get(path) {
                return Err(refuse(
                    format!("{path} is no directory"),
                    format!(
                        "{path} is in the way. Nothing was changed. Move it away, or choose another `host_path`."
                    ),
                ));
            }
        }
        if let Some((other, _)) = self.mounted_by.iter().find(|(vmid, name)| !wish.may_mount(*vmid, name)) {
            return Err(refuse(
                format!("{} belongs to another container", wish.path),
                format!(
                    "Container {other} has {data} mounted. Two servers on one directory destroy it. Take the mount point out of container \
                     {other}, or destroy that container."
                ),
            ));
        }
        self.judge_owner(&data, wish.user, wish.group, "the data")?;
        self.judge_owner(&etc, wish.base, wish.base, "the configuration")?;
        self.judge_cluster(wish)
    }

    fn judge_dataset(&self, wish: &Wish) -> Result<(), Refusal> {
        let Some(dataset) = &wish.dataset else { return Ok(()) };
        if self.no_zfs {
            return Err(refuse(
                "The node has no ZFS".to_owned(),
                format!(
                    "There is no program `zfs`, so that there is no data set {dataset}. Leave `zfs_dataset` out."
                ),
            ));
        }
        match &self.dataset {
            Some(mountpoint) if *mountpoint != wish.path => Err(refuse(
                format!("Data set {dataset} is mounted elsewhere"),
                format!(
                    "It is mounted at {mountpoint}, not at {}. Set its mount point, `zfs set mountpoint={} {dataset}`, or choose that \
                     `host_path`.",
                    wish.path, wish.path
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What holds something must belong to the right user: nobody guesses whose it is.
    fn judge_owner(&self, path: &str, user: u32, group: u32, what: &str) -> Result<(), Refusal> {
        let Some(Found::Directory { user: u, group: g, entries, .. }) = self.found.get(path) else {
            return Ok(());
        };
        if *entries == 0 || (*u == user && *g == group) {
            return Ok(());
        }
        Err(refuse(
            format!("{path} belongs to somebody else"),
            format!(
                "It holds something and belongs to {u}:{g}; {what} of the container belongs to {user}:{group} on the node, which is \
                 `idmap_base` plus the number inside. Nothing was changed. If it is this member's data, set `data.idmap_base` and \
                 `postgresql.user_id` to what it was made with, or give it away: `chown -R --from={u}:{g} {user}:{group} {path}`."
            ),
        ))
    }

    fn judge_cluster(&self, wish: &Wish) -> Result<(), Refusal> {
        let place = format!("{}/data/{}/{}", wish.path, wish.version, wish.cluster);
        self.judge_versions(wish, &place)?;
        let marker = self.markers.get(&format!("{place}.hybridops.json"));
        let marker: Option<Marker> = marker.and_then(|text| serde_json::from_str(text).ok());
        if let Some(marker) = &marker {
            judge_marker(wish, &place, marker)?;
        }
        let Some(Found::Directory { user, group, mode, entries }) = self.found.get(&place) else {
            return missing(wish, &place, marker.as_ref());
        };
        if *entries == 0 {
            return missing(wish, &place, marker.as_ref());
        }
        if (*user, *group) != (wish.user, wish.group) {
            return self.judge_owner(&place, wish.user, wish.group, "the data");
        }
        if mode & 0o7777 != 0o700 && mode & 0o7777 != 0o750 {
            return Err(refuse(
                format!("{place} has mode {:04o}", mode & 0o7777),
                format!(
                    "PostgreSQL takes only 0700 and 0750: somebody else could read or change the data. Nothing was changed. Find out who \
                     opened it, then `chmod 0700 {place}`."
                ),
            ));
        }
        if !self.versions.contains_key(&place) {
            return Err(refuse(
                format!("{place} holds something else"),
                "It is not empty and holds no cluster. Nothing was changed. Move it away, or choose another `host_path`."
                    .to_owned(),
            ));
        }
        match (self.controls.get(&place), known(wish, marker.as_ref())) {
            (Some(is), Some(known)) if is != known => Err(another(&place, is, known)),
            _ => Ok(()),
        }
    }

    fn judge_versions(&self, wish: &Wish, place: &str) -> Result<(), Refusal> {
        let end = format!("/{}", wish.cluster);
        let other = self.versions.iter().find(|(path, version)| {
            path.ends_with(&end) && (version.trim() != wish.version.to_string() || *path != place)
        });
        let Some((path, version)) = other else { return Ok(()) };
        Err(refuse(
            format!("{path} holds a cluster of version {version}"),
            format!(
                "Version {} is wanted. A major version is upgraded with pg_upgrade, not by starting another program on the data. \
                 Nothing was changed. Set `postgresql.version = {version}`, or choose another `host_path`.",
                wish.version
            ),
        ))
    }
}

fn judge_marker(wish: &Wish, place: &str, marker: &Marker) -> Result<(), Refusal> {
    if marker.member != wish.member || marker.cluster != wish.cluster {
        return Err(refuse(
            format!("{place} is the data of {:?}", marker.member),
            format!(
                "Its marker {place}.hybridops.json names member {:?}, cluster {:?} (system identifier {}); this is {:?}, cluster \
                 {:?}. Nothing was changed. Choose another `host_path`, or give this resource that name.",
                marker.member, marker.cluster, marker.system_identifier, wish.member, wish.cluster
            ),
        ));
    }
    match &wish.expected {
        Some(expected) if *expected != marker.system_identifier => {
            Err(another(place, &marker.system_identifier, expected))
        }
        _ => Ok(()),
    }
}

/// The system identifier that the data must have: the state's, else that of the marker, which has none before the data
/// was made.
fn known<'a>(wish: &'a Wish, marker: Option<&'a Marker>) -> Option<&'a String> {
    wish.expected.as_ref().or(marker.map(|marker| &marker.system_identifier).filter(|id| !id.is_empty()))
}

fn another(place: &str, is: &str, known: &str) -> Refusal {
    refuse(
        format!("{place} is another database"),
        format!(
            "Its system identifier is {is}, and that of this instance is {known}. Nothing was changed. Put the right directory back."
        ),
    )
}

/// Data that the state or its marker knows of must be there.
fn missing(wish: &Wish, place: &str, marker: Option<&Marker>) -> Result<(), Refusal> {
    let Some(expected) = known(wish, marker) else { return Ok(()) };
    Err(refuse(
        "The data is not there".to_owned(),
        format!(
            "{place} is missing or empty, and the instance with system identifier {expected} was there. An empty cluster in its \
             place would hide the loss. Bring the directory back (is its data set or disk mounted?), or restore the instance from its \
             archive as a new resource after `terraform state rm`, with the marker {place}.hybridops.json put aside."
        ),
    ))
}

fn refuse(summary: String, detail: String) -> Refusal {
    Refusal::new(summary, detail).at(Path::root().attribute("data").attribute("host_path"))
}

fn mounted_by(rest: &str) -> Option<(u32, String)> {
    let (vmid, name) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((vmid.parse().ok()?, name.trim().to_owned()))
}

fn directory(rest: &str) -> Option<(String, Found)> {
    let mut words = rest.splitn(5, ' ');
    let user = words.next()?.parse().ok()?;
    let group = words.next()?.parse().ok()?;
    let mode = u32::from_str_radix(words.next()?, 8).ok()?;
    let entries = words.next()?.trim().parse().ok()?;
    Some((words.next()?.to_owned(), Found::Directory { user, group, mode, entries }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Owner;
    use super::*;

    fn wish() -> Wish {
        Wish {
            path: "/srv/db".to_owned(),
            dataset: None,
            user: 100_543,
            group: 100_543,
            shared: false,
            base: 100_000,
            member: "db-01".to_owned(),
            version: 15,
            cluster: "main".to_owned(),
            own: Owner::Container(105),
            expected: None,
        }
    }

    const THERE: &str = "directory 0 0 755 2 /srv/db\ndirectory 100543 100543 755 1 /srv/db/data\n\
        directory 100000 100000 755 1 /srv/db/etc\ndirectory 100543 100543 700 20 /srv/db/data/15/main\n\
        version 15 /srv/db/data/15/main\n\
        control 7 /srv/db/data/15/main\n\
        marker /srv/db/data/15/main.hybridops.json {\"member\":\"db-01\",\"cluster\":\"main\",\"version\":15,\"system_identifier\":\"7\"}\n\
        mounted_by 105\nend\n";

    fn judged(said: &str, wish: &Wish) -> Result<(), String> {
        NodeLook::parse(said).unwrap().judge(wish).map_err(|refusal| refusal.summary)
    }

    #[test]
    fn what_is_ours_is_used_and_what_is_not_is_refused() {
        assert_eq!(judged("end\n", &wish()), Ok(()), "nothing is there yet");
        assert_eq!(judged(THERE, &wish()), Ok(()));
        let expected = |id: &str| Wish { expected: Some(id.to_owned()), ..wish() };
        assert_eq!(judged(THERE, &expected("7")), Ok(()));
        assert_eq!(judged(THERE, &expected("8")).unwrap_err(), "/srv/db/data/15/main is another database");
        assert_eq!(judged("end\n", &expected("7")).unwrap_err(), "The data is not there");
        let other = THERE.replace("control 7", "control 8");
        assert_eq!(judged(&other, &wish()).unwrap_err(), "/srv/db/data/15/main is another database");
        let foreign = THERE.replace("version 15 /srv/db/data/15/main\n", "");
        assert_eq!(judged(&foreign, &wish()).unwrap_err(), "/srv/db/data/15/main holds something else");
        let lost = THERE.replace("directory 100543 100543 700 20 /srv/db/data/15/main\n", "");
        assert_eq!(judged(&lost, &wish()).unwrap_err(), "The data is not there", "by its marker alone");
        let claimed = lost.replace("\"system_identifier\":\"7\"", "\"system_identifier\":\"\"");
        assert_eq!(judged(&claimed, &wish()), Ok(()), "claimed and not yet made");
        let changed = |from: &str, to: &str| judged(&THERE.replace(from, to), &wish()).unwrap_err();
        assert_eq!(
            changed("100543 100543 755 1", "100101 100104 755 1"),
            "/srv/db/data belongs to somebody else"
        );
        assert_eq!(
            changed("100543 100543 700 20", "543 543 700 20"),
            "/srv/db/data/15/main belongs to somebody else"
        );
        assert_eq!(changed("100543 700", "100543 755"), "/srv/db/data/15/main has mode 0755");
        assert_eq!(changed("db-01", "db-02"), "/srv/db/data/15/main is the data of \"db-02\"");
        assert_eq!(changed("version 15", "version 14"), "/srv/db/data/15/main holds a cluster of version 14");
        assert_eq!(changed("mounted_by 105", "mounted_by 106"), "/srv/db belongs to another container");
        let named = Wish { own: Owner::Named, ..wish() };
        assert_eq!(judged(&THERE.replace("mounted_by 105", "mounted_by 106 db-01"), &named), Ok(()));
        assert!(judged(&THERE.replace("mounted_by 105", "mounted_by 106 db-02"), &named).is_err());
        assert_eq!(changed("directory 0 0 755 2 /srv/db\n", "link /srv/db\n"), "/srv/db is no directory");
        let newer = Wish { version: 16, ..wish() };
        assert_eq!(judged(THERE, &newer).unwrap_err(), "/srv/db/data/15/main holds a cluster of version 15");
        let zfs = Wish { dataset: Some("rpool/db".to_owned()), ..wish() };
        assert_eq!(judged("no_zfs\nend\n", &zfs).unwrap_err(), "The node has no ZFS");
        assert_eq!(
            judged("dataset /rpool/db yes\nend\n", &zfs).unwrap_err(),
            "Data set rpool/db is mounted elsewhere"
        );
    }

    #[test]
    fn an_answer_that_was_cut_off_is_none() {
        assert!(NodeLook::parse(THERE.trim_end_matches("end\n")).is_err());
    }

    proptest! {
        #[test]
        fn any_answer_can_be_read(said in "(directory|version|marker|mounted_by|link|dataset|end)?[ 0-9a-z/\\n]{0,80}") {
            if let Ok(look) = NodeLook::parse(&format!("{said}\nend\n")) {
                let _ = look.judge(&wish());
            }
        }

        /// Data with the wrong owner, a wrong mode, of another cluster or of none, or without what the state knows is never
        /// used.
        #[test]
        fn nothing_wrong_is_used(
            user in 0u32..3,
            mode in prop_oneof![Just(0o700u32), Just(0o750), 0o700u32..0o1000],
            entries in 0u64..3,
            known in any::<bool>(),
            is_cluster in any::<bool>(),
            control in 7u64..9,
        ) {
            let (user, place) = (100_542 + user, "/srv/db/data/15/main");
            let cluster = format!("version 15 {place}\ncontrol {control} {place}\n");
            let cluster = if is_cluster && entries > 0 { cluster } else { String::new() };
            let said = format!("directory {user} 100543 {mode:o} {entries} {place}\n{cluster}end\n");
            let wish = Wish { expected: known.then(|| "7".to_owned()), ..wish() };
            let right = user == 100_543 && (mode == 0o700 || mode == 0o750);
            let ours = is_cluster && (!known || control == 7);
            let allowed = if entries == 0 { !known } else { right && ours };
            prop_assert_eq!(NodeLook::parse(&said).unwrap().judge(&wish).is_ok(), allowed);
        }
    }
}
