//! One file of the pack while it is read: its text and the mistakes found in it so far.

use std::cell::RefCell;
use std::fmt::Display;
use std::path::Path;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use time::Date;
use time::macros::format_description;
use toml::Spanned;
use unicode_normalization::is_nfc;

use crate::error::PackError;
use crate::validity::Validity;
use crate::words::Expected;

/// A file, its text and its mistakes. Rules take it by shared reference and note what they find.
pub(crate) struct PackFile {
    name: &'static str,
    text: String,
    mistakes: RefCell<Vec<PackError>>,
}

impl PackFile {
    /// Reads a file of the folder; a missing or undecodable one is a mistake and reads as empty.
    pub fn read(dir: &Path, name: &'static str) -> Self {
        let mut file = Self { name, text: String::new(), mistakes: RefCell::default() };
        match std::fs::read(dir.join(name)).map(String::from_utf8) {
            Ok(Ok(text)) => file.text = text,
            Ok(Err(error)) => {
                let valid = error.utf8_error().valid_up_to();
                let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
                file.mistake(line, "not UTF-8", "the same text saved as UTF-8");
            }
            Err(error) => {
                file.mistake(None, format!("cannot be read: {error}"), format!("a readable file `{name}`"))
            }
        }
        file.check_encoding();
        file
    }

    /// Reads a file that a pack may leave out; a missing one reads as empty, without a mistake.
    pub fn read_optional(dir: &Path, name: &'static str) -> Option<Self> {
        dir.join(name).exists().then(|| Self::read(dir, name))
    }

    /// A file out of memory.
    #[cfg(test)]
    pub fn of(name: &'static str, text: &str) -> Self {
        let file = Self { name, text: text.to_owned(), mistakes: RefCell::default() };
        file.check_encoding();
        file
    }

    fn check_encoding(&self) {
        for (index, line) in self.text.split('\n').enumerate() {
            if line.ends_with('\r') {
                self.mistake(
                    index + 1,
                    "the line ends with a carriage return",
                    "lines that end with `\\n` alone",
                );
                break;
            }
            if !line.is_ascii() && !is_nfc(line) {
                self.mistake(index + 1, "the text is not in Unicode NFC", "the same text, composed (NFC)");
            }
        }
    }

    /// Name inside the pack.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, as 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }

    /// Whether nothing was found wrong yet. Rules between files only look at clean ones, so that one mistake is
    /// never reported as many.
    pub fn is_clean(&self) -> bool {
        self.mistakes.borrow().is_empty()
    }

    /// The mistakes found.
    pub fn into_mistakes(self) -> Vec<PackError> {
        self.mistakes.into_inner()
    }

    /// Notes a mistake.
    pub fn mistake(
        &self,
        line: impl Into<Option<usize>>,
        problem: impl Into<String>,
        instead: impl Into<String>,
    ) {
        self.mistakes.borrow_mut().push(PackError {
            file: self.name.to_owned(),
            line: line.into(),
            problem: problem.into(),
            instead: instead.into(),
        });
    }

    /// The line of a byte offset, counted from 1.
    pub fn line_at(&self, offset: usize) -> usize {
        self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
    }

    /// The line where a TOML value stands.
    pub fn line_of<T>(&self, value: &Spanned<T>) -> usize {
        self.line_at(value.span().start)
    }

    /// Parses the whole text as TOML; nothing but a mistake when it is none, or was unreadable.
    pub fn toml<T: DeserializeOwned>(&self) -> Option<T> {
        if !self.is_clean() {
            return None;
        }
        toml::from_str(&self.text)
            .map_err(|error| {
                let line = error.span().map(|span| self.line_at(span.start));
                self.mistake(line, error.message(), "the keys and types that the README gives for this file");
            })
            .ok()
    }

