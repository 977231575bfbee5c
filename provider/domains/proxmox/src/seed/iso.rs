//! A small ISO 9660 image: one directory of files, told in three ways. Old readers get the plain names of the standard,
//! Linux the Rock Ridge names, Windows the Joliet names. No clock, no chance: the same files give the same bytes.

/// Bytes of a sector.
const SECTOR: usize = 2048;
/// Bytes of a directory: always one sector.
const DIRECTORY_BYTES: u32 = 2048;
/// Sectors the standard leaves to the system.
const SYSTEM_SECTORS: u32 = 16;
/// Where everything lies: three volume descriptors, then path tables in both byte orders for both trees, then the trees.
const PATH_TABLES: u32 = SYSTEM_SECTORS + 3;
const PLAIN_ROOT: u32 = PATH_TABLES + 4;
const JOLIET_ROOT: u32 = PLAIN_ROOT + 1;
const FIRST_FILE: u32 = JOLIET_ROOT + 1;
/// Bytes of a path table that knows the root only.
const PATH_TABLE_BYTES: u32 = 10;

/// A file of an image.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    /// Its name, as Linux and Windows see it.
    pub(super) name: &'a str,
    /// What it holds.
    pub(super) content: &'a [u8],
}

/// Why an image cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsoError {
    /// More or longer names than one directory sector holds.
    #[error("the names of the files do not fit into one directory")]
    Directory,
    /// More bytes than such an image can have.
    #[error("the files are too large for an image")]
    Size,
}

/// The three ways in which the directory is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tree {
    /// Plain names with Rock Ridge's beside them.
    Plain,
    Joliet,
}

struct Placed<'a> {
    file: File<'a>,
    sector: u32,
    bytes: u32,
}

/// The image of these files under a volume name.
///
/// # Errors
/// [`IsoError`].
pub(super) fn image(volume: &str, files: &[File<'_>]) -> Result<Vec<u8>, IsoError> {
    let (placed, sectors) = place(files)?;
    let mut image = vec![0; SYSTEM_SECTORS as usize * SECTOR];
    for tree in [Tree::Plain, Tree::Joliet] {
        sector(&mut image, &descriptor(tree, volume, sectors));
    }
    sector(&mut image, b"\xffCD001\x01");
    for root in [PLAIN_ROOT, JOLIET_ROOT] {
        sector(&mut image, &path_table(root.to_le_bytes(), 1_u16.to_le_bytes()));
        sector(&mut image, &path_table(root.to_be_bytes(), 1_u16.to_be_bytes()));
    }
    for tree in [Tree::Plain, Tree::Joliet] {
        let directory = directory(tree, &placed);
        if directory.len() > SECTOR {
            return Err(IsoError::Directory);
        }
        sector(&mut image, &directory);
    }
    for file in &placed {
        image.extend_from_slice(file.file.content);
        pad(&mut image);
    }
    Ok(image)
}

/// Gives every file its sectors; answers those of the whole image.
fn place<'a>(files: &[File<'a>]) -> Result<(Vec<Placed<'a>>, u32), IsoError> {
    let mut next = FIRST_FILE;
    let mut placed = Vec::with_capacity(files.len());
    for file in files {
        let bytes = u32::try_from(file.content.len()).map_err(|_| IsoError::Size)?;
        placed.push(Placed { file: *file, sector: next, bytes });
        let sectors = u32::try_from(file.content.len().div_ceil(SECTOR)).map_err(|_| IsoError::Size)?;
        next = next.checked_add(sectors).ok_or(IsoError::Size)?;
    }
    Ok((placed, next))
}

/// Appends something that fits a sector, and fills the sector.
fn sector(image: &mut Vec<u8>, content: &[u8]) {
    image.extend_from_slice(content);
    pad(image);
}

fn pad(image: &mut Vec<u8>) {
    image.resize(image.len().div_ceil(SECTOR) * SECTOR, 0);
}

/// A number in both byte orders.
fn both32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&number.to_be_bytes());
}

fn both16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&number.to_be_bytes());
}

