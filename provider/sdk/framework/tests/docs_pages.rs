//! The pages made from schemas and examples.
//!
//! What they should look like stands in `tests/docs/golden`. After a change that is meant, run the test with
//! `UPDATE_DOCS=1` and read what changed.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tf_framework::docs::{self, Difference, DocsError, ObjectDocs, ProviderDocs, ResourceDocs};
use tf_framework::schema::{ReplaceQuestion, Schema};
use tf_framework::{
    Choice, Computed, Function, FunctionError, Model, Resource, ResourceModel, Sensitive, Timeouts, Value,
    WriteOnly, function,
};

/// Manages `example` machines, as the [manual](https://example/manual) has it.
///
/// All sections are optional.
#[derive(Debug, Clone, Model)]
struct Configuration {
    /// Where the service is.
    endpoint: Option<String>,
    /// Token. Environment: `EXAMPLE_TOKEN`.
    token: Option<Sensitive<String>>,
}

/// A guest of a node.
///
/// Comes in two kinds:
/// - containers
/// - machines
#[derive(Debug, Clone, Resource)]
#[resource(
    name = "guest",
    subcategory = "Guests",
    version = 1,
    identity(node, vmid(optional)),
    deprecated = "Use `example_machine`."
)]
struct Guest {
    /// Node that runs the guest.
    #[attr(replace, validate(length(1..=63), matches("^[a-z][a-z0-9]*$", "a host name")))]
    node: String,
    /// Number; chosen by the cluster when unset.
    #[attr(optional, stable, replace_if_configured, validate(range(100..=999_999_999)))]
    vmid: Computed<u32>,
    /// Virtual cores.
    #[attr(default = 2, validate(range(1..)))]
    cores: u8,
    /// Bus of all disks:
    ///
    /// - `scsi`, which knows discard
    /// - `ide`, for old systems
    #[attr(default = Bus::Scsi, deprecated = "Say it of each disk.")]
    bus: Bus,
    /// Addresses.
    #[attr(eq = cidr, validate(each(length(..=43)), items(1..=4), conflicts_with(user_data)))]
    addresses: Option<BTreeSet<String>>,
    /// Initialisation.
    #[attr(eq = json, replace_if(loses, "when it loses a user"))]
    user_data: Option<String>,
    /// Password of the first user.
    #[allow(dead_code)]
    password: WriteOnly<String>,
    /// Labels.
    #[attr(default = [("team", "platform")], validate(keys(length(1..=20))))]
    labels: BTreeMap<String, String>,
    /// Disks by slot.
    #[attr(validate(items(1..)))]
    disks: BTreeMap<String, Disk>,
    /// Where the guest is seen.
    status: Computed<Status>,
    /// Anything else.
    extra: Option<Value>,
    /// Rules of the firewall.
    #[attr(block, max = 9, deprecated = "Use `addresses`.")]
    rules: Vec<Rule>,
    /// How the guest starts.
    #[attr(block, min = 1)]
    startup: Option<Rule>,
    /// How long operations may take.
    timeouts: Option<Timeouts>,
}

/// A bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
enum Bus {
    /// SCSI.
    Scsi,
    /// IDE.
    Ide,
}

/// A disk.
#[derive(Debug, Clone, Model)]
struct Disk {
    /// Size in GiB.
    size: u32,
    /// Where backups go.
    backup: Option<Backup>,
}

/// A backup.
#[derive(Debug, Clone, Model)]
struct Backup {
    /// Storage.
    storage: String,
}

/// What is observed.
#[derive(Debug, Clone, Model)]
struct Status {
    /// Whether it runs.
    running: bool,
    /// Addresses seen.
    addresses: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, Model)]
struct Rule {
    /// Port.
    port: u16,
}

fn loses(question: &ReplaceQuestion<'_>) -> bool {
    question.planned.is_null()
}

/// The nodes of a cluster.
#[derive(Debug, Clone, Model)]
struct Nodes {
    /// Names.
    names: Computed<Vec<String>>,
}

/// A short-lived ticket.
#[derive(Debug, Clone, Model)]
struct Ticket {
    /// The ticket.
    ticket: Computed<Sensitive<String>>,
}

