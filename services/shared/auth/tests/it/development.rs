//! The development issuer's key file.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Barrier;

use auth::{AuthError, DevelopmentIssuer};
use vocabulary::Clock;

fn open(directory: &std::path::Path) -> Result<DevelopmentIssuer, AuthError> {
    DevelopmentIssuer::open(directory, "https://issuer", "fieldreport", Clock::system())
}

#[test]
fn the_key_is_created_once_and_private() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = open(directory.path()).expect("created").verification_key();
    let again = open(directory.path()).expect("opened").verification_key();
    assert_eq!(first, again);
    let files: Vec<_> = std::fs::read_dir(directory.path())
        .expect("listed")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert_eq!(files.len(), 1, "no draft is left behind: {files:?}");
    assert_eq!(std::fs::metadata(&files[0]).expect("metadata").permissions().mode() & 0o777, 0o600);
}

#[test]
fn many_who_start_at_once_share_one_key() {
    let directory = tempfile::tempdir().expect("a directory");
    let start = Barrier::new(8);
    let kids: std::collections::HashSet<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    open(directory.path()).expect("opened").verification_key().kid().to_owned()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("joined")).collect()
    });
    assert_eq!(kids.len(), 1);
}

#[test]
fn a_readable_or_broken_key_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    open(directory.path()).expect("created");
    let path = directory.path().join("development-key.pkcs8");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changed");
    assert!(matches!(open(directory.path()), Err(AuthError::Key { .. })));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("changed");
    std::fs::write(&path, b"short").expect("written");
    assert!(matches!(open(directory.path()), Err(AuthError::Key { .. })));
    assert!(matches!(open(&directory.path().join("missing")), Err(AuthError::File { .. })));
}
