//! Publishers' sums files: `SHA256SUMS`, `SHA512SUMS`, `CHECKSUM`.

/// Why a sums file gave no checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumsError {
    /// No line names the file.
    #[error("the sums file names {names} files, but not {file:?}")]
    NotListed {
        /// The file that was looked for.
        file: String,
        /// How many files are listed.
        names: usize,
    },
    /// Two lines name the file and differ.
    #[error("the sums file names {file:?} more than once with different sums")]
    Contradiction {
        /// The file that was looked for.
        file: String,
    },
    /// Nothing in it looks like a sum.
    #[error("this is no sums file: no line holds a SHA-256 or SHA-512 sum")]
    NoSums,
}

/// The checksum of a file as `sha256:…` or `sha512:…`, from the text of a sums file.
///
/// Knows the two formats in use: coreutils' `<hex> <space or *><name>` and BSD's `SHA256 (<name>) = <hex>`.
/// Where both SHA-256 and SHA-512 are listed the stronger is taken. A file that holds one bare sum and no name is taken
/// to speak of the file next to it, as `<image>.sha256` does.
///
/// # Errors
/// The file is not listed, is listed twice with different sums, or the text holds no sums.
pub fn find_sum(text: &str, file: &str) -> Result<String, SumsError> {
    let entries: Vec<Entry<'_>> = text.lines().filter_map(entry).collect();
    if entries.is_empty() {
        return Err(SumsError::NoSums);
    }
    let bare = entries.len() == 1 && entries.iter().all(|entry| entry.name.is_empty());
    let matching = entries.iter().filter(|entry| bare || base_name(entry.name) == file);
    let mut best: Option<&Entry<'_>> = None;
    for entry in matching {
        match best {
            Some(other) if other.sum.len() == entry.sum.len() && !other.sum.eq_ignore_ascii_case(entry.sum) => {
                return Err(SumsError::Contradiction { file: file.to_owned() });
            }
            Some(other) if other.sum.len() >= entry.sum.len() => {}
            _ => best = Some(entry),
        }
    }
    let found = best.ok_or_else(|| SumsError::NotListed { file: file.to_owned(), names: entries.len() })?;
    let algorithm = if found.sum.len() == SHA256 { "sha256" } else { "sha512" };
    Ok(format!("{algorithm}:{}", found.sum.to_ascii_lowercase()))
}

/// Hexadecimal digits of each algorithm's sum.
const SHA256: usize = 64;
const SHA512: usize = 128;

struct Entry<'a> {
    sum: &'a str,
    name: &'a str,
}

fn entry(line: &str) -> Option<Entry<'_>> {
    let line = line.trim();
    if let Some((head, sum)) = line.rsplit_once(" = ") {
        let name = head.split_once('(').and_then(|(_, name)| name.strip_suffix(')'))?;
        return is_sum(sum).then_some(Entry { sum, name });
    }
    let (sum, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let name = rest.trim_start();
    is_sum(sum).then_some(Entry { sum, name: name.strip_prefix('*').unwrap_or(name) })
}

fn is_sum(text: &str) -> bool {
    matches!(text.len(), SHA256 | SHA512) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(digit: char, length: usize) -> String {
        std::iter::repeat_n(digit, length).collect()
    }

    #[test]
    fn reads_coreutils_and_bsd() {
        let (a, b, c) = (sum('a', 64), sum('B', 64), sum('c', 128));
        let text = format!("# comment\n{a}  one.qcow2\n{b} *./dir/two.img\nSHA512 (three.raw.xz) = {c}\n");
        assert_eq!(find_sum(&text, "one.qcow2"), Ok(format!("sha256:{a}")));
        assert_eq!(find_sum(&text, "two.img"), Ok(format!("sha256:{}", b.to_lowercase())));
        assert_eq!(find_sum(&text, "three.raw.xz"), Ok(format!("sha512:{c}")));
        assert_eq!(find_sum(&text, "four"), Err(SumsError::NotListed { file: "four".into(), names: 3 }));
    }

    #[test]
    fn takes_the_stronger_and_refuses_contradictions() {
        let (a, b, c) = (sum('a', 64), sum('b', 64), sum('c', 128));
        let both = format!("SHA256 (x) = {a}\nSHA512 (x) = {c}\n");
        assert_eq!(find_sum(&both, "x"), Ok(format!("sha512:{c}")));
        let twice = format!("{a}  x\n{b}  x\n");
        assert_eq!(find_sum(&twice, "x"), Err(SumsError::Contradiction { file: "x".into() }));
        assert_eq!(find_sum(&format!("{a}  x\n{a}  x\n"), "x"), Ok(format!("sha256:{a}")));
    }

    #[test]
    fn a_bare_sum_is_the_files() {
        let a = sum('a', 64);
        assert_eq!(find_sum(&format!("{a}\n"), "anything"), Ok(format!("sha256:{a}")));
        assert_eq!(find_sum("<html>not found</html>", "x"), Err(SumsError::NoSums));
    }
}
