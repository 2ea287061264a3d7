//! A data folder, owned: two processes on one would both carry its events, and their order would be lost.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The file that is locked. It stays when its owner goes; the operating system takes the lock back, even after a crash.
const LOCK: &str = "lock";

/// The right to run on a data folder; given back on drop.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is not there, and takes it; fails at once if another process has it.
    pub fn take(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        std::fs::create_dir_all(path).with_context(|| format!("the data folder {shown} cannot be made"))?;
        let lock = File::create(path.join(LOCK))
            .with_context(|| format!("the data folder {shown} cannot be written to"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!("the data folder {shown} is in use by another fieldreport; stop that one first")
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("the data folder {shown} cannot be locked"))
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let owned = DataFolder::take(&data).unwrap();
        let refused = DataFolder::take(&data).unwrap_err().to_string();
        assert!(refused.contains(&data.display().to_string()), "{refused}");
        drop(owned);
        assert_eq!(DataFolder::take(&data).unwrap().path(), data);
    }
}
