//! Good tokens give their caller; every other text is refused as unauthenticated.

use std::path::Path;
use std::time::Duration;

use auth::{AuthError, Caller, DevelopmentIssuer, Role, Verifier, VerifierConfig};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use settings::HumanDuration;
use vocabulary::{Clock, ErrorCode, Problem, Timestamp};

const NOW: i64 = 1_795_000_000;

/// An identity provider with one key, whose tokens can be made wrong in any way.
struct Provider {
    directory: tempfile::TempDir,
    pair: Ed25519KeyPair,
    clock: Clock,
}

impl Provider {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let pair = new_pair();
        publish(directory.path(), "main.json", "key-1", &pair);
        Self { directory, pair, clock: Clock::manual(Timestamp::from_micros(NOW * 1_000_000)) }
    }

    fn config(&self) -> VerifierConfig {
        VerifierConfig {
            issuer: "https://issuer".to_owned(),
            audience: "fieldreport".to_owned(),
            keys: Some(self.directory.path().to_owned()),
            max_lifetime: HumanDuration(Duration::from_secs(900)),
            leeway: HumanDuration(Duration::from_secs(30)),
        }
    }

    fn verifier(&self) -> Verifier {
        Verifier::load(&self.config(), Vec::new(), self.clock.clone()).expect("a verifier")
    }

    fn token(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let (mut header, mut claims) = (header(), claims());
        change(&mut header, &mut claims);
        sign(&self.pair, &header, &claims)
    }
}

fn new_pair() -> Ed25519KeyPair {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).expect("a key");
    Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a pair")
}

fn publish(directory: &Path, file: &str, kid: &str, pair: &Ed25519KeyPair) {
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x, "use": "sig" }] });
    std::fs::write(directory.join(file), set.to_string()).expect("written");
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "key-1" })
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer", "aud": "fieldreport", "sub": "officer-1", "jti": "t-1",
        "nbf": NOW, "exp": NOW + 600, "role": "agency_handler", "agency": "ubnd-32002",
    })
}

fn sign(pair: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn reason(outcome: Result<Caller, Problem>) -> &'static str {
    let problem = outcome.expect_err("refused");
    assert_eq!(problem.code, ErrorCode::Unauthenticated);
    problem.reason
}

#[test]
fn a_good_token_gives_its_caller() {
    let provider = Provider::new();
    let caller = provider.verifier().verify(&provider.token(|_, _| {})).expect("accepted");
    assert_eq!(caller.role(), Role::AgencyHandler);
    assert_eq!(caller.subject().as_str(), "officer-1");
    assert_eq!(caller.agency().map(ToString::to_string).as_deref(), Some("ubnd-32002"));
    let several = provider.token(|_, claims| claims["aud"] = json!(["other", "fieldreport"]));
    assert!(provider.verifier().verify(&several).is_ok());
}

#[test]
fn keys_named_by_the_token_itself_are_ignored() {
    let provider = Provider::new();
    let foreign = new_pair();
    let x = URL_SAFE_NO_PAD.encode(foreign.public_key().as_ref());
    let mut header = header();
    header["jwk"] = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    header["jku"] = json!("https://evil/jwks.json");
    header["x5u"] = json!("https://evil/cert.pem");
    assert_eq!(reason(provider.verifier().verify(&sign(&foreign, &header, &claims()))), "TOKEN_INVALID");
}

#[test]
fn wrong_headers_are_refused() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    for (member, value) in [
        ("typ", json!("JWT")),
        ("typ", json!(null)),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("kid", json!("key-2")),
        ("kid", json!(null)),
        ("crit", json!(["b64"])),
    ] {
        let token = provider.token(|header, _| header[member] = value.clone());
        assert_eq!(reason(verifier.verify(&token)), "TOKEN_INVALID", "{member} {value}");
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let provider = Provider::new();
    let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": "key-1" });
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let message = format!("{}.{}", encode(&header), encode(&claims()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, provider.pair.public_key().as_ref());
    let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes()));
    assert_eq!(reason(provider.verifier().verify(&format!("{message}.{tag}"))), "TOKEN_INVALID");
    assert_eq!(reason(provider.verifier().verify(&format!("{message}."))), "TOKEN_INVALID");
}

#[test]
fn missing_and_wrong_claims_are_refused() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    for claim in ["iss", "aud", "sub", "jti", "nbf", "exp", "role", "agency"] {
        let token = provider.token(|_, claims| {
            claims.as_object_mut().expect("an object").remove(claim);
        });
        assert_eq!(reason(verifier.verify(&token)), "TOKEN_INVALID", "without {claim}");
    }
    for (claim, value) in [
        ("iss", json!("https://other")),
        ("iss", json!(["https://issuer"])),
        ("aud", json!("other")),
        ("aud", json!([])),
        ("sub", json!("a b")),
        ("jti", json!("")),
        ("role", json!("root")),
        ("agency", json!("A B")),
        ("nbf", json!("0")),
        ("exp", json!((NOW + 600).to_string())),
        ("exp", json!(NOW + 901)),
        ("exp", json!(NOW)),
        ("exp", json!(i64::MAX)),
        ("nbf", json!(i64::MIN)),
    ] {
        let token = provider.token(|_, claims| claims[claim] = value.clone());
        assert_eq!(reason(verifier.verify(&token)), "TOKEN_INVALID", "{claim} = {value}");
    }
}

#[test]
fn times_hold_within_the_leeway() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    let from = |begin: i64| {
        let token = provider.token(|_, claims| {
            claims["nbf"] = json!(NOW + begin);
            claims["exp"] = json!(NOW + begin + 600);
        });
        verifier.verify(&token)
    };
    assert!(from(30).is_ok());
    assert_eq!(reason(from(31)), "TOKEN_NOT_YET_VALID");
    assert!(from(-629).is_ok());
    assert_eq!(reason(from(-630)), "TOKEN_EXPIRED");
}

