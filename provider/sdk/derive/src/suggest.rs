//! What the author may have meant.

/// The message for a word that is none of those known, with the nearest one or else all of them.
pub(crate) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("unknown {what} `{word}`; did you mean `{near}`?"),
        None => format!("unknown {what} `{word}`; expected {}", one_of(known)),
    }
}

/// The known word that is a slip or two away.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let slips = (word.len() / 3).clamp(1, 3);
    let distances = known.iter().map(|known| (distance(word, known), *known));
    let near = distances.filter(|(distance, _)| *distance <= slips).min();
    let longer = || known.iter().copied().find(|known| word.len() > 2 && known.starts_with(word));
    near.map(|(_, known)| known).or_else(longer)
}

/// "`a`, `b` or `c`".
pub(crate) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// Edits between two words: insertions, deletions, substitutions and swaps of neighbours.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    // rows[i][j] is the distance of the first i letters from the first j.
    let row = |i: usize| (0..=right.len()).map(|j| if j == 0 { i } else { j }).collect();
    let mut rows: Vec<Vec<usize>> = (0..=left.len()).map(row).collect();
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let change = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 5] = ["required", "optional", "replace", "replace_if", "sensitive"];

    #[test]
    fn slips_of_the_finger_are_recognised() {
        assert_eq!(nearest("requierd", &WORDS), Some("required"));
        assert_eq!(nearest("replaces", &WORDS), Some("replace"));
        assert_eq!(nearest("sens", &WORDS), Some("sensitive"));
        assert_eq!(nearest("banana", &WORDS), None);
    }

    #[test]
    fn a_swap_is_one_edit() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn what_is_nothing_like_a_word_lists_them_all() {
        assert_eq!(unknown("word", "x1", &["a", "b", "c"]), "unknown word `x1`; expected `a`, `b` or `c`");
    }
}