/// Text of a fixed width, filled with spaces.
fn text(out: &mut Vec<u8>, tree: Tree, text: &str, width: usize) {
    let (mut bytes, space): (Vec<u8>, &[u8]) = match tree {
        Tree::Plain => (text.bytes().collect(), b" "),
        Tree::Joliet => (wide(text), b"\0 "),
    };
    bytes.truncate(width);
    out.extend(bytes.iter().copied().chain(space.iter().copied().cycle()).take(width));
}

/// Text as Joliet spells it.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn descriptor(tree: Tree, volume: &str, sectors: u32) -> Vec<u8> {
    let (kind, root, tables) = match tree {
        Tree::Plain => (1, PLAIN_ROOT, PATH_TABLES),
        Tree::Joliet => (2, JOLIET_ROOT, PATH_TABLES + 2),
    };
    let mut out = vec![kind];
    out.extend_from_slice(b"CD001\x01\0");
    text(&mut out, tree, "", 32);
    text(&mut out, tree, volume, 32);
    out.resize(out.len() + 8, 0);
    both32(&mut out, sectors);
    // Which characters names are made of: UCS-2, level 3, for Joliet.
    let escapes: &[u8] = if tree == Tree::Joliet { b"%/E" } else { b"" };
    out.extend(escapes.iter().copied().chain(std::iter::repeat(0)).take(32));
    both16(&mut out, 1);
    both16(&mut out, 1);
    both16(&mut out, 2048);
    both32(&mut out, PATH_TABLE_BYTES);
    out.extend_from_slice(&tables.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(tables + 1).to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    record(&mut out, &[0], root, DIRECTORY_BYTES, DIRECTORY, &[]);
    // Sets, publisher, preparer, application.
    for width in [128, 128, 128, 128, 37, 37, 37] {
        text(&mut out, tree, "", width);
    }
    // Created, changed, expires, effective: not said.
    for _ in 0..4 {
        out.extend_from_slice(b"0000000000000000\0");
    }
    out.push(1);
    out
}

fn path_table(root: [u8; 4], parent: [u8; 2]) -> Vec<u8> {
    let mut out = vec![1, 0];
    out.extend_from_slice(&root);
    out.extend_from_slice(&parent);
    out.extend_from_slice(&[0, 0]);
    out
}

/// Flag of a directory in its record.
const DIRECTORY: u8 = 2;

