//! Conditional writes: the probe, the marker and the epoch.

use domain_postgresql::store::epoch::{NoSuccessor, Written};
use domain_postgresql::store::probe::Fault;
use domain_postgresql::store::{
    Claim, Condition, Credentials, Effort, Epoch, Files, GcsStorage, Identity, Lsn, Probe, Storage, Store,
    StoreError, Stores,
};
use transport_ssh::{Budget, Secret};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::doubles::{Manners, start};
use crate::moto::{Moto, open, storage};
use crate::sample::memory;

#[tokio::test(flavor = "multi_thread")]
async fn moto_keeps_its_word() {
    let Some(moto) = Moto::start().await else { return };
    let store = open(&moto.endpoint, "s3://walg/db01");
    let budget = Budget::unlimited();
    let began = std::time::Instant::now();
    let probe = Probe::run(store.as_ref(), Effort::default(), &budget).await.unwrap();
    eprintln!(
        "probe of moto: {} writers, {} rounds of each kind, {} requests, {:?}",
        probe.writers,
        probe.rounds,
        probe.requests,
        began.elapsed()
    );
    assert!(probe.atomic, "{}", probe.why());
    assert_eq!(Probe::last(store.as_ref(), &budget).await.unwrap(), Some(probe));
    let left = store.list("hybridops", None, &budget).await.unwrap();
    assert_eq!(left.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["hybridops/probe.json"]);
    race_for_the_epoch(store.as_ref()).await;
    markers(store.as_ref()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_do_not_are_found_out() {
    let budget = Budget::unlimited();
    let races = start(Manners::LooksThenWrites).await;
    let probe = Probe::run(open(&races, "s3://walg/x").as_ref(), Effort::default(), &budget).await.unwrap();
    assert!(!probe.atomic);
    let only_races = |fault: &Fault| matches!(fault, Fault::CreateRace { .. } | Fault::ReplaceRace { .. });
    assert!(probe.faults.iter().all(only_races) && probe.faults.len() == 2, "{}", probe.why());
    eprintln!("a server that looks first and writes later: {}", probe.why());

    let ignores = start(Manners::IgnoresConditions).await;
    let probe =
        Probe::run(open(&ignores, "s3://walg/x").as_ref(), Effort { writers: 4, rounds: 2 }, &budget).await;
    let probe = probe.unwrap();
    assert!(probe.faults.contains(&Fault::AbsentIgnored) && probe.faults.contains(&Fault::StaleAccepted));
    eprintln!("a server without conditions: {}", probe.why());
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_what_stands_there() {
    let endpoint = start(Manners::LosesAnswers).await;
    let store = open(&endpoint, "s3://walg/x");
    let budget = Budget::unlimited();
    let first = Epoch::first("db", 7, "db-01", 1);
    let Written::Won(seen) = first.clone().found(store.as_ref(), &budget).await.unwrap() else {
        panic!("it stands there");
    };
    assert_eq!(seen.epoch, first);
    let other = Epoch::first("db", 7, "db-02", 1).found(store.as_ref(), &budget).await.unwrap();
    assert!(matches!(other, Written::Lost(Some(standing)) if standing.epoch == first));
    let claim = Identity::new(7, 15, "db").claim(store.as_ref(), &budget).await.unwrap();
    assert!(matches!(claim, Claim::Made(_)));
}

#[tokio::test]
async fn nothing_answers_at_all() {
    let store = open("http://127.0.0.1:9", "s3://walg/x");
    let budget = Budget::within(std::time::Duration::from_secs(2));
    let answer = Identity::read(store.as_ref(), &budget).await;
    assert!(matches!(answer, Err(StoreError::Failed { .. } | StoreError::Interrupted(_))), "{answer:?}");
}

/// Eight members want the same epoch: one gets it, and the others are told whose it is.
async fn race_for_the_epoch(store: &dyn Store) {
    let budget = Budget::unlimited();
    let members: Vec<String> = (1..=8).map(|n| format!("db-0{n}")).collect();
    let founding = members.iter().map(|name| Epoch::first("db", 7, name, 1).found(store, &budget));
    let founded: Vec<Written> =
        futures::future::join_all(founding).await.into_iter().map(Result::unwrap).collect();
    let won: Vec<_> =
        founded.iter().filter_map(|w| if let Written::Won(seen) = w { Some(seen) } else { None }).collect();
    let [current] = won.as_slice() else { panic!("{} won", won.len()) };
    for written in &founded {
        if let Written::Lost(standing) = written {
            assert_eq!(standing.as_ref().unwrap().epoch.holder, current.epoch.holder);
        }
    }
    let nexts = members.iter().map(|name| current.replace(current.epoch.next(name, 2), store, &budget));
    let moved: Vec<Written> =
        futures::future::join_all(nexts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(moved.iter().filter(|written| matches!(written, Written::Won(_))).count(), 1);
    let now = Epoch::read(store, &budget).await.unwrap().unwrap();
    assert_eq!((now.epoch.epoch, now.epoch.timeline, &now.epoch.previous), (2, 2, &current.epoch.holder));
    // The old holder cannot renew any more.
    let late = current.renew(30, 1, Lsn(5), store, &budget).await.unwrap();
    assert!(matches!(late, Written::Lost(Some(_))));
    let Written::Won(renewed) = now.renew(30, 2, Lsn(0x0300_0028), store, &budget).await.unwrap() else {
        panic!("the holder renews");
    };
    let text = renewed.epoch.line();
    assert!(text.starts_with(r#"{"cluster":"db","system_id":"7","epoch":2,"holder":"db-0"#), "{text}");
    assert!(
        text.contains(r#""timeline":2,"lsn":"0/3000028","renewed":"#) && text.ends_with("\"}\n"),
        "{text}"
    );
    assert_eq!(text.matches('\n').count(), 1);
    assert!(!renewed.epoch.has_expired(renewed.epoch.expires + 5, 5));
    assert!(renewed.epoch.has_expired(renewed.epoch.expires + 6, 5));
    assert_eq!(now.epoch.expires, 0, "a new holder starts the lease itself");
    assert!(!now.epoch.has_expired(i64::MAX, 0));
}

async fn markers(store: &dyn Store) {
    let budget = Budget::unlimited();
    let ours = Identity::new(u64::MAX - 1, 15, "main");
    assert_eq!(ours.claim(store, &budget).await.unwrap(), Claim::Made(ours.clone()));
    let again = Identity { made: 1, ..ours.clone() };
    assert_eq!(again.claim(store, &budget).await.unwrap(), Claim::Ours(ours.clone()));
    for foreign in [Identity::new(5, 15, "main"), Identity { major: 16, ..ours.clone() }] {
        assert_eq!(foreign.claim(store, &budget).await.unwrap(), Claim::Foreign(ours.clone()));
    }
    let raw = store.get("hybridops/identity.json", None, &budget).await.unwrap().unwrap().content;
    let text = String::from_utf8(raw.to_vec()).unwrap();
    assert!(
        text.starts_with(r#"{"system_id":"18446744073709551614","major":15,"cluster":"main","made":"#),
        "{text}"
    );
    store.put("hybridops/identity.json", "{}".into(), Condition::Always, &budget).await.unwrap();
    assert!(ours.claim(store, &budget).await.is_err(), "a damaged marker is never taken for none");
}

#[tokio::test]
async fn markers_and_epochs_in_memory() {
    let store = memory();
    race_for_the_epoch(store.as_ref()).await;
    markers(store.as_ref()).await;
}

#[test]
fn epochs_follow_one_another() {
    let first = Epoch::first("db", 7, "db-01", 3);
    assert_eq!(first.may_be_followed_by(&first.next("db-02", 4)), Ok(()));
    assert!(matches!(first.may_be_followed_by(&first), Err(NoSuccessor::Number { .. })));
    assert!(matches!(first.may_be_followed_by(&first.next("x", 2)), Err(NoSuccessor::Timeline { .. })));
    let foreign = Epoch { system_id: 8, ..first.next("x", 3) };
    assert!(matches!(first.may_be_followed_by(&foreign), Err(NoSuccessor::Cluster { .. })));
}

#[tokio::test]
async fn google_is_asked_by_generation() {
    let server = MockServer::start().await;
    let answer = |status: u16| {
        ResponseTemplate::new(status).insert_header("etag", "\"e\"").insert_header("x-goog-generation", "41")
    };
    let condition = |generation: &str| {
        Mock::given(method("PUT")).and(header("x-goog-if-generation-match", generation.to_owned()))
    };
    condition("0").respond_with(answer(200)).up_to_n_times(1).expect(1).mount(&server).await;
    condition("0").respond_with(ResponseTemplate::new(412)).mount(&server).await;
    condition("41").respond_with(answer(200)).expect(1).mount(&server).await;
    condition("40").respond_with(ResponseTemplate::new(412)).expect(1).mount(&server).await;
    let key = format!(
        r#"{{"type":"service_account","gcs_base_url":"{}","disable_oauth":true,"client_email":"","private_key":"",
        "private_key_id":""}}"#,
        server.uri()
    );
    let stores = Stores::new(Credentials { google: Some(Secret::new(key)), ..Credentials::default() });
    let gcs = Some(GcsStorage { prefix: "gs://walg/db01".into() });
    let storage = Storage { s3: None, gcs, azure: None, file: None, sftp: None };
    let store = stores.open(&storage, &Files::Unknown).unwrap();
    let budget = Budget::unlimited();
    let put = |condition| store.put("hybridops/epoch.json", "x".into(), condition, &budget);
    let version = put(Condition::Absent).await.unwrap();
    assert_eq!(version.generation.as_deref(), Some("41"));
    assert!(matches!(put(Condition::Absent).await, Err(StoreError::Changed { .. })));
    put(Condition::Over(&version)).await.unwrap();
    let mut stale = version.clone();
    stale.generation = Some("40".into());
    assert!(matches!(put(Condition::Over(&stale)).await, Err(StoreError::Changed { .. })));
}

#[test]
fn what_is_missing_is_named() {
    let stores = Stores::new(Credentials::default());
    let told = |storage: &Storage| stores.open(storage, &Files::Unknown).unwrap_err().to_string();
    assert!(told(&storage("http://x", "s3://walg/db01")).contains("AWS_ACCESS_KEY_ID"));
    let file = Some(domain_postgresql::store::FileStorage { prefix: "/srv/backup".into() });
    let file = Storage { s3: None, gcs: None, azure: None, file, sftp: None };
    assert!(told(&file).contains("machine"));
}