/// Switches a guest.
#[derive(Debug, Clone, Model)]
struct Power {
    /// Number of the guest.
    guest: u32,
}

/// Lists guests.
#[derive(Debug, Clone, Model)]
struct Everything {}

/// Adds numbers.
///
/// As many as there are.
#[function(deprecated = "Use `sum`.")]
fn add_all(
    /// The first.
    first: Option<i64>,
    /// The others.
    #[variadic]
    others: Vec<i64>,
) -> Result<i64, FunctionError> {
    others
        .iter()
        .try_fold(first.unwrap_or(0), |sum, other| sum.checked_add(*other))
        .ok_or_else(|| FunctionError::new("The sum is too large."))
}

fn example() -> ProviderDocs {
    let object = |name: &str, subcategory: &str, block| ObjectDocs {
        name: name.to_owned(),
        subcategory: subcategory.to_owned(),
        schema: Schema::new(block),
    };
    ProviderDocs {
        name: "example".to_owned(),
        address: "registry.terraform.io/example/example".to_owned(),
        provider: Schema::new(Configuration::block()),
        resources: vec![ResourceDocs {
            name: "example_guest".to_owned(),
            subcategory: Guest::SUBCATEGORY.to_owned(),
            schema: Guest::schema(),
            identity: Guest::identity(),
        }],
        data_sources: vec![object("example_nodes", "Cluster", Nodes::block())],
        ephemerals: vec![object("example_ticket", "Access", Ticket::block())],
        actions: vec![object("example_power", "Guests", Power::block())],
        lists: vec![object("example_guest", "Guests", Everything::block())],
        functions: vec![AddAll::definition()],
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/docs").join(name)
}

/// An empty directory of this test's own.
fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).expect("an old scratch directory goes");
    }
    fs::create_dir_all(&directory).expect("a scratch directory is made");
    directory
}

