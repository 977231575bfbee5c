//! Slugs made from names.

/// The slug of a name: lower case, ASCII letters, digits, underscores and single hyphens between them; letters with
/// marks lose the marks. Empty when nothing of the name can stand in a slug.
#[must_use]
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase).flat_map(|letter| plain(letter).chars()) {
        match letter {
            'a'..='z' | '0'..='9' | '_' => slug.push(letter),
            ' ' | '-' | '.' | '/' | '\t' if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    let end = slug.trim_end_matches('-').len();
    slug.truncate(end.min(100));
    slug
}

/// A letter without its marks.
fn plain(letter: char) -> Plain {
    let ascii = match letter {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => "o",
        'ö' | 'ø' | 'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' => "s",
        'ß' => "ss",
        'ť' | 'ţ' => "t",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        other => return Plain::Same(other),
    };
    Plain::Ascii(ascii)
}

enum Plain {
    Ascii(&'static str),
    Same(char),
}

impl Plain {
    fn chars(self) -> impl Iterator<Item = char> {
        let (text, letter) = match self {
            Self::Ascii(text) => (text, None),
            Self::Same(letter) => ("", Some(letter)),
        };
        text.chars().chain(letter)
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_become_slugs() {
        let table = [
            ("Amsterdam 1", "amsterdam-1"),
            ("  Rack / Row -- 7 ", "rack-row-7"),
            ("Zürich (Süd)", "zuerich-sued"),
            ("PowerEdge R640", "poweredge-r640"),
            ("a_b", "a_b"),
            ("日本", ""),
            ("10G-Lab", "10g-lab"),
        ];
        for (name, expected) in table {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert_eq!(slug(&"x".repeat(300)).len(), 100);
    }
}
