//! Does the loop find what it should? Twelve known bugs, each a small patch, are planted one at a time into a copy of the
//! tree; the named invariant must say so. `tests/kill-loop --planted [NN…]`.
//!
//! A patch begins with a head that git ignores: what the bug is, which invariant must catch it, and which play provokes it
//! (arguments of `tests/kill-loop`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use clap::Parser as _;
use serde::Serialize;
use tokio::time::Instant;

use crate::faults;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::run;

/// A planted bug.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bug {
    patch: PathBuf,
    says: String,
    caught_by: BTreeSet<String>,
    play: Vec<String>,
}

impl Bug {
    fn read(patch: PathBuf) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(&patch)?;
        let head = |key: &str| {
            let line = text
                .lines()
                .take_while(|line| !line.starts_with("diff "))
                .find_map(|line| line.strip_prefix(key));
            line.map(|value| value.trim().to_owned())
                .with_context(|| format!("{} has no line {key:?}", patch.display()))
        };
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        Ok(Self {
            says: head("Bug:")?,
            caught_by: words(head("Caught by:")?).into_iter().collect(),
            play: words(head("Play:")?),
            patch,
        })
    }

    fn name(&self) -> String {
        self.patch.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// A copy of the tree in which bugs are planted, one after the other. It is removed when it is dropped.
struct Garden {
    root: PathBuf,
    tree: PathBuf,
    target: PathBuf,
}

impl Garden {
    /// A copy of what is committed.
    fn open(root: &Path, folder: &Path) -> anyhow::Result<Self> {
        let tree = folder.join("tree");
        let garden = Self { root: root.to_owned(), target: target_of(root)?, tree };
        let place = garden.tree.display().to_string();
        run_quietly(root, "git", &["worktree", "add", "--quiet", "--detach", &place, "HEAD"])?;
        Ok(garden)
    }

    /// Plants a bug and builds; answers the ill binary.
    fn plant(&self, bug: &Bug) -> anyhow::Result<PathBuf> {
        run_quietly(&self.tree, "git", &["checkout", "--quiet", "--", "."])?;
        let patch = bug.patch.display().to_string();
        run_quietly(&self.tree, "git", &["apply", &patch]).with_context(|| {
            format!("{} no longer applies: the code has moved on, the patch must follow", bug.name())
        })?;
        run_quietly(
            &self.tree,
            "cargo",
            &["build", "--quiet", "-p", "fieldreport", "--target-dir", &self.target.display().to_string()],
        )
        .with_context(|| format!("{} no longer compiles", bug.name()))?;
        Ok(self.target.join("debug/fieldreport"))
    }
}

impl Drop for Garden {
    fn drop(&mut self) {
        let place = self.tree.display().to_string();
        if let Err(error) = run_quietly(&self.root, "git", &["worktree", "remove", "--force", &place]) {
            eprintln!("{place} stays: {error:#}");
        }
    }
}

/// Ill builds share a folder of their own, so that they never end up among the healthy ones.
fn target_of(root: &Path) -> anyhow::Result<PathBuf> {
    let said = run_quietly(root, "cargo", &["metadata", "--format-version", "1", "--no-deps"])?;
    let metadata: serde_json::Value = serde_json::from_str(&said)?;
    let folder = metadata["target_directory"].as_str().context("cargo has a target folder")?;
    Ok(PathBuf::from(folder).join("planted"))
}

fn run_quietly(folder: &Path, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let done = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} cannot be run"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    anyhow::ensure!(done.status.success(), "{program} {}: {}", arguments.join(" "), said.trim());
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// What became of a planted bug, for programs.
#[derive(Serialize)]
struct Row {
    bug: String,
    says: String,
    verdict: String,
    caught: bool,
    seconds: u64,
}

/// Plants the bugs with these numbers, or all; well if each was caught by what must catch it.
pub async fn run(options: &Options, numbers: &[String]) -> anyhow::Result<Outcome> {
    let root = options.root.canonicalize()?;
    let mut patches: Vec<PathBuf> = std::fs::read_dir(root.join("tests/kill/planted"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<_>>()?;
    patches.retain(|patch| patch.extension().is_some_and(|extension| extension == "patch"));
    patches.sort();
    let bugs = patches.into_iter().map(Bug::read).collect::<anyhow::Result<Vec<Bug>>>()?;
    let wanted = |bug: &&Bug| {
        numbers.is_empty() || numbers.iter().any(|number| bug.name().starts_with(&format!("{number}-")))
    };
    let folder = options.folder_of("planted");
    std::fs::create_dir(&folder)?;
    let garden = Garden::open(&root, &folder)?;
    let mut rows = Vec::new();
    for bug in bugs.iter().filter(wanted) {
        eprintln!("\n######## {}: {}", bug.name(), bug.says);
        let begun = Instant::now();
        let by = catch(options, &garden, bug, &folder.join(bug.name())).await;
        let (verdict, caught) = match &by {
            Ok(by) if by.is_superset(&bug.caught_by) => (format!("caught by {}", list(by)), true),
            Ok(by) => {
                (format!("MISSED: {} must catch it, caught by {}", list(&bug.caught_by), list(by)), false)
            }
            Err(error) => (format!("BROKEN: {error:#}"), false),
        };
        let seconds = begun.elapsed().as_secs();
        eprintln!("{}: {verdict}", bug.name());
        rows.push(Row { bug: bug.name(), says: bug.says.clone(), verdict, caught, seconds });
    }
    drop(garden);
    std::fs::remove_dir_all(&folder)?;
    anyhow::ensure!(!rows.is_empty(), "no planted bug has one of the numbers {numbers:?}");
    eprintln!();
    for Row { bug, verdict, seconds, .. } in &rows {
        eprintln!("{bug:<32} {seconds:>4} s  {verdict}");
    }
    Outcome::new(rows.iter().all(|row| row.caught), &rows)
}

/// Which invariants the bug has violated.
async fn catch(
    options: &Options,
    garden: &Garden,
    bug: &Bug,
    folder: &Path,
) -> anyhow::Result<BTreeSet<String>> {
    let binary = garden.plant(bug)?;
    let play = Options {
        binary,
        root: options.root.clone(),
        python: options.python.clone(),
        folder: Some(folder.to_owned()),
        keep: true,
        ..Options::try_parse_from(
            ["kill-loop", "--binary", "given"].into_iter().chain(bug.play.iter().map(String::as_str)),
        )?
    };
    // Whether it goes well is not the question.
    match &play.faults {
        Some(names) => drop(faults::run(&play, names).await?),
        None => drop(run::run(&play).await?),
    }
    let violated = std::fs::read_to_string(folder.join("violated.txt")).unwrap_or_default();
    Ok(violated.lines().map(str::to_owned).collect())
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.iter().cloned().collect::<Vec<_>>().join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_patch_applies_and_says_what_it_is_and_how_it_is_provoked() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (root, folder) = (here.join("../.."), here.join("planted"));
        let patches: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(patches.len(), 12);
        for patch in patches {
            let bug = Bug::read(patch).unwrap();
            assert!(!bug.caught_by.is_empty(), "{}", bug.name());
            run_quietly(&root, "git", &["apply", "--check", &bug.patch.display().to_string()]).unwrap();
            let arguments =
                ["kill-loop", "--binary", "x"].into_iter().chain(bug.play.iter().map(String::as_str));
            Options::try_parse_from(arguments).unwrap();
        }
    }
}