#[test]
fn the_pages_are_as_they_should_be() {
    let (examples, golden) = (fixture("examples"), fixture("golden"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        docs::write(&example(), &examples, &golden).expect("the pages are written");
    }
    let differences = docs::check(&example(), &examples, &golden).expect("the pages are read");
    let shown: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn every_object_has_its_page_where_the_registry_looks() {
    let pages = docs::render(&example(), Path::new("/nowhere")).expect("pages need no examples");
    let paths: Vec<String> = pages.keys().map(|path| path.display().to_string()).collect();
    let expected = [
        "actions/power.md",
        "data-sources/nodes.md",
        "ephemeral-resources/ticket.md",
        "functions/add_all.md",
        "index.md",
        "list-resources/guest.md",
        "resources/guest.md",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn front_matter_has_the_keys_the_registry_wants() {
    for (path, text) in docs::render(&example(), &fixture("examples")).expect("it renders") {
        let front =
            text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).expect("front matter").0;
        let has = |key: &str| front.lines().any(|line| line.starts_with(&format!("{key}:")));
        assert!(has("page_title") && has("description"), "{}", path.display());
        assert_eq!(has("subcategory"), path != Path::new("index.md"), "{}", path.display());
        assert!(!has("layout") && !has("sidebar_current"), "{}", path.display());
    }
}

#[test]
fn every_link_within_a_page_leads_somewhere() {
    for (path, text) in docs::render(&example(), &fixture("examples")).expect("it renders") {
        let anchors: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("<a id=\"").and_then(|rest| rest.strip_suffix("\"></a>")))
            .chain(text.contains("\n## Timeouts\n").then_some("timeouts"))
            .collect();
        let links: Vec<&str> = text
            .split("(#")
            .skip(1)
            .filter_map(|rest| rest.split_once(')').map(|(anchor, _)| anchor))
            .collect();
        for link in &links {
            assert!(anchors.contains(link), "{}: #{link}", path.display());
        }
        for anchor in anchors {
            assert!(links.contains(&anchor), "{}: nothing leads to #{anchor}", path.display());
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let render = || docs::render(&example(), &fixture("examples")).expect("it renders");
    assert_eq!(render(), render());
}

#[test]
fn differences_are_found_and_put_right() {
    let (directory, examples) = (scratch("differences"), fixture("examples"));
    let check = || docs::check(&example(), &examples, &directory).expect("the pages are read");
    assert_eq!(check().len(), 7, "every page is missing");
    docs::write(&example(), &examples, &directory).expect("the pages are written");
    assert_eq!(check(), []);

    let put = |page: &str, text: &str| {
        let path = directory.join(page);
        fs::create_dir_all(path.parent().expect("a page is in a directory")).expect("a directory is made");
        fs::write(path, text).expect("a file is written");
    };
    let index = fs::read_to_string(directory.join("index.md")).expect("there is an index");
    put("index.md", &index.replacen("example Provider", "another Provider", 1));
    put("resources/gone.md", "old");
    put("guides/by_hand.md", "---\npage_title: \"By hand\"\n---\nKept.");
    put("guides/untitled.md", "Kept.");
    fs::remove_file(directory.join("functions/add_all.md")).expect("a page is removed");
    let expected = [
        Difference::Missing("functions/add_all.md".into()),
        Difference::Changed {
            page: "index.md".into(),
            line: 2,
            expected: Some("page_title: \"example Provider\"".to_owned()),
            found: Some("page_title: \"another Provider\"".to_owned()),
        },
        Difference::Unexpected("resources/gone.md".into()),
        Difference::UntitledGuide("guides/untitled.md".into()),
    ];
    assert_eq!(check(), expected);

    let put_right = docs::write(&example(), &examples, &directory).expect("the pages are written");
    assert_eq!(put_right, expected);
    assert_eq!(check(), [Difference::UntitledGuide("guides/untitled.md".into())], "guides are left alone");
    assert!(directory.join("guides/by_hand.md").exists() && !directory.join("resources/gone.md").exists());
}

#[test]
fn a_page_that_goes_on_or_ends_early_differs() {
    let (directory, examples) = (scratch("ends"), fixture("examples"));
    docs::write(&example(), &examples, &directory).expect("the pages are written");
    let page = directory.join("index.md");
    let index = fs::read_to_string(&page).expect("there is an index");
    for text in [format!("{index}more\n"), index.trim_end().to_owned(), String::new()] {
        fs::write(&page, text).expect("the page is written");
        let differences = docs::check(&example(), &examples, &directory).expect("the pages are read");
        assert!(matches!(&differences[..], [Difference::Changed { .. }]), "{differences:?}");
    }
    // Line ends are the checkout's affair.
    fs::write(&page, index.replace('\n', "\r\n")).expect("the page is written");
    assert_eq!(docs::check(&example(), &examples, &directory).expect("the pages are read"), []);
}

#[test]
fn examples_of_nothing_are_found() {
    let examples = scratch("strays");
    fs::create_dir_all(examples.join("resources/example_gest")).expect("a directory is made");
    let differences =
        docs::check(&example(), &examples, &scratch("strays-docs")).expect("the pages are read");
    assert!(differences.contains(&Difference::StrayExamples("resources/example_gest".into())));
}

#[test]
fn what_has_no_example_is_found() {
    let without = docs::without_example(&example(), &fixture("examples")).expect("the examples are read");
    let expected = ["data-sources/example_nodes", "ephemeral-resources/example_ticket"];
    assert_eq!(without, expected.map(PathBuf::from));
}

#[test]
fn the_registrys_limits_are_kept() {
    let mut large = example();
    large.provider.block.description = "x".repeat(500_000);
    let error = docs::render(&large, Path::new("/nowhere")).expect_err("the page is too large");
    assert!(
        matches!(error, DocsError::PageTooLarge { ref page, .. } if page == Path::new("index.md")),
        "{error}"
    );

    let mut many = example();
    let source = many.data_sources[0].clone();
    many.data_sources =
        (0..2_000).map(|n| ObjectDocs { name: format!("example_{n}"), ..source.clone() }).collect();
    let error = docs::render(&many, Path::new("/nowhere")).expect_err("the pages are too many");
    assert!(matches!(error, DocsError::TooManyPages { pages: 2_006, .. }), "{error}");
}
