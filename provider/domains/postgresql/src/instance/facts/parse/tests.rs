use proptest::prelude::*;

use super::*;

#[test]
fn a_torn_answer_is_no_answer() {
    assert!(parse("@os\n ID=debian\n").is_err());
    assert!(parse("").is_err());
    assert!(parse("@end\n").is_ok());
}

#[test]
fn the_limit_of_the_container_counts() {
    let said = "@limits\n total_kib 24684096\n processors 2\n limit_bytes 1073741824\n cpu_max 150000 100000\n@end\n";
    let facts = parse(said).unwrap();
    assert_eq!((facts.memory, facts.processors), (1 << 30, 2));
    let said = "@limits\n total_kib 1024\n processors 8\n limit_bytes max\n limit_bytes 9223372036854771712\n cpu_max max 100000\n@end\n";
    let facts = parse(said).unwrap();
    assert_eq!((facts.memory, facts.processors), (1 << 20, 8));
}

#[test]
fn data_that_is_there() {
    let said =
        "@data\n configured\n stat 101 104 700\n version 15\n entry global\n signal standby.signal\n@end\n";
    let data = parse(said).unwrap().data;
    assert_eq!(data.content, Content::Cluster(15));
    assert_eq!((data.user, data.group, data.mode), (Some(101), Some(104), Some(0o700)));
    assert_eq!(data.signals, ["standby.signal"]);
    let said = "@data\n stat 0 0 755\n entry lost+found\n@end\n";
    assert_eq!(parse(said).unwrap().data.content, Content::Foreign(vec!["lost+found".into()]));
    assert_eq!(parse("@end\n").unwrap().data.content, Content::Missing);
}

#[test]
fn numbers_as_large_as_they_come() {
    let said = "@control\n Database system identifier:           18446744073709551615\n@end\n";
    assert_eq!(parse(said).unwrap().control.unwrap().system_identifier, u64::MAX);
}

proptest! {
    #[test]
    fn nothing_that_is_said_makes_it_fall(said in "\\PC*") {
        drop(parse(&said));
    }

    #[test]
    fn nor_sections_of_anything(parts in prop::collection::vec(("(os|limits|packages|account|clusters|data|marker|control|server|file\\.settings)", "[ -~\n]{0,200}"), 0..8)) {
        let mut said = String::new();
        for (name, text) in parts {
            said.push_str(&format!("@{name}\n"));
            for line in text.lines() {
                said.push_str(&format!(" {line}\n"));
            }
        }
        said.push_str("@end\n");
        drop(parse(&said));
    }
}
