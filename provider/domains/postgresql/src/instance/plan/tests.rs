//! A machine of paper: steps carried out on its facts. Whatever it begins as, it ends as declared or is left alone.

use proptest::prelude::*;
use tf_framework::Computed;

use super::super::facts::{
    Cluster, Content, Control, DatabaseFact, Facts, Marker, Package, RoleFact, Server, Setting,
};
use super::super::model::{Database, Postgresql, Repository, Restart, Role};
use super::super::{access, settings};
use super::*;

fn role() -> Role {
    Role {
        login: true,
        password: Default::default(),
        password_version: None,
        superuser: false,
        create_database: false,
        create_role: false,
        replication: false,
        inherit: true,
        bypass_rls: false,
        connection_limit: -1,
        member_of: Default::default(),
    }
}

fn spec(known: Option<&str>) -> Spec {
    let database = Database {
        owner: Some("app".into()),
        template: None,
        locale: None,
        connection_limit: -1,
        extensions: Default::default(),
    };
    Spec {
        name: "db-01".into(),
        postgresql: Postgresql {
            version: 15,
            cluster: "main".into(),
            port: 5432,
            listen_addresses: vec!["*".into()],
            data_directory: Computed::Unknown,
            package_version: Computed::Unknown,
            repository: Repository::Distribution,
            repository_url: String::new(),
            locale: Computed::Unknown,
            icu_locale: None,
            encoding: Computed::Unknown,
            wal_segment_size: Computed::Unknown,
            checksums: Computed::Unknown,
            settings: BTreeMap::from([("work_mem".into(), "8MB".into())]),
            access: None,
            roles: BTreeMap::from([("app".into(), role())]),
            databases: BTreeMap::from([("app".into(), database)]),
            tls: None,
            restart: Restart::WhenNeeded,
            user_id: Computed::Unknown,
            adopt: None,
            accept_collation_change: false,
            group_id: Computed::Unknown,
        },
        objectives: None,
        backup: None,
        restore: None,
        standby: None,
        prove: false,
        role: MadeAs::Primary,
        system_identifier: known.map(str::to_owned),
        remembered: Default::default(),
        sent: Default::default(),
    }
}

use super::super::spec::MadeAs;

const IDENTIFIER: u64 = u64::MAX - 7;

fn cluster_made(facts: &mut Facts) {
    facts.data.content = Content::Cluster(15);
    (facts.data.user, facts.data.group, facts.data.mode) =
        (facts.account.user, facts.account.group, Some(0o700));
    facts.control = Some(Control {
        system_identifier: IDENTIFIER,
        checksums: true,
        wal_segment_bytes: 16 << 20,
        timeline: 1,
        ..Control::default()
    });
}

fn started(facts: &mut Facts, spec: &Spec) {
    let mut server = Server { system_identifier: IDENTIFIER.to_string(), timeline: 1, ..Server::default() };
    for (name, value) in settings::desired(spec, facts) {
        let context = if settings::RESTARTS.contains(&name.as_str()) { "postmaster" } else { "sighup" };
        let setting = Setting {
            setting: value,
            vartype: "string".into(),
            context: context.into(),
            ..Setting::default()
        };
        server.settings.insert(name, setting);
    }
    facts.clusters = vec![Cluster { version: 15, name: "main".into(), port: 5432, ..Cluster::default() }];
    facts.server = Some(server);
}

