//! A province pack with a small model, and texts for which that model answers as a test needs it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use classification::domain::train::{Example, Settings};
use classification::{Lessons, Machine, Opinion};
use province::Province;
use vocabulary::{Access, Scope};

/// Enough of each leaf for a model that tells them apart on its own examples.
const EXAMPLES_PER_LEAF: usize = 12;

/// Texts by what the model makes of them.
pub struct Texts {
    /// Goes straight to routing.
    pub sure: String,
    /// In scope, ordinary, but a person must look.
    pub doubtful: String,
    /// Would be returned; anybody may see it.
    pub out_of_scope: String,
    /// Only cleared officers may see it.
    pub secret: String,
}

pub struct Pack {
    pub folder: PathBuf,
    pub province: Arc<Province>,
    pub texts: Texts,
}

pub static PACK: LazyLock<Pack> = LazyLock::new(make);

fn make() -> Pack {
    let folder = folder_of_this_build();
    let province = Arc::new(Province::load(&folder).unwrap());
    let texts = choose(&Machine::load(&province).unwrap(), &examples(&Lessons::read(&province).unwrap()));
    Pack { folder, province, texts }
}

/// Made once per build of the tests, also when each test is a process of its own.
fn folder_of_this_build() -> PathBuf {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let built = std::env::current_exe().unwrap().metadata().unwrap().modified().unwrap();
    let since = built.duration_since(std::time::UNIX_EPOCH).unwrap();
    let folder = all.join(format!("classification-pack-{}", since.as_micros()));
    if !folder.exists() {
        let draft = tempfile::tempdir_in(all).unwrap();
        let whole = draft.path().join("pack");
        fill(&whole);
        // Whoever is second finds the folder there, and drops the draft.
        if std::fs::rename(&whole, &folder).is_err() {
            assert!(folder.exists());
        }
    }
    folder
}

fn fill(folder: &Path) {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau"), folder);
    be_bold(&folder.join("policies.toml"));
    let settings = Settings { epochs: 6, folds: 2, ..Settings::default() };
    let lessons = Lessons::read(&Province::load(folder).unwrap()).unwrap();
    let model = lessons.teach(&examples(&lessons), &settings).unwrap();
    std::fs::create_dir_all(folder.join("model")).unwrap();
    std::fs::write(folder.join("model/classifier.bin"), model.write()).unwrap();
}

/// A model of a few examples is never sure; the thresholds meet it half-way.
fn be_bold(file: &Path) {
    let policies = std::fs::read_to_string(file).unwrap();
    let bold = policies
        .replace("low = 0.15", "low = 0.49")
        .replace("high = 0.99", "high = 0.51")
        .replace("field_confidence = 0.50", "field_confidence = 0.20");
    assert_ne!(policies, bold);
    std::fs::write(file, bold).unwrap();
}

fn examples(lessons: &Lessons) -> Vec<Example> {
    let mut examples = lessons.examples.clone();
    examples.sort_by(|a, b| (&a.leaf, &a.text).cmp(&(&b.leaf, &b.text)));
    let mut taken = 0;
    let mut last = None;
    examples.retain(|example| {
        taken = if last.as_ref() == Some(&example.leaf) { taken + 1 } else { 1 };
        last = Some(example.leaf.clone());
        taken <= EXAMPLES_PER_LEAF
    });
    examples
}

fn choose(machine: &Machine, examples: &[Example]) -> Texts {
    let opinions: Vec<_> = examples.iter().map(|e| (e.text.clone(), machine.read(&e.text))).collect();
    let find = |what: &str, wanted: &dyn Fn(&Opinion) -> bool| {
        let found = opinions.iter().find(|(_, opinion)| wanted(opinion));
        found.unwrap_or_else(|| panic!("no {what} text among the examples")).0.clone()
    };
    Texts {
        sure: find("sure", &|opinion| opinion.doubts.is_empty()),
        doubtful: find("doubtful", &|Opinion { doubts, proposal, .. }| {
            !doubts.is_empty() && proposal.scope == Scope::In && proposal.access == Access::Ordinary
        }),
        out_of_scope: find("out of scope", &|Opinion { proposal, .. }| {
            proposal.scope == Scope::Out && proposal.access == Access::Ordinary
        }),
        secret: find("secret", &|opinion| opinion.proposal.access == Access::Quarantine),
    }
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