/// A directory's records, sorted by name as the standard wants it.
fn directory(tree: Tree, files: &[Placed<'_>]) -> Vec<u8> {
    let root = if tree == Tree::Plain { PLAIN_ROOT } else { JOLIET_ROOT };
    let mut named: Vec<(Vec<u8>, &Placed<'_>)> = Vec::with_capacity(files.len());
    for file in files {
        let name = match tree {
            Tree::Plain => plain_name(file.file.name, named.len()),
            Tree::Joliet => wide(&format!("{};1", file.file.name)),
        };
        named.push((name, file));
    }
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut out = Vec::new();
    let (itself, parent) = match tree {
        Tree::Plain => (rock_ridge_root(), rock_ridge_mode(0o040_555, 2)),
        Tree::Joliet => (Vec::new(), Vec::new()),
    };
    record(&mut out, &[0], root, DIRECTORY_BYTES, DIRECTORY, &itself);
    record(&mut out, &[1], root, DIRECTORY_BYTES, DIRECTORY, &parent);
    for (name, file) in named {
        let extra = if tree == Tree::Plain { rock_ridge_file(file.file.name) } else { Vec::new() };
        record(&mut out, &name, file.sector, file.bytes, 0, &extra);
    }
    out
}

/// A name of eight capitals, digits and underscores, made distinct by its place where it is cut.
fn plain_name(name: &str, index: usize) -> Vec<u8> {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let short: String = name.chars().map(letter).take(6).collect();
    format!("{short}_{};1", index % 10).into_bytes()
}

/// A directory record. All of them are of 1 January 2000, because a clock would make two equal images differ.
fn record(out: &mut Vec<u8>, name: &[u8], sector: u32, bytes: u32, flags: u8, extra: &[u8]) {
    let mut record = vec![0];
    both32(&mut record, sector);
    both32(&mut record, bytes);
    record.extend_from_slice(&[100, 1, 1, 0, 0, 0, 0]);
    record.extend_from_slice(&[flags, 0, 0]);
    both16(&mut record, 1);
    record.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    // With the length byte in front, names end and records end at even offsets.
    for part in [name, extra] {
        record.extend_from_slice(part);
        if record.len() % 2 == 0 {
            record.push(0);
        }
    }
    // Longer ones do not fit the directory either, which is found there.
    let length = u8::try_from(record.len() + 1).unwrap_or(u8::MAX);
    out.push(length);
    out.extend_from_slice(&record);
}

/// Rock Ridge of the root: that it is spoken here, how, and the mode.
fn rock_ridge_root() -> Vec<u8> {
    let mut out = vec![b'S', b'P', 7, 1, 0xBE, 0xEF, 0];
    out.extend_from_slice(&rock_ridge_mode(0o040_555, 2));
    out.extend_from_slice(b"ER\x12\x01\x0a\x00\x00\x01RRIP_1991A");
    out
}

fn rock_ridge_file(name: &str) -> Vec<u8> {
    let mut out = rock_ridge_mode(0o100_444, 1);
    out.extend_from_slice(b"NM");
    out.push(u8::try_from(name.len() + 5).unwrap_or(u8::MAX));
    out.extend_from_slice(&[1, 0]);
    out.extend_from_slice(name.as_bytes());
    out
}

fn rock_ridge_mode(mode: u32, links: u32) -> Vec<u8> {
    let mut out = b"PX\x24\x01".to_vec();
    for number in [mode, links, 0, 0] {
        both32(&mut out, number);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Files = BTreeMap<String, Vec<u8>>;

    fn number(bytes: &[u8]) -> usize {
        let (little, big) = bytes.split_at(4);
        let read = u32::from_le_bytes(little.try_into().unwrap());
        assert_eq!(read, u32::from_be_bytes(big[..4].try_into().unwrap()), "both byte orders agree");
        read as usize
    }

    /// Reads an image as the standard says, by Rock Ridge names or by Joliet's.
    fn read(image: &[u8], tree: Tree) -> (String, Files) {
        assert_eq!(image.len() % SECTOR, 0);
        let at = if tree == Tree::Plain { 16 } else { 17 };
        let volume = &image[at * SECTOR..][..SECTOR];
        assert_eq!(&volume[1..7], b"CD001\x01");
        assert_eq!(image[18 * SECTOR], 255);
        assert_eq!(number(&volume[80..88]) * SECTOR, image.len());
        let name = &volume[40..72];
        let name = match tree {
            Tree::Plain => String::from_utf8(name.to_vec()).unwrap(),
            Tree::Joliet => narrow(name),
        };
        let root = &volume[156..190];
        assert_eq!((root[0], root[25]), (34, 2));
        let sector = number(&root[2..10]);
        let table = u32::from_le_bytes(volume[140..144].try_into().unwrap()) as usize * SECTOR;
        assert_eq!(u32::from_le_bytes(image[table + 2..table + 6].try_into().unwrap()) as usize, sector);
        let table = u32::from_be_bytes(volume[148..152].try_into().unwrap()) as usize * SECTOR;
        assert_eq!(u32::from_be_bytes(image[table + 2..table + 6].try_into().unwrap()) as usize, sector);
        let mut left = &image[sector * SECTOR..][..number(&root[10..18])];
        let mut files = Files::new();
        let mut seen = Vec::new();
        while left[0] != 0 {
            let (record, rest) = left.split_at(usize::from(left[0]));
            left = rest;
            assert_eq!(record.len() % 2, 0);
            let id = &record[33..33 + usize::from(record[32])];
            seen.push(id.to_vec());
            if id == [0] || id == [1] {
                continue;
            }
            let content = image[number(&record[2..10]) * SECTOR..][..number(&record[10..18])].to_vec();
            let extra = &record[(33 + id.len()).next_multiple_of(2)..];
            let name = match tree {
                Tree::Plain => rock_ridge(extra),
                Tree::Joliet => narrow(id).strip_suffix(";1").unwrap().to_owned(),
            };
            files.insert(name, content);
        }
        assert_eq!(seen[..2], [vec![0], vec![1]]);
        assert!(seen[2..].is_sorted());
        (name.trim_end().to_owned(), files)
    }

    fn narrow(wide: &[u8]) -> String {
        let units: Vec<u16> = wide.chunks(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
        String::from_utf16(&units).unwrap()
    }

    fn rock_ridge(mut extra: &[u8]) -> String {
        while extra.len() > 4 {
            let (field, rest) = extra.split_at(usize::from(extra[2]));
            if field.starts_with(b"NM") {
                return String::from_utf8(field[5..].to_vec()).unwrap();
            }
            extra = rest;
        }
        panic!("a file without a Rock Ridge name")
    }

    fn made(files: &Files) -> Vec<u8> {
        let files: Vec<File<'_>> = files.iter().map(|(name, content)| File { name, content }).collect();
        image("cidata", &files).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_written_is_read_by_both_names(
            files in prop::collection::btree_map("[a-z][a-z-]{0,20}", prop::collection::vec(any::<u8>(), 0..6000), 0..5),
        ) {
            let image = made(&files);
            prop_assert_eq!(&image, &made(&files));
            for tree in [Tree::Plain, Tree::Joliet] {
                let (volume, found) = read(&image, tree);
                prop_assert_eq!(volume, "cidata");
                prop_assert_eq!(&found, &files);
            }
        }
    }

    #[test]
    fn too_many_names_are_refused() {
        let names: Vec<String> = (0..40).map(|index| format!("file-{index}")).collect();
        let files: Vec<File<'_>> = names.iter().map(|name| File { name, content: b"" }).collect();
        assert_eq!(image("cidata", &files), Err(IsoError::Directory));
    }

    /// The kernel's own reader, where this may mount; the programs that know the format, where there are any.
    #[test]
    fn other_readers_agree() {
        let files = Files::from([
            ("meta-data".to_owned(), b"{}\n".to_vec()),
            ("network-config".to_owned(), vec![b'n'; 5000]),
            ("user-data".to_owned(), b"#cloud-config\n".to_vec()),
        ]);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("seed.iso");
        std::fs::write(&path, made(&files)).unwrap();
        let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
            let ran = std::process::Command::new(program).args(arguments).output().ok()?;
            ran.status.success().then(|| String::from_utf8_lossy(&ran.stdout).into_owned())
        };
        let mut readers = 0;
        if let Some(told) = run("blkid", &["-p".as_ref(), path.as_os_str()]) {
            assert!(told.contains("LABEL=\"cidata\"") && told.contains("TYPE=\"iso9660\""), "{told}");
            readers += 1;
        }
        for names in ["rock", "norock"] {
            let mount = directory.path().join(names);
            std::fs::create_dir(&mount).unwrap();
            // Without Rock Ridge the kernel takes Joliet.
            let options = if names == "rock" { "loop,ro,nojoliet" } else { "loop,ro,norock" };
            let arguments = ["-t", "iso9660", "-o", options]
                .map(std::ffi::OsStr::new)
                .into_iter()
                .chain([path.as_os_str(), mount.as_os_str()]);
            if run("mount", &arguments.collect::<Vec<_>>()).is_none() {
                continue;
            }
            let found: Files = std::fs::read_dir(&mount)
                .unwrap()
                .map(|entry| entry.unwrap())
                .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
                .collect();
            run("umount", &[mount.as_os_str()]);
            assert_eq!(found, files, "{names}");
            readers += 1;
        }
        if let Some(listed) = run("isoinfo", &["-R".as_ref(), "-f".as_ref(), "-i".as_ref(), path.as_os_str()])
        {
            assert!(files.keys().all(|name| listed.contains(&format!("/{name}"))), "{listed}");
            readers += 1;
        }
        if readers == 0 {
            use std::io::Write as _;
            writeln!(std::io::stderr(), "SKIPPED other_readers_agree: no blkid, isoinfo or loop mount here")
                .unwrap();
        }
    }
}