/// What a step makes of the facts.
fn carry_out(facts: &mut Facts, spec: &Spec, step: &Step) {
    match step {
        Step::Account => {
            (facts.account.user, facts.account.group) =
                (facts.account.user.or(Some(543)), facts.account.group.or(Some(543)));
        }
        Step::Packages => {
            for name in ["postgresql-15", "postgresql-client-15"] {
                let package = Package { installed: Some("15.18".into()), candidate: None, held: true };
                facts.packages.insert(name.into(), package);
            }
            // Programs that were not there tell of the data now.
            if matches!(facts.data.content, Content::Cluster(_)) && facts.control.is_none() {
                let owner = (facts.data.user, facts.data.group, facts.data.mode);
                cluster_made(facts);
                (facts.data.user, facts.data.group, facts.data.mode) = owner;
            }
        }
        Step::Claim => facts.data.marker = Some(marker("")),
        Step::Init => {
            assert!(matches!(facts.data.content, Content::Missing | Content::Empty), "data are overwritten");
            assert!(facts.data.marker.is_some(), "nobody would know whose they are");
            cluster_made(facts);
        }
        Step::Unlock => {
            assert!(!facts.data.postmaster_alive, "the lock of a server that runs is taken away");
            facts.data.signals.retain(|name| name != "postmaster.pid");
        }
        Step::Configure => facts.data.configured = true,
        Step::Access => drop(facts.files.insert("access".into(), access::render(None, &[]))),
        Step::Settings => {
            let text = settings::render(&settings::desired(spec, facts));
            facts.files.insert("settings".into(), text);
            if facts.server.is_some() {
                started(facts, spec);
            }
        }
        Step::Start => {
            assert!(facts.data.configured && facts.account.user.is_some(), "it cannot start");
            started(facts, spec);
        }
        Step::Overrides(_) | Step::Reload => started(facts, spec),
        Step::Restart(names) => {
            let server = facts.server.as_mut().unwrap();
            names.iter().for_each(|name| server.settings.get_mut(name).unwrap().pending_restart = false);
        }
        Step::Marker => facts.data.marker = Some(marker(&IDENTIFIER.to_string())),
        Step::Roles => {
            let fact = RoleFact { login: true, inherit: true, connection_limit: -1, ..RoleFact::default() };
            facts.server.as_mut().unwrap().roles.insert("app".into(), fact);
        }
        Step::Databases => {
            let server = facts.server.as_mut().unwrap();
            assert!(server.roles.contains_key("app"), "the owner is not there");
            let fact = DatabaseFact { owner: "app".into(), connection_limit: -1, ..DatabaseFact::default() };
            server.databases.insert("app".into(), fact);
        }
        Step::Bring | Step::IssueCertificate | Step::SendCertificate | Step::ClientAuthorities => {
            unreachable!()
        }
    }
}

fn marker(identifier: &str) -> Marker {
    Marker {
        member: "db-01".into(),
        cluster: "main".into(),
        version: 15,
        system_identifier: identifier.into(),
        glibc: None,
        configuration: Default::default(),
    }
}

/// Carries out until nothing is left, cutting off after some steps as a kill would. Whether it was refused.
fn converge(
    facts: &mut Facts,
    spec: &Spec,
    mut cuts: impl Iterator<Item = usize>,
) -> Result<(), Vec<Refusal>> {
    for _ in 0..30 {
        let steps = plan(facts, spec)?;
        if steps.is_empty() {
            return Ok(());
        }
        let cut = cuts.next().unwrap_or(usize::MAX).max(1);
        steps.iter().take(cut).for_each(|step| carry_out(facts, spec, step));
    }
    panic!("it does not come to an end: {:?}", plan(facts, spec));
}

fn machine() -> Facts {
    let mut facts = Facts { memory: 1 << 30, processors: 2, ..Facts::default() };
    facts.os.architecture = "amd64".into();
    facts
}