#[test]
fn keys_are_reloaded_and_withdrawn_ones_refused() {
    let provider = Provider::new();
    let (verifier, token) = (provider.verifier(), provider.token(|_, _| {}));
    let next = new_pair();
    publish(provider.directory.path(), "next.json", "key-2", &next);
    let mut header = header();
    header["kid"] = json!("key-2");
    let fresh = sign(&next, &header, &claims());
    assert!(verifier.verify(&fresh).is_err());
    verifier.reload().expect("reloaded");
    assert!(verifier.verify(&fresh).is_ok() && verifier.verify(&token).is_ok());
    std::fs::remove_file(provider.directory.path().join("main.json")).expect("removed");
    verifier.reload().expect("reloaded");
    assert!(verifier.verify(&fresh).is_ok());
    assert_eq!(reason(verifier.verify(&token)), "TOKEN_INVALID");
    std::fs::write(provider.directory.path().join("next.json"), "{").expect("written");
    assert!(verifier.reload().is_err());
    assert!(verifier.verify(&fresh).is_ok(), "the old keys stay when the new ones cannot be read");
}

#[test]
fn another_key_under_the_same_name_proves_nothing_that_the_old_one_did() {
    let provider = Provider::new();
    let (verifier, token) = (provider.verifier(), provider.token(|_, _| {}));
    assert!(verifier.verify(&token).is_ok());
    verifier.reload().expect("reloaded");
    assert!(verifier.verify(&token).is_ok(), "the same keys");
    publish(provider.directory.path(), "main.json", "key-1", &new_pair());
    verifier.reload().expect("reloaded");
    assert_eq!(reason(verifier.verify(&token)), "TOKEN_INVALID");
}

#[test]
fn a_token_that_was_verified_proves_nothing_for_another() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    let token = provider.token(|_, _| {});
    for _ in 0..3 {
        assert!(verifier.verify(&token).is_ok());
    }
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let (header, _) = signed.split_once('.').expect("a payload");
    let other = provider.token(|_, claims| claims["sub"] = "somebody-else".into());
    let (others, _) = other.rsplit_once('.').expect("a signature");
    for forged in [
        format!("{others}.{signature}"),
        format!("{header}..{signature}"),
        format!("{signed}."),
        format!("{token}A"),
    ] {
        assert_eq!(reason(verifier.verify(&forged)), "TOKEN_INVALID");
    }
}

#[test]
fn a_verifier_without_keys_or_with_wide_limits_is_none() {
    let provider = Provider::new();
    let load = |config: &VerifierConfig| Verifier::load(config, Vec::new(), provider.clock.clone()).err();
    let mut config = provider.config();
    config.keys = None;
    assert!(matches!(load(&config), Some(AuthError::NoKeys)));
    config.keys = Some("/nowhere".into());
    assert!(matches!(load(&config), Some(AuthError::File { .. })));
    config = provider.config();
    config.leeway = HumanDuration(Duration::from_secs(61));
    assert!(matches!(load(&config), Some(AuthError::Limit(_))));
    config = provider.config();
    config.max_lifetime = HumanDuration(Duration::from_secs(901));
    assert!(matches!(load(&config), Some(AuthError::Limit(_))));
    publish(provider.directory.path(), "twin.json", "key-1", &new_pair());
    assert!(matches!(load(&provider.config()), Some(AuthError::DuplicateKey(_))));
}

#[test]
fn development_tokens_may_live_longer_but_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let provider = Provider::new();
    let clock = provider.clock.clone();
    let issuer = DevelopmentIssuer::open(directory.path(), "https://issuer", "fieldreport", clock.clone())
        .expect("an issuer");
    let verifier = Verifier::load(&provider.config(), vec![issuer.verification_key()], clock.clone())
        .expect("a verifier");
    let caller = Caller::new(Role::Citizen, "citizen-1".parse().expect("a subject"), None).expect("a caller");
    let token = issuer.issue(&caller, Duration::from_secs(7 * 86_400)).expect("issued");
    assert_eq!(verifier.verify(&token), Ok(caller.clone()));
    clock.advance(Duration::from_secs(7 * 86_400 + 30));
    assert_eq!(reason(verifier.verify(&token)), "TOKEN_EXPIRED");
    let endless = issuer.issue(&caller, Duration::MAX).expect("issued");
    assert!(verifier.verify(&endless).is_ok());
    clock.advance(Duration::from_secs(91 * 86_400));
    assert_eq!(reason(verifier.verify(&endless)), "TOKEN_EXPIRED");
}

proptest! {
    #[test]
    fn a_token_with_any_changed_byte_is_refused(position: prop::sample::Index, byte in 1_u8..128) {
        let provider = Provider::new();
        let mut token = provider.token(|_, _| {}).into_bytes();
        let at = position.index(token.len());
        prop_assume!(token[at] != byte);
        token[at] = byte;
        let changed = String::from_utf8(token).expect("ASCII");
        prop_assert_eq!(reason(provider.verifier().verify(&changed)), "TOKEN_INVALID");
    }

    #[test]
    fn a_token_of_another_key_is_refused(seed: [u8; 32]) {
        let provider = Provider::new();
        let foreign = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a pair");
        let token = sign(&foreign, &header(), &claims());
        prop_assert_eq!(reason(provider.verifier().verify(&token)), "TOKEN_INVALID");
    }

    #[test]
    fn no_text_is_accepted_or_panics(text in "\\PC{0,200}|[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}") {
        prop_assert_eq!(reason(Provider::new().verifier().verify(&text)), "TOKEN_INVALID");
    }
}
