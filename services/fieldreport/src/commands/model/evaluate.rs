//! `model evaluate`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use classification::domain::evaluate::{Evaluation, Told, ask, evaluate as judge_all, judge};
use classification::domain::model::Model;
use classification::domain::train::Example;
use classification::read_examples;
use province::Province;
use serde::{Deserialize, Serialize};

use super::speed::{Speed, measure};
use super::{classifier, held_out, lessons, packed_model, report};
use crate::cli::Evaluate;
use crate::commands::{load_config, load_province};

/// The figures, how they came about, and what they cost.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// On what.
    pub measured_on: String,
    /// SHA-256 of the model; stands on every suggestion.
    pub model_version: String,
    /// Size of the model.
    pub model_bytes: usize,
    /// How fast.
    pub speed: Speed,
    /// How good.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

/// Judges the pack's model on a file, or a model of its own making on the held-out part.
#[expect(clippy::print_stdout, reason = "the report is this command's output")]
pub fn evaluate(arguments: &Evaluate) -> anyhow::Result<ExitCode> {
    let province = load_province(&load_config(&arguments.common)?.province)?;
    let measured = match &arguments.input {
        None => on_held_out(&province)?,
        Some(file) => on_file(&province, file, arguments.leave_one_site_out)?,
    };
    match arguments.json {
        true => println!("{}", serde_json::to_string(&measured)?),
        false => println!("{measured}"),
    }
    if let Some(file) = &arguments.report {
        fs::write(file, report::html(&measured))
            .with_context(|| format!("{} cannot be written", file.display()))?;
        eprintln!("wrote {}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn on_held_out(province: &Province) -> anyhow::Result<Measured> {
    let (classifier, unseen) = held_out(province, &lessons(province)?.0)?;
    let file = classifier.model().write();
    Ok(Measured {
        measured_on: format!("{} texts of the pack, held out of training: synthetic", unseen.len()),
        model_version: classifier.model().digest(),
        model_bytes: file.len(),
        speed: measure(&classifier, &unseen, || Ok(Model::read(&file)?))?,
        evaluation: judge_all(&classifier, &unseen),
    })
}

fn on_file(province: &Province, file: &Path, leave_one_site_out: bool) -> anyhow::Result<Measured> {
    let gold = read_examples(file)?;
    ensure!(!gold.is_empty(), "{} holds no labelled text", file.display());
    let model = packed_model(province)?;
    let model_version = model.digest();
    let model_bytes = model.write().len();
    let rules = classifier(province, model.clone())?;
    let (told, how) = if leave_one_site_out {
        let sites = read_sites(file)?;
        let count = sites.iter().collect::<BTreeSet<_>>().len();
        (
            told_across_sites(province, &model, &gold, &sites)?,
            format!(", calibrated for each of {count} sites on the others"),
        )
    } else {
        (gold.iter().map(|example| ask(&rules, &example.text)).collect(), String::new())
    };
    Ok(Measured {
        measured_on: format!("{} texts of {}{how}", gold.len(), file.display()),
        model_version,
        model_bytes,
        speed: measure(&rules, &gold, || packed_model(province))?,
        evaluation: judge(&gold, &told, &rules),
    })
}

/// What is said of each site's texts by the model whose calibration was tuned on the texts of all other sites.
fn told_across_sites(
    province: &Province,
    model: &Model,
    gold: &[Example],
    sites: &[String],
) -> anyhow::Result<Vec<Told>> {
    let mut told: Vec<Option<Told>> = vec![None; gold.len()];
    for site in sites.iter().collect::<BTreeSet<_>>() {
        let others =
            gold.iter().zip(sites).filter(|(_, other)| *other != site).map(|(example, _)| example.clone());
        let tuned = classifier(province, model.recalibrated(&others.collect::<Vec<_>>()))?;
        for ((told, example), _) in told.iter_mut().zip(gold).zip(sites).filter(|(_, own)| *own == site) {
            *told = Some(ask(&tuned, &example.text));
        }
    }
    Ok(told.into_iter().flatten().collect())
}

#[derive(Deserialize)]
struct Sited {
    site: String,
}

fn read_sites(file: &Path) -> anyhow::Result<Vec<String>> {
    let content = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let site = |(number, line): (usize, &str)| {
        let sited: Result<Sited, _> = serde_json::from_str(line);
        let told =
            || format!("{}:{}: leaving sites out needs the `site` of every text", file.display(), number + 1);
        sited.map(|sited| sited.site).with_context(told)
    };
    content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(site).collect()
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "measured on {}\nmodel {}, {} bytes",
            self.measured_on, self.model_version, self.model_bytes
        )?;
        let Speed { mean_micros, p99_micros, texts_per_second, load_millis } = self.speed;
        writeln!(
            f,
            "{mean_micros:.1} µs per text (p99 {p99_micros:.1}), {texts_per_second:.0} texts/s on one core"
        )?;
        writeln!(f, "read in {load_millis:.1} ms\n")?;
        write!(f, "{}", self.evaluation)
    }
}
