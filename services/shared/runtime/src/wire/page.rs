//! Page tokens: where a list goes on, readable by nobody else and bound to the caller and the filter it was made for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{digest, hmac};
use vocabulary::Problem;

/// First byte of every token, so that a later format can be told apart.
const VERSION: u8 = 1;
/// Bytes of the tag that are kept (NIST SP 800-107 allows truncation to 128 bits).
const TAG: usize = 16;
/// A longer token is not looked at.
const MAX_TOKEN: usize = 2048;

/// The key by which page tokens are signed; the same in every replica of a service.
#[derive(Clone)]
pub struct PageKey(hmac::Key);

impl PageKey {
    /// A key from a secret of at least 32 random bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token that resumes after `cursor` in a list with this `scope`. The cursor is signed, not encrypted.
    pub fn encode(&self, scope: &[u8], cursor: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &signed(scope, cursor));
        let mut token = vec![VERSION];
        token.extend_from_slice(&tag.as_ref()[..TAG]);
        token.extend_from_slice(cursor);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Where the page begins that is asked for: nowhere special without a token, else at what `read` makes of the cursor of
    /// a token made for the same `scope`. Anything else is refused.
    pub fn decode<T>(
        &self,
        scope: &[u8],
        token: &str,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        if token.is_empty() {
            return Ok(None);
        }
        let cursor = self.open(scope, token).and_then(|cursor| read(&cursor));
        cursor.map(Some).ok_or_else(|| {
            Problem::invalid(
                "page_token",
                "PAGE_TOKEN_INVALID",
                "is not a token of this list; start again without one and keep the other arguments unchanged",
                "Trang không còn hợp lệ, xin tải lại danh sách từ đầu.",
            )
        })
    }

    fn open(&self, scope: &[u8], token: &str) -> Option<Vec<u8>> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (tag, cursor) = rest.split_at_checked(TAG)?;
        let expected = hmac::sign(&self.0, &signed(scope, cursor));
        let differing =
            expected.as_ref().iter().zip(tag).fold(0, |differing, (left, right)| differing | (left ^ right));
        (*version == VERSION && differing == 0).then(|| cursor.to_vec())
    }
}

/// A scope from the parts it depends on: caller, filter, order. Different lists of parts never give the same scope.
pub fn scope(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

fn signed(scope: &[u8], cursor: &[u8]) -> Vec<u8> {
    let mut signed = vec![VERSION];
    signed.extend_from_slice(&(scope.len() as u64).to_be_bytes());
    signed.extend_from_slice(scope);
    signed.extend_from_slice(cursor);
    signed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn key() -> PageKey {
        PageKey::new(&[7; 32])
    }

    fn decode(key: &PageKey, scope: &[u8], token: &str) -> Result<Option<Vec<u8>>, &'static str> {
        key.decode(scope, token, |cursor| Some(cursor.to_vec())).map_err(|problem| problem.reason)
    }

    #[test]
    fn no_token_is_the_beginning_and_a_cursor_that_cannot_be_read_is_refused() {
        assert_eq!(decode(&key(), b"scope", ""), Ok(None));
        let unreadable = key().decode(b"scope", &key().encode(b"scope", b"x"), |_| None::<()>);
        assert_eq!(unreadable.map_err(|problem| problem.reason), Err("PAGE_TOKEN_INVALID"));
    }

    #[test]
    fn scopes_are_unambiguous() {
        assert_ne!(scope(&[b"ab", b"c"]), scope(&[b"a", b"bc"]));
        assert_ne!(scope(&[b"ab"]), scope(&[b"ab", b""]));
    }

    proptest! {
        #[test]
        fn a_token_gives_back_its_cursor(scope in vec(any::<u8>(), 0..40), cursor in vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode(&key(), &scope, &key().encode(&scope, &cursor)), Ok(Some(cursor)));
        }

        #[test]
        fn a_token_of_another_list_or_key_is_refused(one: [u8; 4], other: [u8; 4], cursor in vec(any::<u8>(), 0..40)) {
            prop_assume!(one != other);
            let token = key().encode(&one, &cursor);
            prop_assert_eq!(decode(&key(), &other, &token), Err("PAGE_TOKEN_INVALID"));
            prop_assert_eq!(decode(&PageKey::new(&[8; 32]), &one, &token), Err("PAGE_TOKEN_INVALID"));
        }

        #[test]
        fn a_changed_token_is_refused(position: prop::sample::Index, byte: u8, cursor in vec(any::<u8>(), 0..40)) {
            let mut token = key().encode(b"scope", &cursor).into_bytes();
            let at = position.index(token.len());
            prop_assume!(token[at] != byte && byte.is_ascii());
            token[at] = byte;
            prop_assert!(decode(&key(), b"scope", &String::from_utf8(token).expect("ASCII")).is_err());
        }

        #[test]
        fn no_text_is_a_token(text in ".{0,100}") {
            prop_assert!(text.is_empty() || decode(&key(), b"scope", &text).is_err());
        }
    }
}
