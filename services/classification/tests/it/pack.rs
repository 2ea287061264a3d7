//! A province pack with a small model, and texts for which that model answers as a test needs it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use classification::domain::train::{Example, Settings};
use classification::{Lessons, Machine, Opinion};
use province::Province;
use vocabulary::{Access, Scope, Urgency};

/// Enough of each leaf for a model that tells them apart on its own examples.
const EXAMPLES_PER_LEAF: usize = 12;
/// Enough of each leaf for a training that ends soon.
const FEW_PER_LEAF: usize = 4;

/// Texts by what the model makes of them.
pub struct Texts {
    /// Goes straight to routing.
    pub sure: String,
    /// In scope, ordinary, no danger, but a person must look.
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
    let lessons = Lessons::read(&province).unwrap();
    let examples = first_of_each(sorted(&lessons), EXAMPLES_PER_LEAF);
    let texts = choose(&Machine::load(&province).unwrap(), &examples);
    Pack { folder, province, texts }
}

/// A pack with little and short training text, so that a training ends soon, whose model is trained on all of it; and texts
/// for that model.
pub fn small_pack(folder: &Path) -> Texts {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau"), folder);
    // With so few texts one more lesson moves every share; only what harms somebody keeps a model out.
    let policies = std::fs::read_to_string(folder.join("policies.toml")).unwrap();
    let tolerant = policies.replace("tolerance = 0.0", "tolerance = 1.0");
    assert_ne!(policies, tolerant);
    std::fs::write(folder.join("policies.toml"), tolerant).unwrap();
    let province = Arc::new(Province::load(folder).unwrap());
    let lessons = Lessons::read(&province).unwrap();
    let mut shortest = lessons.examples.clone();
    shortest.sort_by(|a, b| (&a.leaf, a.text.len(), &a.text).cmp(&(&b.leaf, b.text.len(), &b.text)));
    let few = first_of_each(shortest, FEW_PER_LEAF);
    for entry in std::fs::read_dir(province.training_dir()).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "jsonl") {
            std::fs::remove_file(file).unwrap();
        }
    }
    let line = |example: &Example| {
        let Example { text, leaf, urgency } = example;
        serde_json::json!({ "text": text, "leaf": leaf.as_str(), "urgency": urgency.as_str() }).to_string()
    };
    let lines: Vec<String> = few.iter().map(line).collect();
    std::fs::write(province.training_dir().join("few.jsonl"), lines.join("\n")).unwrap();
    let model = lessons.teach(&few, &Settings { epochs: 6, folds: 2, ..Settings::default() }).unwrap();
    std::fs::write(province.model_file(), model.write()).unwrap();
    choose_doubtful(&Machine::load(&province).unwrap(), &few)
}

/// Texts of a cautious model, which is sure of nothing.
fn choose_doubtful(machine: &Machine, examples: &[Example]) -> Texts {
    let find = |scope: Scope| {
        let wanted = |example: &&Example| {
            let Opinion { doubts, proposal, .. } = machine.read(&example.text);
            !doubts.is_empty() && proposal.scope == scope && proposal.access == Access::Ordinary
        };
        examples.iter().find(wanted).unwrap_or_else(|| panic!("no doubtful text {scope}")).text.clone()
    };
    let doubtful = find(Scope::In);
    Texts { sure: String::new(), out_of_scope: find(Scope::Out), secret: String::new(), doubtful }
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
    let model = lessons.teach(&first_of_each(sorted(&lessons), EXAMPLES_PER_LEAF), &settings).unwrap();
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

/// By leaf.
fn sorted(lessons: &Lessons) -> Vec<Example> {
    let mut examples = lessons.examples.clone();
    examples.sort_by(|a, b| (&a.leaf, &a.text).cmp(&(&b.leaf, &b.text)));
    examples
}

/// The first so many of each leaf, of examples that are sorted by leaf.
fn first_of_each(mut examples: Vec<Example>, per_leaf: usize) -> Vec<Example> {
    let mut taken = 0;
    let mut last = None;
    examples.retain(|example| {
        taken = if last.as_ref() == Some(&example.leaf) { taken + 1 } else { 1 };
        last = Some(example.leaf.clone());
        taken <= per_leaf
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
            !doubts.is_empty()
                && proposal.scope == Scope::In
                && proposal.access == Access::Ordinary
                && proposal.urgency == Urgency::Normal
        }),
        out_of_scope: find("out of scope", &|Opinion { proposal, .. }| {
            proposal.scope == Scope::Out && proposal.access == Access::Ordinary
        }),
        secret: find("secret", &|Opinion { proposal, .. }| {
            proposal.scope == Scope::Out && proposal.access == Access::Quarantine
        }),
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
