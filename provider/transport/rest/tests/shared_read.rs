//! The shared read: nobody gets an answer older than the invalidation before their arrival.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "helpers of tests"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::sync::oneshot;
use transport_rest::SharedRead;

#[tokio::test]
async fn one_read_serves_all_and_failures_are_not_kept() {
    let read = SharedRead::<u32, String>::default();
    let reads = Arc::new(AtomicUsize::new(0));
    let ask = |fail: bool| {
        let reads = reads.clone();
        read.get(move || async move {
            reads.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            if fail { Err("no".to_owned()) } else { Ok(7) }
        })
    };
    for answer in futures::future::join_all((0..10).map(|_| ask(true))).await {
        assert_eq!(answer, Err("no".to_owned()));
    }
    assert_eq!(reads.load(Ordering::SeqCst), 1);
    for answer in futures::future::join_all((0..10).map(|_| ask(false))).await {
        assert_eq!(*answer.unwrap(), 7);
    }
    assert_eq!(*ask(false).await.unwrap(), 7);
    assert_eq!(reads.load(Ordering::SeqCst), 2);
    assert!(read.peek().is_some());
    read.invalidate();
    assert!(read.peek().is_none());
}

#[tokio::test]
async fn a_read_begun_before_an_invalidation_is_neither_kept_nor_joined() {
    let read = Arc::new(SharedRead::<&str, String>::default());
    let (release, gate) = oneshot::channel::<()>();
    let early = {
        let read = read.clone();
        tokio::spawn(async move {
            let answer = read.get(move || async move {
                let _ = gate.await;
                Ok("old")
            });
            *answer.await.unwrap()
        })
    };
    tokio::task::yield_now().await;
    read.invalidate();
    assert_eq!(*read.get(|| async { Ok("new") }).await.unwrap(), "new");
    release.send(()).unwrap();
    assert_eq!(early.await.unwrap(), "old", "the early reader may have the old answer");
    assert_eq!(
        *read.get(|| async { Ok("newer") }).await.unwrap(),
        "new",
        "the old answer did not replace the new"
    );
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_is_dropped() {
    let read = Arc::new(SharedRead::<u32, String>::default());
    let (started, seen) = oneshot::channel::<()>();
    let alive = Arc::new(());
    let held = alive.clone();
    let task = {
        let read = read.clone();
        tokio::spawn(async move {
            let answer = read.get(move || async move {
                let _held = held;
                let _ = started.send(());
                std::future::pending::<()>().await;
                Ok(1)
            });
            answer.await
        })
    };
    seen.await.unwrap();
    task.abort();
    let _ = task.await;
    assert_eq!(Arc::strong_count(&alive), 1, "the abandoned read is gone");
    assert_eq!(*read.get(|| async { Ok(2) }).await.unwrap(), 2);
}

#[derive(Clone, Debug)]
enum Step {
    /// A reader arrives.
    Arrive,
    /// The nth read under way looks at the world and returns.
    Answer(usize),
    /// The nth read under way fails.
    Fail(usize),
    /// Something is written: the world changes and the read is invalidated.
    Write,
    /// The nth reader goes away.
    Leave(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Arrive),
        3 => (0..4_usize).prop_map(Step::Answer),
        1 => (0..4_usize).prop_map(Step::Fail),
        2 => Just(Step::Write),
        1 => (0..4_usize).prop_map(Step::Leave),
    ];
    proptest::collection::vec(step, 1..60)
}

/// Lets everything that can move do so.
async fn settle() {
    for _ in 0..12 {
        tokio::task::yield_now().await;
    }
}

async fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    type Gate = oneshot::Sender<bool>;
    type Reader = tokio::task::JoinHandle<Result<Arc<u64>, ()>>;
    let world = Arc::new(AtomicU64::new(0));
    let read = Arc::new(SharedRead::<u64, ()>::default());
    let gates: Arc<std::sync::Mutex<Vec<Gate>>> = Arc::default();
    let mut readers: Vec<(u64, Reader)> = Vec::new();
    let mut launched = 0;
    for step in steps {
        match step {
            Step::Arrive => {
                let arrived = world.load(Ordering::SeqCst);
                let (read, world, gates) = (read.clone(), world.clone(), gates.clone());
                readers.push((
                    arrived,
                    tokio::spawn(async move {
                        let work = move || {
                            let (open, gate) = oneshot::channel();
                            gates.lock().unwrap().push(open);
                            // The answer is what the world was when the read began: the worst the server can do.
                            let begun = world.load(Ordering::SeqCst);
                            async move {
                                match gate.await {
                                    Ok(true) => Ok(begun),
                                    _ => Err(()),
                                }
                            }
                        };
                        read.get(work).await
                    }),
                ));
                launched += 1;
            }
            Step::Answer(n) | Step::Fail(n) => {
                let gate = {
                    let mut gates = gates.lock().unwrap();
                    (n < gates.len()).then(|| gates.remove(n))
                };
                if let Some(gate) = gate {
                    let _ = gate.send(matches!(step, Step::Answer(_)));
                }
            }
            Step::Write => {
                world.fetch_add(1, Ordering::SeqCst);
                read.invalidate();
            }
            Step::Leave(n) => {
                if n < readers.len() {
                    let (_, reader) = readers.remove(n);
                    reader.abort();
                    let _ = reader.await;
                }
            }
        }
        settle().await;
    }
    for gate in std::mem::take(&mut *gates.lock().unwrap()) {
        let _ = gate.send(true);
    }
    for (arrived, reader) in readers {
        if let Ok(answer) = reader.await.unwrap() {
            prop_assert!(*answer >= arrived, "arrived at {arrived}, was given {answer}");
        }
    }
    if let Some(kept) = read.peek() {
        prop_assert_eq!(*kept, world.load(Ordering::SeqCst), "what is kept is current");
    }
    prop_assert!(launched >= gates.lock().unwrap().len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_reader_is_given_the_past(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(steps))?;
    }
}
