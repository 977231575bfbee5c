//! Ledgers on files: nothing is reserved twice, and nothing changes unseen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod scene;

use std::sync::Arc;

use cost_engine::Decimal;
use cost_engine::ledger::{Finding, Ledger, Recorded, verify};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use scene::Scene;

fn ledger(dir: &tempfile::TempDir) -> Ledger {
    let store = LocalFileSystem::new_with_prefix(dir.path()).unwrap();
    Ledger::new(Arc::new(store), &Path::from("ledger"), "prod")
}

/// What is asked for by the run `number`, on the budget of March, which has 127.60 left.
fn scene(number: usize) -> Scene {
    let mut scene = Scene::published()
        .policy("\"warnAt\": \"400.00\",", "")
        .policy("\"hours\": \"72\"", "\"hours\": \"720\"");
    scene.request.requested_by = Some(format!("run-{number}"));
    scene.request.window_start = cost_engine::moment("2026-03-29T22:00:00Z").unwrap();
    scene.request.hours = "24".parse().unwrap();
    scene
}

async fn decide(ledger: &Ledger, scene: &Scene) -> (bool, Recorded) {
    let (decision, recorded) = ledger.decide(|state| scene.clone().with(state).decide()).await.unwrap();
    (decision.judgement.allowed, recorded)
}

#[tokio::test]
async fn decisions_reserve_and_closings_release() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(&dir);
    // Each takes 42.24672: three fit.
    let mut ids = Vec::new();
    for number in 0..5 {
        let (allowed, recorded) = decide(&ledger, &scene(number)).await;
        assert_eq!(allowed, number < 3, "{number}");
        if let Recorded::Sealed(record) = recorded {
            assert_eq!(record.seq, number as u64 + 1);
        }
        ids = ledger.state().await.unwrap().open.into_keys().collect();
    }
    assert_eq!(ids.len(), 3);
    let closed = ledger
        .close(&ids[0], cost_engine::moment("2026-03-30T20:31:07Z").unwrap(), &Decimal::from(2))
        .await
        .unwrap();
    assert!(closed.is_some());
    let again = ledger
        .close(&ids[0], cost_engine::moment("2026-03-30T20:31:07Z").unwrap(), &Decimal::from(2))
        .await
        .unwrap();
    assert!(again.is_none(), "closing twice changes nothing");
    assert!(decide(&ledger, &scene(9)).await.0, "what was released can be had");
    assert_eq!(verify(&ledger, None).await.unwrap(), (7, vec![]));
}

#[tokio::test]
async fn the_same_decision_is_recorded_once() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(&dir);
    let scene = scene(0);
    let first = ledger.decide(|_| scene.decide()).await.unwrap();
    assert!(matches!(first.1, Recorded::Sealed(_)));
    let second = ledger.decide(|_| scene.decide()).await.unwrap();
    assert!(matches!(second.1, Recorded::There(_)));
    assert_eq!(ledger.numbers().await.unwrap(), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_never_reserve_more_than_the_budget() {
    for round in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let runs = (0..8).map(|number| {
            let ledger = ledger.clone();
            tokio::spawn(async move { decide(&ledger, &scene(round * 8 + number)).await.0 })
        });
        let mut allowed = 0;
        for run in runs.collect::<Vec<_>>() {
            allowed += usize::from(run.await.unwrap());
        }
        assert_eq!(allowed, 3, "round {round}");
        let reserved: Decimal = ledger.state().await.unwrap().reserved(None).into_values().sum();
        assert!(reserved <= "187.60".parse().unwrap(), "{reserved}");
    }
}

#[tokio::test]
async fn whatever_is_done_to_a_ledger_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(&dir);
    for number in 0..3 {
        decide(&ledger, &scene(number)).await;
    }
    let place = |seq: u64| dir.path().join(format!("ledger/prod/{seq:012}.json"));
    let texts: Vec<Vec<u8>> = (1..=3).map(|seq| std::fs::read(place(seq)).unwrap()).collect();
    let restore = || (1..=3u64).zip(&texts).for_each(|(seq, text)| std::fs::write(place(seq), text).unwrap());
    for at in [40, texts[1].len() / 2, texts[1].len() - 10] {
        let mut flipped = texts[1].clone();
        flipped[at] ^= 1;
        std::fs::write(place(2), flipped).unwrap();
        let (_, findings) = verify(&ledger, None).await.unwrap();
        assert!(matches!(findings.as_slice(), [Finding::Changed { seq: 2, .. }]), "{at}: {findings:?}");
        restore();
    }
    std::fs::remove_file(place(2)).unwrap();
    assert_eq!(verify(&ledger, None).await.unwrap().1, [Finding::Missing { seq: 2 }]);
    restore();
    std::fs::write(place(2), &texts[2]).unwrap();
    std::fs::write(place(3), &texts[1]).unwrap();
    let (_, findings) = verify(&ledger, None).await.unwrap();
    assert_eq!(findings.len(), 2, "a pair that was exchanged: {findings:?}");
    restore();
    let hash = ledger.state().await.unwrap().hash;
    assert_eq!(verify(&ledger, Some((3, hash))).await.unwrap().1, []);
    std::fs::remove_file(place(3)).unwrap();
    assert_eq!(
        verify(&ledger, None).await.unwrap().1,
        [],
        "the end can only be told by what is known from elsewhere"
    );
    assert_eq!(verify(&ledger, Some((3, hash))).await.unwrap().1, [Finding::Anchor { seq: 3, found: None }]);
}

#[tokio::test]
async fn asking_the_same_again_takes_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(&dir);
    let ask = |scene: Scene| {
        let ledger = ledger.clone();
        async move {
            let decide = |state: &cost_engine::ledger::State| {
                scene.clone().with(&state.beside(&scene.request)).decide()
            };
            ledger.decide(decide).await.unwrap()
        }
    };
    let (first, _) = ask(scene(0)).await;
    let (again, recorded) = ask(scene(0)).await;
    assert_eq!(first.id, again.id);
    assert!(matches!(recorded, Recorded::There(_)));
    // The figures changed: another decision, in place of the first.
    let (changed, recorded) = ask(scene(0).spend(&[("2026-03", "300")])).await;
    assert_ne!(changed.id, first.id);
    let Recorded::Sealed(record) = recorded else { panic!("{recorded:?}") };
    assert!(record.text().contains(&format!("\"supersedes\":\"{}\"", first.id)));
    let state = ledger.state().await.unwrap();
    let held: Vec<String> = state.reserved(None).into_values().map(|amount| amount.to_string()).collect();
    assert_eq!((state.open.len(), held), (1, vec!["42.24672".to_owned()]));
    assert_eq!(state.history.begun.len(), 1, "one activation");
    // One that is refused now takes nothing away from what was allowed.
    let (refused, _) = ask(scene(0).spend(&[("2026-03", "499")])).await;
    assert!(!refused.judgement.allowed);
    assert_eq!(ledger.state().await.unwrap().open.len(), 1);
    assert_eq!(verify(&ledger, None).await.unwrap(), (3, vec![]));
}
