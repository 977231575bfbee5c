use proptest::prelude::*;

use super::*;

#[test]
fn a_misspelt_name_is_answered_with_the_nearest() {
    let known = ["shared_buffers", "work_mem", "max_connections"];
    assert_eq!(nearest("shared_bufers", known.into_iter()), Some("shared_buffers"));
    assert_eq!(nearest("colour", known.into_iter()), None);
}

#[test]
fn derived_from_the_container_not_the_node() {
    let basis = |memory, processors| Basis {
        memory,
        processors,
        objectives: None,
        connections: 100,
        checksums: true,
    };
    let small = derive(&basis(1 << 30, 1));
    assert_eq!(small["shared_buffers"], "256MB");
    assert_eq!(small["effective_cache_size"], "768MB");
    assert_eq!(small["work_mem"], "2MB");
    let large = derive(&basis(64 << 30, 16));
    assert_eq!((large["shared_buffers"].as_str(), large["max_worker_processes"].as_str()), ("16GB", "16"));
    assert!(!large.contains_key("wal_log_hints"));
    assert_eq!(derive(&Basis { checksums: false, ..basis(0, 1) })["wal_log_hints"], "on");
}

#[test]
fn objectives_bound_recovery() {
    let objectives = Objectives { rpo: Some("60s".parse().unwrap()), rto: Some("15m".parse().unwrap()) };
    let basis = Basis {
        memory: 1 << 30,
        processors: 2,
        objectives: Some(&objectives),
        connections: 100,
        checksums: true,
    };
    let settings = derive(&basis);
    assert_eq!(
        (settings["checkpoint_timeout"].as_str(), settings["max_wal_size"].as_str()),
        ("300s", "9600MB")
    );
}

use super::super::model::Objectives;

fn facts_with(file: &str) -> Facts {
    let mut facts = Facts::default();
    facts.files.insert("settings".to_owned(), file.to_owned());
    facts
}

proptest! {
    #[test]
    fn what_is_rendered_is_read_back(
        settings in prop::collection::btree_map("[a-z_]{1,20}", "[ -~\n]{0,40}", 0..8)
    ) {
        prop_assert_eq!(parsed(&facts_with(&render(&settings))), settings);
    }

    #[test]
    fn no_file_makes_it_fall(text in "\\PC*") {
        drop(parsed(&facts_with(&text)));
    }

    #[test]
    fn memory_is_never_promised_twice(memory in 64_u64 << 20..1 << 42, processors in 1_u32..512) {
        let basis = Basis { memory, processors, objectives: None, connections: 100, checksums: true };
        let settings = derive(&basis);
        let mib = |name: &str| {
            let text = &settings[name];
            let digits: u64 = text.trim_end_matches(char::is_alphabetic).parse().unwrap();
            if text.ends_with("GB") { digits * 1024 } else { digits }
        };
        prop_assert!(mib("shared_buffers") <= memory / (1 << 20) / 4 + 16);
        prop_assert!(mib("shared_buffers") < mib("effective_cache_size"));
    }
}