    /// Parses the whole text as CSV with exactly these columns. Every row comes with its line.
    pub fn csv<R: DeserializeOwned>(&self, columns: &[&str]) -> Vec<(usize, R)> {
        if !self.is_clean() {
            return Vec::new();
        }
        let mut reader = csv::ReaderBuilder::new().from_reader(self.text.as_bytes());
        if !reader.headers().is_ok_and(|header| header.iter().eq(columns.iter().copied())) {
            self.mistake(1, "the columns are not the expected ones", format!("`{}`", columns.join(",")));
            return Vec::new();
        }
        let header = reader.headers().cloned().unwrap_or_default();
        let mut rows = Vec::new();
        for record in reader.records() {
            let read = record.and_then(|record| {
                let line = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
                Ok((line, record.deserialize(Some(&header))?))
            });
            match read {
                Ok(row) => rows.push(row),
                Err(error) => {
                    let line = error.position().and_then(|at| usize::try_from(at.line()).ok());
                    self.mistake(
                        line,
                        error.to_string(),
                        format!("{} cells, one for each column", columns.len()),
                    );
                }
            }
        }
        rows
    }

    /// Parses a value; a wrong one is a mistake.
    pub fn parse<T: Expected>(&self, line: usize, column: &str, value: &str) -> Option<T>
    where
        T::Err: Display,
    {
        value
            .parse()
            .map_err(|_| {
                self.mistake(line, format!("{column}: {value:?} is not known here"), T::instead(value))
            })
            .ok()
    }

    /// Parses a value that may be empty: `Some(None)` then.
    #[expect(clippy::option_option, reason = "a wrong value and an empty one are two different answers")]
    pub fn parse_optional<T: Expected>(&self, line: usize, column: &str, value: &str) -> Option<Option<T>>
    where
        T::Err: Display,
    {
        if value.is_empty() { Some(None) } else { self.parse(line, column, value).map(Some) }
    }

    /// Parses a TOML string.
    pub fn word<T: Expected>(&self, key: &str, value: &Spanned<String>) -> Option<T>
    where
        T::Err: Display,
    {
        self.parse(self.line_of(value), key, value.get_ref())
    }

    /// Parses a date.
    pub fn date(&self, line: usize, column: &str, value: &str) -> Option<Date> {
        Date::parse(value, format_description!("[year]-[month]-[day]"))
            .map_err(|_| {
                self.mistake(line, format!("{column}: {value:?} is no date"), "a real day as `YYYY-MM-DD`")
            })
            .ok()
    }

    /// Parses an interval of days; an empty end means "until further notice".
    pub fn validity(&self, line: usize, from: &str, to: &str) -> Option<Validity> {
        let from = self.date(line, "valid_from", from)?;
        let to = if to.is_empty() { None } else { Some(self.date(line, "valid_to", to)?) };
        if to.is_some_and(|to| to < from) {
            self.mistake(
                line,
                "valid_to lies before valid_from",
                format!("a day from {from} on, or nothing"),
            );
            return None;
        }
        Some(Validity { from, to })
    }

    /// Notes an empty text where there must be one.
    pub fn not_empty(&self, line: usize, column: &str, value: &str) -> bool {
        let filled = !value.trim().is_empty();
        if !filled {
            self.mistake(line, format!("{column} is empty"), "a text");
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_mistakes_have_a_line() {
        let file = PackFile::of("a.csv", "một\nmo\u{302}\u{323}t\nx\r\n");
        let lines: Vec<_> = file.into_mistakes().into_iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, [Some(2), Some(3)]);
    }

    #[test]
    fn short_rows_and_strange_columns_are_mistakes() {
        let file = PackFile::of("a.csv", "a,b\n1,2\n3\n4,5\n");
        let rows: Vec<(usize, (u8, u8))> = file.csv(&["a", "b"]);
        assert_eq!(rows, [(2, (1, 2)), (4, (4, 5))]);
        assert_eq!(file.into_mistakes()[0].line, Some(3));
        let file = PackFile::of("a.csv", "b,a\n1,2\n");
        assert!(file.csv::<(u8, u8)>(&["a", "b"]).is_empty() && !file.is_clean());
    }

    #[test]
    fn reversed_intervals_are_refused() {
        let file = PackFile::of("a.csv", "");
        assert!(file.validity(2, "2026-02-01", "2026-01-31").is_none());
        assert!(file.validity(2, "2026-02-01", "2026-02-01").is_some());
        assert!(file.validity(2, "2026-02-30", "").is_none());
    }
}
