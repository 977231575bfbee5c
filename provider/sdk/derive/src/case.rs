//! Names from one case into another.

use crate::suggest;

/// How the words of a name are joined.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    Snake,
    Kebab,
    Lower,
    Upper,
    ScreamingSnake,
    Camel,
    Pascal,
}

const CASES: [(&str, Case); 7] = [
    ("snake_case", Case::Snake),
    ("kebab-case", Case::Kebab),
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("camelCase", Case::Camel),
    ("PascalCase", Case::Pascal),
];

impl Case {
    /// The case of this name, or what is wrong with the name.
    pub(crate) fn named(text: &str) -> Result<Self, String> {
        let known = CASES.map(|(name, _)| name);
        let found = CASES.iter().find(|(name, _)| *name == text);
        found.map(|(_, case)| *case).ok_or_else(|| suggest::unknown("case", text, &known))
    }

    /// A name in PascalCase or snake_case in this case.
    pub(crate) fn of(self, name: &str) -> String {
        let words = split(name);
        let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let upper = |words: &[String]| words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>();
        match self {
            Self::Snake => lower.join("_"),
            Self::Kebab => lower.join("-"),
            Self::Lower => lower.concat(),
            Self::Upper => upper(&lower).concat(),
            Self::ScreamingSnake => upper(&lower).join("_"),
            Self::Pascal => lower.iter().map(|word| capitalised(word)).collect(),
            Self::Camel => {
                let capital = |(index, word): (usize, &String)| {
                    if index == 0 { word.clone() } else { capitalised(word) }
                };
                lower.iter().enumerate().map(capital).collect()
            }
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The words of a name: `VirtioScsi` is virtio, scsi; `HTTPProxy` is http, proxy; `Raid10` is one word.
fn split(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| chars[before]);
        let after = chars.get(index + 1);
        let begins = c.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || after.is_some_and(|after| after.is_lowercase()));
        if c == '_' || begins {
            words.push(String::new());
        }
        if c != '_'
            && let Some(word) = words.last_mut()
        {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        for (name, words) in [
            ("VirtioScsi", "virtio_scsi"),
            ("HTTPProxy", "http_proxy"),
            ("Raid10", "raid10"),
            ("A", "a"),
            ("parse_volume_id", "parse_volume_id"),
        ] {
            assert_eq!(Case::Snake.of(name), words);
        }
    }

    #[test]
    fn every_case_has_its_form() {
        let forms = CASES.map(|(_, case)| case.of("VirtioScsi"));
        let expected = [
            "virtio_scsi",
            "virtio-scsi",
            "virtioscsi",
            "VIRTIOSCSI",
            "VIRTIO_SCSI",
            "virtioScsi",
            "VirtioScsi",
        ];
        assert_eq!(forms, expected);
        assert_eq!(Case::Pascal.of("parse_volume_id"), "ParseVolumeId");
    }

    #[test]
    fn a_misspelt_case_gets_advice() {
        assert!(Case::named("kebab_case").is_err_and(|text| text.contains("`kebab-case`")));
    }
}
