//! What lies below a root is read as it must be, from a directory and from a store alike.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path as FilePath;
use std::sync::Arc;

use cost_engine::documents::{Artifact, Key, MAX_BYTES};
use cost_engine::files::{FileError, MAX_ENTRIES, Source, read_approvals, read_file, signature};
use cost_engine::json::{canonical, parse};
use cost_engine::rules::{NotFound, Signed};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

const ARTIFACT: &str = include_str!("../testdata/cost-run-gha-18273645-1.json");

/// An artefact of a run, made at a moment.
fn artifact(run_id: &str, generated: &str) -> String {
    let text = ARTIFACT.replace("gha-18273645-1", run_id).replace("2026-03-30T20:05:11Z", generated);
    assert!(Artifact::read(&parse(text.as_bytes()).unwrap()).is_ok());
    text
}

fn write(root: &FilePath, path: &str, content: impl AsRef<[u8]>) {
    let place = root.join(path);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place, content).unwrap();
}

async fn find(source: &Source, run_id: Option<&str>) -> Result<Signed, NotFound> {
    source.find("dr-aks", run_id, &BTreeMap::new()).await.artifact
}

/// The same files in a directory and in a store.
async fn both(files: &[(&str, String)]) -> (tempfile::TempDir, [Source; 2]) {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(InMemory::new());
    for (path, content) in files {
        write(dir.path(), path, content);
        let place = Path::from(format!("artifacts/cost/{path}"));
        store.put(&place, content.clone().into()).await.unwrap();
    }
    let store: Arc<dyn ObjectStore> = store;
    let sources =
        [Source::Directory(dir.path().to_owned()), Source::Store(store, Path::from("artifacts/cost"))];
    (dir, sources)
}

#[tokio::test]
async fn the_newest_is_the_newest_by_what_it_says() {
    let files = [
        ("dr-aks/cost-run-b.json", artifact("b", "2026-03-30T20:00:00Z")),
        ("dr-aks/cost-run-a.json", artifact("a", "2026-03-30T21:00:00Z")),
        ("dr-aks/cost-run-c.json", artifact("c", "2026-03-30T19:00:00Z")),
        ("dr-aks/latest", "a".to_owned()),
        ("dr-aks/.cost-run-d.json.tmp", "half".to_owned()),
        ("dr-aks/deeper/cost-run-e.json", artifact("e", "2026-03-30T23:00:00Z")),
        ("dr-gke/cost-run-f.json", artifact("f", "2026-03-30T23:00:00Z")),
    ];
    let (_dir, sources) = both(&files).await;
    for source in sources {
        let newest = find(&source, None).await.unwrap();
        assert_eq!(newest.path, "dr-aks/cost-run-a.json");
        assert_eq!(newest.artifact.digest, {
            let text = files[1].1.clone();
            cost_engine::json::digest(&parse(text.as_bytes()).unwrap())
        });
        assert_eq!(find(&source, Some("c")).await.unwrap().artifact.run_id, "c");
        let missing = NotFound::Missing("dr-aks/cost-run-z.json".to_owned());
        assert_eq!(find(&source, Some("z")).await.unwrap_err(), missing);
    }
}

#[tokio::test]
async fn an_older_one_is_never_taken_instead_of_a_wrong_one() {
    for wrong in ["{", "NaN", "\u{feff}{}", "{}", r#"{"timeGenerated":"yesterday","runId":"b"}"#] {
        let files = [
            ("dr-aks/cost-run-a.json", artifact("a", "2026-03-30T21:00:00Z")),
            ("dr-aks/cost-run-b.json", wrong.to_owned()),
        ];
        let (_dir, sources) = both(&files).await;
        for source in sources {
            let error = find(&source, None).await.unwrap_err();
            let NotFound::Invalid { path, .. } = &error else { panic!("{wrong}: {error}") };
            assert_eq!(path, "dr-aks/cost-run-b.json", "{wrong}");
            assert!(find(&source, Some("a")).await.is_ok(), "the one that was named is there");
        }
    }
    // The newest is read whole; one that is older for certain may be of another time.
    let old = artifact("b", "2026-03-30T20:00:00Z").replace("\"requires\"", "\"requirements\"");
    let newest = ("dr-aks/cost-run-a.json", artifact("a", "2026-03-30T21:00:00Z"));
    let (_dir, sources) = both(&[newest, ("dr-aks/cost-run-b.json", old)]).await;
    for source in sources {
        assert!(find(&source, None).await.is_ok());
        assert!(matches!(find(&source, Some("b")).await, Err(NotFound::Invalid { .. })));
    }
}

