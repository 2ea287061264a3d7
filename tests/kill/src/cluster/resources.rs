//! What a process holds, as the kernel says.

use std::path::PathBuf;

use serde::Serialize;

/// Memory and files of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resources {
    /// The process, e.g. `intake-1`.
    pub name: String,
    /// Resident megabytes.
    pub resident_mb: u64,
    /// Open files and sockets.
    pub files: usize,
}

impl Resources {
    /// Of the process with this number; none if it is gone.
    pub fn of(name: &str, pid: u32) -> Option<Self> {
        let process = PathBuf::from(format!("/proc/{pid}"));
        let status = std::fs::read_to_string(process.join("status")).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = resident.split_whitespace().next()?.parse().ok()?;
        let files = std::fs::read_dir(process.join("fd")).ok()?.count();
        Some(Self { name: name.to_owned(), resident_mb: kilobytes / 1024, files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_holds_something() {
        let own = Resources::of("this", std::process::id()).unwrap();
        assert!(own.resident_mb > 0 && own.files > 2, "{own:?}");
        assert_eq!(Resources::of("nobody", u32::MAX), None);
    }
}
