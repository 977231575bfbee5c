//! Where the documents and tables of NetBox releases are, if they are here at all.

use std::path::{Path, PathBuf};

/// The directory of the NetBox fixtures, or none, said aloud.
pub(crate) fn fixtures(skipped: &str) -> Option<PathBuf> {
    let named = std::env::var_os("HYBRIDOPS_SHARED").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|ancestor| ancestor.join("shared"));
    let found =
        named.into_iter().chain(above).map(|shared| shared.join("fixtures/netbox")).find(|dir| dir.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: no NetBox documents found (shared/fixtures/netbox): {skipped}");
    }
    found
}

/// The OpenAPI documents in that directory.
pub(crate) fn documents(fixtures: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixtures).expect("the fixtures can be listed");
    let mut documents: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the fixtures can be listed").path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("openapi-") && name.ends_with(".json.gz")
        })
        .collect();
    documents.sort();
    documents
}

/// The rows of a table in that directory, by column.
pub(crate) fn rows(fixtures: &Path, name: &str) -> Vec<std::collections::HashMap<String, String>> {
    let text = std::fs::read_to_string(fixtures.join(name)).expect("the table can be read");
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().expect("the table has a head").split(',').collect();
    let row = |line: &str| {
        let cells: Vec<String> = cells(line);
        assert_eq!(cells.len(), columns.len(), "{name}: {line}");
        columns.iter().map(|column| (*column).to_owned()).zip(cells).collect()
    };
    lines.map(row).collect()
}

/// The cells of a line; a cell in quotes may hold commas.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells.last_mut().expect("there is a first cell").push(letter),
        }
    }
    cells
}