#[tokio::test]
async fn contradictions_are_told() {
    let at = "2026-03-30T21:00:00Z";
    let same = artifact("a", at);
    let other = same.replace("dr-standby", "dr-cold");
    let cases = [
        ("two as new", "dr-aks/cost-run-b.json", artifact("b", at), Some("different things")),
        ("two of a run", "dr-aks/cost-run-b.json", other, Some("different things")),
        ("a copy", "dr-aks/cost-run-b.json", same.clone(), None),
    ];
    for (what, path, text, expected) in cases {
        let (_dir, sources) = both(&[("dr-aks/cost-run-a.json", same.clone()), (path, text)]).await;
        for source in sources {
            let found = find(&source, None).await;
            match expected {
                None => assert_eq!(found.unwrap().path, "dr-aks/cost-run-a.json", "{what}"),
                Some(part) => {
                    let error = found.unwrap_err();
                    assert!(
                        matches!(&error, NotFound::Integrity(text) if text.contains(part)),
                        "{what}: {error}"
                    );
                }
            }
        }
    }
    let elsewhere = artifact("a", at).replace("dr-aks", "dr-gke");
    for (path, text, part) in [
        ("dr-aks/cost-run-a.json", elsewhere, "component is \"dr-gke\""),
        ("dr-aks/cost-run-a.json", artifact("b", at), "runId is \"b\""),
    ] {
        let (_dir, sources) = both(&[(path, text)]).await;
        for source in sources {
            let error = find(&source, Some("a")).await.unwrap_err();
            assert!(matches!(&error, NotFound::Mismatch { why, .. } if why.contains(part)), "{error}");
        }
    }
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_not_looked_for() {
    let (_dir, sources) = both(&[("dr-aks/cost-run-a.json", artifact("a", "2026-03-30T21:00:00Z"))]).await;
    for source in sources {
        for component in ["..", ".", "", "dr-aks/../dr-aks", "/etc", "DR", "dr aks"] {
            let found = source.find(component, None, &BTreeMap::new()).await.artifact;
            assert!(matches!(found, Err(NotFound::Invalid { .. })), "{component}");
        }
        for run_id in ["../a", "a..b", "a/b", ".a", ""] {
            assert!(matches!(find(&source, Some(run_id)).await, Err(NotFound::Invalid { .. })), "{run_id}");
        }
    }
}

/// Why reading what `make` puts at the place of an artefact fails.
async fn refused(make: impl Fn(&FilePath, &FilePath)) -> String {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(outside.path(), "dr-aks/cost-run-a.json", artifact("a", "2026-03-30T21:00:00Z"));
    make(dir.path(), outside.path());
    let source = Source::Directory(dir.path().to_owned());
    let (named, newest) = (find(&source, Some("a")).await, find(&source, None).await);
    match (named, newest) {
        (Err(NotFound::Invalid { why, .. }), Err(NotFound::Invalid { .. })) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_outside_is_read_and_nothing_hangs() {
    let name = "dr-aks/cost-run-a.json";
    let link = refused(|dir, outside| {
        std::fs::create_dir(dir.join("dr-aks")).unwrap();
        symlink(outside.join(name), dir.join(name)).unwrap();
    });
    assert!(link.await.contains("symbolic link"));
    let linked = refused(|dir, outside| symlink(outside.join("dr-aks"), dir.join("dr-aks")).unwrap());
    assert!(linked.await.contains("symbolic link"));
    let pipe = refused(|dir, _| {
        std::fs::create_dir(dir.join("dr-aks")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(dir.join(name)).status().unwrap();
        assert!(made.success());
    });
    let pipe = tokio::time::timeout(std::time::Duration::from_secs(10), pipe).await.expect("it hangs");
    assert!(pipe.contains("a pipe"), "{pipe}");
    let directory = refused(|dir, _| std::fs::create_dir_all(dir.join(name)).unwrap());
    assert!(directory.await.contains("a directory"));
    let socket = refused(|dir, _| {
        std::fs::create_dir(dir.join("dr-aks")).unwrap();
        std::os::unix::net::UnixListener::bind(dir.join(name)).unwrap();
    });
    assert!(socket.await.contains("a socket"));
    let huge = refused(|dir, _| write(dir, name, vec![b' '; MAX_BYTES + 1]));
    assert!(huge.await.contains("larger than 8 MiB"));
    let file = refused(|dir, _| write(dir, "dr-aks", "no directory"));
    assert!(file.await.contains("a file where a directory"));
}

#[tokio::test]
async fn nothing_there_is_missing_and_too_much_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let source = Source::Directory(dir.path().join("not-there"));
    assert_eq!(find(&source, None).await.unwrap_err(), NotFound::Missing("dr-aks/cost-run-*.json".into()));
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let empty = Source::Store(store.clone(), Path::from("x"));
    assert_eq!(find(&empty, None).await.unwrap_err(), NotFound::Missing("dr-aks/cost-run-*.json".into()));
    store.put(&Path::from("x/dr-aks/cost-run-a.json"), vec![b' '; MAX_BYTES + 1].into()).await.unwrap();
    let error = find(&empty, Some("a")).await.unwrap_err();
    assert!(error.to_string().contains("larger than 8 MiB"), "{error}");
    for number in 0..=MAX_ENTRIES {
        write(dir.path(), &format!("dr-aks/{number}"), "");
    }
    let error = find(&Source::Directory(dir.path().to_owned()), None).await.unwrap_err();
    assert!(error.to_string().contains("more than 10000 entries"), "{error}");
}

#[tokio::test]
async fn signatures_beside_artefacts_name_their_key() {
    let text = artifact("a", "2026-03-30T21:00:00Z");
    let digest = cost_engine::json::digest(&parse(text.as_bytes()).unwrap());
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let public = pair.public_key().as_ref().try_into().unwrap();
    let key = |public| Key { public, systems: Vec::new() };
    let signers = BTreeMap::from([("ci-1".to_owned(), key(public)), ("ci-2".to_owned(), key([9; 32]))]);
    let of = |key_id: &str, digest| canonical(&signature(key_id, pkcs8.as_ref(), digest).unwrap());
    let good = of("ci-1", digest);
    for (what, beside, expected) in [
        ("signed", Some(good.clone()), Some("ci-1")),
        ("not signed", None, None),
        ("by a key nobody knows", Some(of("ci-9", digest)), None),
        ("in the name of another", Some(of("ci-2", digest)), None),
        ("something else", Some(of("ci-1", cost_engine::json::Digest::of(b"else"))), None),
        ("another algorithm", Some(good.replace("Ed25519", "RSA")), None),
        ("no document", Some("signature".to_owned()), None),
        ("too short", Some(good.replacen("\"value\":\"", "\"value\":\"AA==\",\"x_\":\"", 1)), None),
    ] {
        let mut files = vec![("dr-aks/cost-run-a.json", text.clone())];
        files.extend(beside.map(|beside| ("dr-aks/cost-run-a.json.sig", beside)));
        let (_dir, sources) = both(&files).await;
        for source in sources {
            let signed = source.find("dr-aks", None, &signers).await.artifact.unwrap();
            assert_eq!(signed.key_id.as_deref(), expected, "{what}");
        }
    }
}

#[test]
fn documents_that_are_named_may_be_behind_a_link_but_must_be_files() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "data/policy.json", "{}");
    symlink(dir.path().join("data/policy.json"), dir.path().join("policy.json")).unwrap();
    assert_eq!(read_file(&dir.path().join("policy.json")).unwrap(), b"{}");
    assert!(matches!(read_file(&dir.path().join("data")), Err(FileError::Kind("a directory"))));
    assert!(matches!(read_file(&dir.path().join("nothing")), Err(FileError::Missing)));
    assert!(matches!(read_file(FilePath::new("/dev/null")), Err(FileError::Kind("a device"))));
}

#[test]
fn approvals_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    assert!(read_approvals(&dir.path().join("nothing")).unwrap().read.is_empty());
    write(dir.path(), "a.json", "{}");
    write(dir.path(), "notes.txt", "not looked at");
    symlink("/etc/passwd", dir.path().join("b.json")).unwrap();
    let approvals = read_approvals(dir.path()).unwrap();
    let named: Vec<&str> = approvals.unreadable.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((approvals.read.len(), named), (0, vec!["a.json", "b.json"]));
    assert!(approvals.unreadable[1].1.contains("symbolic link"));
}