fn any_machine() -> impl Strategy<Value = Facts> {
    let account = prop::option::of((1_u32..999, 1_u32..999));
    let content = prop_oneof![
        Just(Content::Missing),
        Just(Content::Empty),
        Just(Content::Cluster(15)),
        Just(Content::Cluster(14)),
        Just(Content::Foreign(vec!["lost+found".into()])),
    ];
    let marker = prop_oneof![
        Just(None),
        Just(Some(marker(""))),
        Just(Some(marker(&IDENTIFIER.to_string()))),
        Just(Some(marker("1"))),
        Just(Some(Marker { member: "db-02".into(), ..marker(&IDENTIFIER.to_string()) })),
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let mode = prop::sample::select(vec![0o700, 0o750, 0o755]);
    (account, content, marker, flags, mode).prop_map(|(account, content, marker, flags, mode)| {
        let (installed, owned, configured, locked, mounted) = flags;
        let mut facts = machine();
        (facts.account.user, facts.account.group) = account.unzip();
        let there = matches!(content, Content::Cluster(_));
        if there {
            let owner = account.filter(|_| owned).unwrap_or((65534, 65534));
            (facts.data.user, facts.data.group, facts.data.mode) = (Some(owner.0), Some(owner.1), Some(mode));
            facts.data.signals = if locked { vec!["postmaster.pid".into()] } else { vec![] };
        }
        facts.data.content = content;
        facts.data.marker = marker;
        facts.data.configured = configured;
        facts.data.mounted = mounted;
        if installed && there {
            facts.control = Some(Control {
                system_identifier: IDENTIFIER,
                checksums: true,
                wal_segment_bytes: 16 << 20,
                ..Control::default()
            });
        }
        if installed {
            for name in ["postgresql-15", "postgresql-client-15"] {
                let package = Package { installed: Some("15.18".into()), candidate: None, held: owned };
                facts.packages.insert(name.into(), package);
            }
        }
        facts
    })
}

proptest! {
    #[test]
    fn it_ends_as_declared_or_is_left_alone(
        facts in any_machine(),
        cuts in prop::collection::vec(0_usize..5, 0..12),
        known in prop::sample::select(vec![None, Some(IDENTIFIER.to_string()), Some("1".to_owned())]),
    ) {
        let spec = spec(known.as_deref());
        let before = facts.clone();
        let mut after = facts;
        match converge(&mut after, &spec, cuts.into_iter()) {
            Ok(()) => {
                let marker = after.data.marker.unwrap();
                prop_assert_eq!(marker.system_identifier, IDENTIFIER.to_string());
                prop_assert!(before.data.marker.is_none_or(|marker| marker.member == "db-01"));
                prop_assert!(known.is_none_or(|known| known == IDENTIFIER.to_string()));
                prop_assert!(!matches!(before.data.content, Content::Foreign(_) | Content::Cluster(14)));
            }
            // Whatever was refused, the data are as they were.
            Err(_) => {
                prop_assert_eq!(after.data.content, before.data.content);
                prop_assert_eq!(after.data.mode, before.data.mode);
                prop_assert!(after.server.is_none());
            }
        }
    }
}

#[test]
fn what_is_known_and_gone_is_never_made_anew() {
    let refused = plan(&machine(), &spec(Some("7"))).unwrap_err();
    assert!(refused[0].summary.contains("are not there"), "{refused:?}");
}

#[test]
fn a_member_of_a_cluster_with_an_epoch_is_not_started() {
    let (mut facts, spec) = (machine(), spec(Some(&IDENTIFIER.to_string())));
    facts.account.user = Some(543);
    facts.account.group = Some(543);
    cluster_made(&mut facts);
    converge(&mut facts, &spec, std::iter::empty()).unwrap();
    facts.server = None;
    assert_eq!(plan(&facts, &spec).unwrap(), [Step::Start]);
    let state = "lease epoch=2 holder=db-02 \ndirectory 751:postgres\n";
    facts.sections.insert("walg.state".into(), state.into());
    assert_eq!(facts.led(), Some("epoch=2 holder=db-02"));
    assert_eq!(plan(&facts, &spec).unwrap(), []);
}

#[test]
fn data_of_nobody_are_not_taken_over() {
    let mut facts = machine();
    facts.account.user = Some(543);
    facts.account.group = Some(543);
    cluster_made(&mut facts);
    assert!(plan(&facts, &spec(None)).unwrap_err()[0].summary.contains("nobody claims"));
    assert!(plan(&facts, &spec(Some(&IDENTIFIER.to_string()))).is_ok());
}
