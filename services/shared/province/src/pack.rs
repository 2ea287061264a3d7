//! The whole pack: read once, validated as a whole, immutable afterwards.

use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};
use time::Date;
use vocabulary::{CommuneCode, LeafCode, Timestamp, Urgency};

use crate::agencies::Agencies;
use crate::calendar::Calendar;
use crate::clocks::{self, ClockKind, Due, Pause};
use crate::competence::{self, Areas, Matrix, NoRow, Routed};
use crate::cues::Cues;
use crate::error::PackError;
use crate::file::PackFile;
use crate::former_units::FormerUnits;
use crate::geography::Communes;
use crate::places::{self, Place};
use crate::policies::Policies;
use crate::profile::Profile;
use crate::taxonomy::Taxonomy;
use crate::templates::Templates;

/// Everything the system knows about one province.
#[derive(Debug)]
pub struct Province {
    /// Which province, and the tolerances of its map.
    pub profile: Profile,
    /// The communes and their borders.
    pub communes: Communes,
    /// Named places.
    pub places: Vec<Place>,
    /// Units of before the reform.
    pub former_units: FormerUnits,
    /// The agencies.
    pub agencies: Agencies,
    /// The competence matrix.
    pub matrix: Matrix,
    /// Fields and leaves.
    pub taxonomy: Taxonomy,
    /// Words that speak of danger and the like.
    pub cues: Cues,
    /// The switches.
    pub policies: Policies,
    /// The days.
    pub calendar: Calendar,
    /// The sentences.
    pub templates: Templates,
    dir: PathBuf,
    digest: String,
}

impl Province {
    /// Reads and validates the pack of a folder. All mistakes are told at once, by file and line; rules between two
    /// files are checked when both are free of mistakes of their own.
    pub fn load(dir: &Path) -> Result<Self, Vec<PackError>> {
        let files = Files::read(dir);
        let digest = files.digest();
        let parts = files.parse();
        parts.check(&files);
        let mut mistakes: Vec<PackError> = files.into_list().flat_map(PackFile::into_mistakes).collect();
        mistakes.sort();
        match parts.join(dir, digest) {
            Some(province) if mistakes.is_empty() => Ok(province),
            _ => Err(mistakes),
        }
    }

    /// The version that stands on every decision.
    pub fn version(&self) -> &str {
        &self.profile.version
    }

    /// SHA-256 over all files that [`Province::load`] reads, as 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The folder of what the classifier learns from.
    pub fn training_dir(&self) -> PathBuf {
        self.dir.join("training")
    }

    /// The training texts, one JSONL file for each field.
    pub fn training_files(&self) -> io::Result<Vec<PathBuf>> {
        let files = fs::read_dir(self.training_dir())?.map(|entry| entry.map(|entry| entry.path()));
        let mut files = files.collect::<io::Result<Vec<_>>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort();
        Ok(files)
    }

    /// The trained classifier.
    pub fn model_file(&self) -> PathBuf {
        self.dir.join("model/classifier.bin")
    }

    /// What is known about the trained classifier.
    pub fn model_card(&self) -> PathBuf {
        self.dir.join("model/card.json")
    }

    /// The reports of the demonstration.
    pub fn demo_reports(&self) -> PathBuf {
        self.dir.join("demo/reports.jsonl")
    }

    /// The local day of an instant.
    pub fn local_date(&self, at: Timestamp) -> Date {
        self.calendar.local_date(at)
    }

    /// Who owns a report on a local day; see [`Matrix::route`].
    pub fn route(
        &self,
        leaf: &LeafCode,
        urgency: Urgency,
        commune: &CommuneCode,
        on: Date,
    ) -> Result<Routed<'_>, NoRow> {
        self.matrix.route(&self.agencies, leaf, urgency, commune, on)
    }

    /// When a clock that began at `arrival` is due; see [`clocks`].
    pub fn due(&self, clock: ClockKind, arrival: Timestamp, pauses: &[Pause]) -> Due {
        clocks::due(clock, arrival, &self.calendar, &self.policies, pauses)
    }
}

/// The files of a pack while they are read.
struct Files {
    profile: PackFile,
    communes: PackFile,
    places: PackFile,
    former_units: PackFile,
    agencies: PackFile,
    areas: Option<PackFile>,
    competence: PackFile,
    taxonomy: PackFile,
    cues: PackFile,
    policies: PackFile,
    calendar: PackFile,
    templates: PackFile,
}

impl Files {
    fn read(dir: &Path) -> Self {
        Self {
            profile: PackFile::read(dir, "province.toml"),
            communes: PackFile::read(dir, "communes.geojson"),
            places: PackFile::read(dir, "places.csv"),
            former_units: PackFile::read(dir, "former-units.csv"),
            agencies: PackFile::read(dir, "agencies.csv"),
            areas: PackFile::read_optional(dir, "areas.csv"),
            competence: PackFile::read(dir, "competence.csv"),
            taxonomy: PackFile::read(dir, "taxonomy.toml"),
            cues: PackFile::read(dir, "cues.toml"),
            policies: PackFile::read(dir, "policies.toml"),
            calendar: PackFile::read(dir, "calendar.csv"),
            templates: PackFile::read(dir, "templates.toml"),
        }
    }

