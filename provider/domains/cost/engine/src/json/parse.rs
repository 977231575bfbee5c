//! Reading JSON strictly.

use std::borrow::Cow;

use super::Json;

/// Lists and objects that may be inside of each other.
pub const MAX_DEPTH: usize = 64;

/// Why a text is no JSON of ours, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct JsonError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes are not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// A byte order mark.
    #[error("the file begins with a byte order mark; write it without")]
    ByteOrderMark,
    /// The text ended too early.
    #[error("the text ends in the middle")]
    End,
    /// Something else stands there.
    #[error("{0} is expected here")]
    Expected(&'static str),
    /// A word such as `NaN` that only looks like JSON.
    #[error("{0} is no JSON; a number that is not known must be left out")]
    Word(String),
    /// A key is there twice.
    #[error("the key {0:?} is there twice")]
    Duplicate(String),
    /// Lists and objects go too deep.
    #[error("more than {MAX_DEPTH} lists and objects inside of each other")]
    Depth,
    /// Something comes after the end.
    #[error("something comes after the end of the document")]
    Trailing,
    /// An escape that is none.
    #[error("an escape that is none, or half of a pair of surrogates")]
    Escape,
    /// A control character in a text.
    #[error("a control character in a text must be escaped")]
    Control,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// Members of an object from which on a table is kept to find duplicate keys.
const MANY: usize = 16;

/// Reads a whole document.
///
/// # Errors
/// [`JsonError`] with line and column.
pub fn parse(bytes: &[u8]) -> Result<Json<'_>, JsonError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default());
            return Err(place(valid.unwrap_or_default(), usize::MAX, Problem::Encoding));
        }
    };
    if text.starts_with('\u{feff}') {
        return Err(place(text, 0, Problem::ByteOrderMark));
    }
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0).map_err(|problem| place(text, reader.at, problem))?;
    reader.space();
    if reader.at < text.len() {
        return Err(place(text, reader.at, Problem::Trailing));
    }
    Ok(value)
}

fn place(text: &str, at: usize, problem: Problem) -> JsonError {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    JsonError { line, column, problem }
}

// === impl Reader ===

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, name: &'static str) -> Result<(), Problem> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(Problem::Expected(name)),
            None => Err(Problem::End),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, Problem> {
        self.space();
        match self.peek() {
            None => Err(Problem::End),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.list(depth + 1),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json<'a>, Problem> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let value = match word {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "" => return Err(Problem::Expected("a value")),
            other => return Err(Problem::Word(other.chars().take(20).collect())),
        };
        self.at += end;
        Ok(value)
    }

    fn digits(&mut self) -> Result<(), Problem> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Problem::Expected("a digit")) }
    }

    fn number(&mut self) -> Result<Json<'a>, Problem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.peek() == Some(b'I') {
                return Err(Problem::Word("-Infinity".to_owned()));
            }
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Json::Number(self.text.get(start..self.at).unwrap_or_default()))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Problem> {
        self.take(b'"', "a text in quotes")?;
        let start = self.at;
        loop {
            match self.peek() {
                None => return Err(Problem::End),
                Some(b'"') => {
                    let text = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => return self.escaped(start),
                Some(0..=0x1f) => return Err(Problem::Control),
                Some(_) => self.at += 1,
            }
        }
    }

    /// A text with escapes, of which the part before `self.at` has none.
    fn escaped(&mut self, start: usize) -> Result<Cow<'a, str>, Problem> {
        let mut text = self.text.get(start..self.at).unwrap_or_default().to_owned();
        loop {
            let plain = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            text.push_str(self.text.get(plain..self.at).unwrap_or_default());
            match self.peek() {
                None => return Err(Problem::End),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                Some(_) => return Err(Problem::Control),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Problem> {
        let kind = self.peek().ok_or(Problem::End)?;
        self.at += 1;
        Ok(match kind {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(Problem::Escape),
        })
    }

    fn unicode(&mut self) -> Result<char, Problem> {
        let first = self.four()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(Problem::Escape);
        }
        let pair = self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"));
        if first >= 0xdc00 || !pair {
            return Err(Problem::Escape);
        }
        self.at += 2;
        let second = self.four()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(Problem::Escape);
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(Problem::Escape)
    }

    fn four(&mut self) -> Result<u32, Problem> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Problem::Escape)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Problem::Escape);
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| Problem::Escape)
    }

    fn list(&mut self, depth: usize) -> Result<Json<'a>, Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem::Depth);
        }
        self.at += 1;
        let mut elements = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(elements));
        }
        loop {
            elements.push(self.value(depth)?);
            self.space();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.take(b']', "`,` or `]`")?;
        Ok(Json::List(elements))
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem::Depth);
        }
        self.at += 1;
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let before = self.at;
            let key = self.string()?;
            // Few keys are compared, many are looked up: no document is slow to read.
            if members.len() == MANY {
                keys.extend(members.iter().map(|(name, _)| name.clone()));
            }
            let known = if members.len() < MANY {
                members.iter().any(|(name, _)| *name == key)
            } else {
                !keys.insert(key.clone())
            };
            if known {
                self.at = before;
                return Err(Problem::Duplicate(key.into_owned()));
            }
            self.space();
            self.take(b':', "`:`")?;
            let value = self.value(depth)?;
            members.push((key, value));
            self.space();
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.take(b'}', "`,` or `}`")?;
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_parsers_disagree_on_is_refused() {
        for (text, problem) in [
            (&b"{\"a\":1,\"a\":2}"[..], Problem::Duplicate("a".into())),
            (b"{\"a\":1,\"\\u0061\":2}", Problem::Duplicate("a".into())),
            (b"\xef\xbb\xbf{}", Problem::ByteOrderMark),
            (b"{} x", Problem::Trailing),
            (b"{\"a\":NaN}", Problem::Word("NaN".into())),
            (b"{\"a\":-Infinity}", Problem::Word("-Infinity".into())),
            (b"{\"a\":01}", Problem::Expected("`,` or `}`")),
            (b"{\"a\":1,}", Problem::Expected("a text in quotes")),
            (b"[1,]", Problem::Expected("a value")),
            (b"\"\\ud800\"", Problem::Escape),
            (b"\"\\udc00\\ud800\"", Problem::Escape),
            (b"\"a\tb\"", Problem::Control),
            (b"\"abc", Problem::End),
            (b"", Problem::End),
            (b"'a'", Problem::Expected("a value")),
            (b"\"\xff\"", Problem::Encoding),
        ] {
            assert_eq!(parse(text).unwrap_err().problem, problem, "{}", String::from_utf8_lossy(text));
        }
        let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(parse(&deep(MAX_DEPTH)).is_ok());
        assert_eq!(parse(&deep(MAX_DEPTH + 1)).unwrap_err().problem, Problem::Depth);
    }

    #[test]
    fn a_problem_has_a_place() {
        let error = parse("{\n  \"é\": 1,\n  \"é\": x }".as_bytes()).unwrap_err();
        assert_eq!((error.line, error.column), (3, 3));
        let many: Vec<String> = (0..50).map(|n| format!("\"k{n}\":0")).collect();
        let text = format!("{{{},\"k20\":1}}", many.join(","));
        assert_eq!(parse(text.as_bytes()).unwrap_err().problem, Problem::Duplicate("k20".into()));
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }

        #[test]
        fn agrees_with_serde(text in r#"(\{"[a-c]":)?[\[\]{}",:0-9a-z\\u.e+-]{0,24}\}?"#) {
            if parse(text.as_bytes()).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
            }
        }
    }
}
