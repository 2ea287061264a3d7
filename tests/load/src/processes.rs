//! What processes use while the load runs: processor time and resident memory, by /proc (proc(5)), children included.

use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinHandle;

/// Ticks of processor time in a second; 100 on every Linux that matters.
const TICKS: f64 = 100.0;
const PAUSE: Duration = Duration::from_millis(500);

/// A process under a name, as given on the command line: `name=pid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// What figures call it.
    pub name: String,
    /// Its id.
    pub pid: u32,
}

impl FromStr for Watched {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(name, pid)| Some((name.to_owned(), pid.parse().ok()?)));
        let (name, pid) = parts.ok_or_else(|| format!("{text:?} is not name=pid, e.g. intake=4711"))?;
        Ok(Self { name, pid })
    }
}

/// What a process and its children used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Processors kept busy on average.
    pub cores: f64,
    /// Largest resident memory seen, in megabytes.
    pub megabytes: f64,
}

/// Looks at processes until it is stopped.
pub struct Watch {
    looking: JoinHandle<HashMap<String, Usage>>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl Watch {
    /// Begins to look, also at this process under the name `generator`.
    #[expect(clippy::disallowed_methods, reason = "ends with `stop`, which waits for it")]
    pub fn start(mut watched: Vec<Watched>) -> anyhow::Result<Self> {
        watched.push(Watched { name: "generator".to_owned(), pid: std::process::id() });
        let first = look(&watched)?;
        let begin = Instant::now();
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let looking = tokio::spawn(async move {
            let mut usage: HashMap<String, Usage> = HashMap::new();
            loop {
                let last = tokio::select! {
                    _ = &mut stopped => true,
                    () = tokio::time::sleep(PAUSE) => false,
                };
                // Who is gone keeps what was seen last.
                if let Ok(now) = look(&watched) {
                    let seconds = begin.elapsed().as_secs_f64();
                    for (name, seen) in now {
                        let known = usage.entry(name.clone()).or_default();
                        let before = first.get(&name).map_or(0.0, |seen| seen.ticks);
                        known.cores = (seen.ticks - before) / TICKS / seconds;
                        known.megabytes = known.megabytes.max(seen.megabytes);
                    }
                }
                if last {
                    return usage;
                }
            }
        });
        Ok(Self { looking, stop })
    }

    /// Looks once more, and answers what was seen.
    pub async fn stop(self) -> anyhow::Result<HashMap<String, Usage>> {
        drop(self.stop);
        Ok(self.looking.await?)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    ticks: f64,
    megabytes: f64,
}

/// Several processes of one name are added up.
fn look(watched: &[Watched]) -> anyhow::Result<HashMap<String, Seen>> {
    let all = read_all()?;
    let mut seen: HashMap<String, Seen> = HashMap::new();
    for one in watched {
        let sum = seen.entry(one.name.clone()).or_default();
        add_tree(&all, one.pid, sum).with_context(|| format!("no process {} ({})", one.pid, one.name))?;
    }
    Ok(seen)
}

fn add_tree(all: &HashMap<u32, Process>, pid: u32, sum: &mut Seen) -> Option<()> {
    let process = all.get(&pid)?;
    sum.ticks += process.ticks;
    sum.megabytes += process.megabytes;
    for (child, _) in all.iter().filter(|(_, process)| process.parent == pid) {
        // A child may be gone by now; what it used then stands at its parent.
        add_tree(all, *child, sum);
    }
    Some(())
}

struct Process {
    parent: u32,
    ticks: f64,
    megabytes: f64,
}

fn read_all() -> anyhow::Result<HashMap<u32, Process>> {
    let mut all = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        // Processes come and go while they are read.
        if let Some((pid, process)) = pid.and_then(|pid| Some((pid, read(&entry.path())?))) {
            all.insert(pid, process);
        }
    }
    Ok(all)
}

fn read(folder: &Path) -> Option<Process> {
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    let status = std::fs::read_to_string(folder.join("status")).ok()?;
    // The second field is the name in parentheses and may hold anything; what follows it are state, parent, …
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // utime, stime, cutime, cstime: the children's is that of those that have ended.
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = resident.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        ticks,
        megabytes: kilobytes.unwrap_or(0.0) / 1_024.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_process_is_seen_with_its_memory() {
        let watch = Watch::start(vec!["self=1".parse().unwrap()]).unwrap();
        let begin = Instant::now();
        let mut sum = 0_u64;
        while begin.elapsed() < Duration::from_millis(300) {
            sum = sum.wrapping_mul(31).wrapping_add(std::hint::black_box(7));
        }
        let usage = watch.stop().await.unwrap();
        let own = usage["generator"];
        assert!(own.cores > 0.2 && own.megabytes > 1.0, "{own:?} after {sum}");
    }

    #[test]
    fn a_process_that_is_not_there_is_told() {
        let error = look(&["ghost=4194305".parse().unwrap()]).unwrap_err();
        assert!(error.to_string().contains("ghost"), "{error}");
        assert!("4711".parse::<Watched>().is_err());
    }
}