    fn list(&self) -> impl Iterator<Item = &PackFile> {
        [&self.profile, &self.communes, &self.places, &self.former_units, &self.agencies]
            .into_iter()
            .chain(&self.areas)
            .chain([
                &self.competence,
                &self.taxonomy,
                &self.cues,
                &self.policies,
                &self.calendar,
                &self.templates,
            ])
    }

    fn into_list(self) -> impl Iterator<Item = PackFile> {
        [self.profile, self.communes, self.places, self.former_units, self.agencies]
            .into_iter()
            .chain(self.areas)
            .chain([self.competence, self.taxonomy, self.cues, self.policies, self.calendar, self.templates])
    }

    /// Reads every file as far as it can.
    fn parse(&self) -> Parts {
        let profile = Profile::parse(&self.profile);
        let communes = Communes::parse(&self.communes, profile.as_ref());
        let areas = match &self.areas {
            Some(file) => competence::parse_areas(file, communes.as_ref()),
            None => Some(Areas::new()),
        };
        Parts {
            places: places::parse(&self.places, communes.as_ref()),
            former_units: FormerUnits::parse(&self.former_units, communes.as_ref()),
            agencies: Agencies::parse(&self.agencies),
            matrix: Matrix::parse(&self.competence, areas.as_ref()),
            taxonomy: Taxonomy::parse(&self.taxonomy),
            cues: Cues::parse(&self.cues),
            policies: Policies::parse(&self.policies),
            calendar: Calendar::parse(&self.calendar, profile.as_ref()),
            templates: Templates::parse(&self.templates),
            profile,
            communes,
        }
    }

    /// The names and contents of all files.
    fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for file in self.list() {
            digest.update(file.name());
            digest.update([0]);
            digest.update(file.digest());
        }
        hex::encode(digest.finalize())
    }
}

/// What could be read of a pack.
struct Parts {
    profile: Option<Profile>,
    communes: Option<Communes>,
    places: Option<Vec<Place>>,
    former_units: Option<FormerUnits>,
    agencies: Option<Agencies>,
    matrix: Option<Matrix>,
    taxonomy: Option<Taxonomy>,
    cues: Option<Cues>,
    policies: Option<Policies>,
    calendar: Option<Calendar>,
    templates: Option<Templates>,
}

impl Parts {
    /// The rules between two files, as far as both could be read.
    fn check(&self, files: &Files) {
        if let (Some(taxonomy), Some(templates)) = (&self.taxonomy, &self.templates) {
            taxonomy.check_templates(&files.taxonomy, templates);
        }
        if let (Some(agencies), Some(communes)) = (&self.agencies, &self.communes) {
            agencies.check_communes(&files.agencies, communes);
        }
        if let (Some(profile), Some(agencies)) = (&self.profile, &self.agencies) {
            check_named_agencies(&files.profile, profile, agencies);
        }
        if let Some(matrix) = &self.matrix {
            self.check_matrix(&files.competence, matrix);
        }
    }

    fn check_matrix(&self, file: &PackFile, matrix: &Matrix) {
        if let Some(taxonomy) = &self.taxonomy {
            matrix.check_taxonomy(file, taxonomy);
        }
        if let Some(communes) = &self.communes {
            matrix.check_communes(file, communes);
        }
        if let Some(agencies) = &self.agencies {
            matrix.check_agencies(file, agencies);
        }
        if let Self {
            profile: Some(profile),
            communes: Some(communes),
            agencies: Some(agencies),
            taxonomy: Some(taxonomy),
            ..
        } = self
            && file.is_clean()
        {
            matrix.check_complete(file, profile.date, taxonomy, communes, agencies);
        }
    }

    /// The province, when all files could be read.
    fn join(self, dir: &Path, digest: String) -> Option<Province> {
        Some(Province {
            profile: self.profile?,
            communes: self.communes?,
            places: self.places?,
            former_units: self.former_units?,
            agencies: self.agencies?,
            matrix: self.matrix?,
            taxonomy: self.taxonomy?,
            cues: self.cues?,
            policies: self.policies?,
            calendar: self.calendar?,
            templates: self.templates?,
            dir: dir.to_owned(),
            digest,
        })
    }
}

/// The two agencies that the head of the pack names must be in force on its day.
fn check_named_agencies(file: &PackFile, profile: &Profile, agencies: &Agencies) {
    for (key, id) in [
        ("coordinating_agency", &profile.coordinating_agency),
        ("last_resort_agency", &profile.last_resort_agency),
    ] {
        let line = file.text().lines().position(|line| line.starts_with(key)).map(|index| index + 1);
        if agencies.find(id).is_none() {
            file.mistake(line, format!("{key}: no agency `{id}`"), agencies.instead_of(id));
        } else if agencies.in_force(id, profile.date).is_none() {
            let problem = format!("{key}: agency `{id}` is not in force on {}", profile.date);
            file.mistake(line, problem, "an agency in force");
        }
    }
}
