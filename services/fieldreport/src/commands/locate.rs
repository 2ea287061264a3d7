//! `locate`: points → communes. In: CSV with `id,lat,lon`; out: CSV with `id,code,match,distance_m,candidates`.

use std::process::ExitCode;

use province::{Communes, Match};
use serde::{Deserialize, Serialize};
use vocabulary::Point;

use crate::cli::Batch;
use crate::commands::batch::{open_input, open_output};
use crate::commands::{load_config, load_province};

#[derive(Deserialize)]
struct Row {
    id: String,
    lat: f64,
    lon: f64,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    /// Empty outside the province.
    code: &'a str,
    /// `inside`, `nearest` or `outside`.
    #[serde(rename = "match")]
    found: &'static str,
    /// Metres to the commune; 0 inside.
    distance_m: String,
    /// Communes whose border is near, with metres: `32002:12;32014:40`.
    candidates: String,
}

/// Runs.
pub fn run(arguments: &Batch) -> anyhow::Result<ExitCode> {
    let config = load_config(&arguments.common)?;
    let province = load_province(&config.province)?;
    let (input, mut batch) = open_input(&arguments.input)?;
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(input);
    let mut output = csv::Writer::from_writer(open_output(&arguments.output)?);
    let headers = rows.headers()?.clone();
    let mut record = csv::StringRecord::new();
    let mut before = 0;
    loop {
        let read = rows.read_record(&mut record);
        let line = usize::try_from(rows.position().line()).unwrap_or(usize::MAX);
        let bytes = usize::try_from(rows.position().byte() - before).unwrap_or(0);
        before = rows.position().byte();
        let number =
            record.position().map_or(line, |position| usize::try_from(position.line()).unwrap_or(line));
        match read {
            Ok(false) => break,
            Err(error) => batch.refuse(number, bytes, error),
            Ok(true) => match record.deserialize::<Row>(Some(&headers)) {
                Err(error) => batch.refuse(number, bytes, error),
                Ok(row) => match Point::parse(row.lat, row.lon) {
                    Err(error) => batch.refuse(number, bytes, error),
                    Ok(point) => {
                        output.serialize(answer(&province.communes, &row.id, point))?;
                        batch.done(bytes);
                    }
                },
            },
        }
    }
    output.flush()?;
    Ok(batch.finish())
}

fn answer<'a>(communes: &'a Communes, id: &'a str, point: Point) -> Answer<'a> {
    let located = communes.locate(point);
    let (code, found, metres) = match located.place {
        Match::Inside(commune) => (commune.code.as_str(), "inside", 0.0),
        Match::Nearest { commune, metres } => (commune.code.as_str(), "nearest", metres),
        Match::Outside { metres, .. } => ("", "outside", metres),
    };
    let candidates: Vec<String> = located
        .candidates
        .iter()
        .map(|candidate| format!("{}:{:.0}", candidate.commune.code, candidate.metres))
        .collect();
    Answer { id, code, found, distance_m: format!("{metres:.1}"), candidates: candidates.join(";") }
}
