//! Trains on a province pack and measures: `train_eval <province folder> [labelled.jsonl …]`.
//!
//! Without files it measures on the pack's own held-out sixth, unseen in training; with files it trains on the whole
//! pack and measures on each file.
#![expect(clippy::print_stdout, reason = "a command-line example")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use classification::domain::decide::Classifier;
use classification::domain::evaluate::evaluate;
use classification::domain::glossary::glossary;
use classification::domain::model::Model;
use classification::domain::rules::LeafRule;
use classification::domain::train::{Example, Settings, fold_of, train};
use province::Province;

/// The held-out share is one in so many.
const PARTS: u64 = 6;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("the folder of a province pack is missing")?;
    let province = Province::load(Path::new(&folder))
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let mut all = Vec::new();
    for entry in std::fs::read_dir(province.training_dir())? {
        all.extend(read(&entry?.path())?);
    }
    all.sort_by(|a, b| a.text.cmp(&b.text));
    let files: Vec<String> = arguments.collect();
    if files.is_empty() {
        let (unseen, seen): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|example| fold_of(&example.text, PARTS) == 0);
        let model = timed_train(&province, &seen)?;
        measure("held-out part", &province, model, &unseen)?;
        return Ok(());
    }
    let model = timed_train(&province, &all)?;
    for file in files {
        measure(&file, &province, model.clone(), &read(Path::new(&file))?)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Example>, Box<dyn Error>> {
    let content = std::fs::read_to_string(path)?;
    Ok(content.lines().filter(|line| !line.is_empty()).map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn timed_train(province: &Province, examples: &[Example]) -> Result<Model, Box<dyn Error>> {
    let start = Instant::now();
    let lessons = [examples, &glossary(province.taxonomy.leaves())].concat();
    let model = train(&lessons, &Settings::default())?;
    let (count, bytes) = (model.feature_count(), model.write().len());
    println!(
        "trained on {} texts in {:.1?}: {count} n-grams, {bytes} bytes",
        examples.len(),
        start.elapsed()
    );
    println!("{:?}", model.calibration());
    Ok(model)
}

fn measure(name: &str, province: &Province, model: Model, gold: &[Example]) -> Result<(), Box<dyn Error>> {
    let leaves: Vec<LeafRule> = province.taxonomy.leaves().iter().map(LeafRule::from).collect();
    let classifier = Classifier::try_new(model, &leaves, &province.cues, province.policies.classification)?;
    println!("\n{name}\n{}", evaluate(&classifier, gold));
    let mut times = Vec::new();
    for example in gold.iter().cycle().take(5_000.max(gold.len())) {
        let start = Instant::now();
        std::hint::black_box(classifier.suggest(&example.text));
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let mean = times.iter().sum::<std::time::Duration>() / times.len() as u32;
    println!("suggest: mean {mean:.1?}, p99 {:.1?}", times[times.len() * 99 / 100]);
    Ok(())
}
