//! Keys that a process makes for itself on first use and keeps for the life of its data.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};
use vocabulary::Clock;

use crate::AuthError;

/// The 32 secret bytes in `path`, made on first use and readable by their owner only.
pub fn secret(path: &Path, clock: &Clock) -> Result<[u8; 32], AuthError> {
    let bytes = open_or_create(path, clock, |random| {
        let mut secret = [0; 32];
        random.fill(&mut secret).map(|()| secret.to_vec())
    })?;
    bytes.as_slice().try_into().map_err(|_| AuthError::Key {
        path: path.to_owned(),
        cause: format!("it holds {} bytes, not 32", bytes.len()),
    })
}

/// Reads the key, or makes it. Two processes that do so at the same time end up with one key.
pub(crate) fn open_or_create(
    path: &Path,
    clock: &Clock,
    make: impl FnOnce(&SystemRandom) -> Result<Vec<u8>, Unspecified>,
) -> Result<Vec<u8>, AuthError> {
    match read(path) {
        Err(AuthError::File { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
            let key = make(&SystemRandom::new())
                .map_err(|_| AuthError::Issue("the system gives no random numbers".to_owned()))?;
            create(path, clock, &key)?;
            read(path)
        }
        other => other,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, AuthError> {
    let failed = |cause| AuthError::File { path: path.to_owned(), cause };
    let mode = File::open(path).and_then(|file| file.metadata()).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        let cause = format!("others may read it (mode {:o}); run chmod 600", mode & 0o777);
        return Err(AuthError::Key { path: path.to_owned(), cause });
    }
    std::fs::read(path).map_err(failed)
}

/// Writes the key under another name first and links it into place: whoever opens the file sees all of it or none.
fn create(path: &Path, clock: &Clock, key: &[u8]) -> Result<(), AuthError> {
    let failed = |cause| AuthError::File { path: path.to_owned(), cause };
    let draft: PathBuf = path.with_extension(clock.mint().to_string());
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = file.write_all(key).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft).map_err(failed)?;
    match linked {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(failed(cause)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_stays_the_same_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let (path, clock) = (folder.path().join("secret"), Clock::system());
        let first = secret(&path, &clock).unwrap();
        assert_eq!(secret(&path, &clock).unwrap(), first);
        assert_ne!(secret(&folder.path().join("other"), &clock).unwrap(), first);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(secret(&path, &clock).is_err(), "a secret that others may read is refused");
    }
}
