//! The figures of a classifier as one page with plots: HTML with inline SVG, nothing to load.

use std::collections::BTreeMap;

use classification::domain::evaluate::Evaluation;
use vocabulary::FieldCode;

use super::evaluate::Measured;

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}\
td,th{padding:.2em .7em;border:1px solid #ccc;text-align:right}td:first-child,th:first-child{text-align:left}\
figure{display:inline-block;margin:1em 2em 1em 0}svg text{font:11px sans-serif}";

/// The page.
pub fn html(measured: &Measured) -> String {
    let evaluation = &measured.evaluation;
    let speed = measured.speed;
    let mut rows: Vec<(String, String)> =
        evaluation.figures().into_iter().map(|(name, value)| (name, figure(value))).collect();
    rows.push(("µs per text, mean".to_owned(), figure(speed.mean_micros)));
    rows.push(("µs per text, p99".to_owned(), figure(speed.p99_micros)));
    rows.push(("texts per second, one core".to_owned(), format!("{:.0}", speed.texts_per_second)));
    rows.push(("model, bytes".to_owned(), measured.model_bytes.to_string()));
    let rows = rows.iter().fold(String::new(), |rows, (name, value)| {
        rows + &format!("<tr><td>{}</td><td>{value}</td></tr>\n", escape(name))
    });
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>The classifier, measured</title><style>{STYLE}</style>\n\
         <h1>The classifier, measured</h1>\n<p>On {}. Model <code>{}</code>.</p>\n{}{}{}\n\
         <h2>Figures</h2>\n<table>\n{rows}</table>\n<h2>Fields</h2>\n{}\n<h2>Leaves told wrongly</h2>\n{}\n</html>\n",
        escape(&measured.measured_on),
        measured.model_version,
        reliability(evaluation),
        coverage(evaluation),
        styles(evaluation),
        fields(evaluation),
        wrong_leaves(evaluation),
    )
}

fn figure(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// How probable the field was said to be, and how often it was right.
fn reliability(evaluation: &Evaluation) -> String {
    let bins = evaluation.reliability.iter().filter(|bin| bin.texts > 0);
    let most = bins.clone().map(|bin| bin.texts).max().unwrap_or(1) as f64;
    let points = bins.fold(String::new(), |points, bin| {
        let radius = 2.0 + 8.0 * (bin.texts as f64 / most).sqrt();
        let title = format!("{} texts", bin.texts);
        points + &dot(bin.confidence, bin.accuracy, radius, &title)
    });
    let even = line(&[(0.0, 0.0), (1.0, 1.0)], "#999");
    plot("Said and true: probability of the field, share of right ones", &(even + &points))
}

/// How often the field is right among the surest texts.
fn coverage(evaluation: &Evaluation) -> String {
    let points: Vec<(f64, f64)> =
        evaluation.coverage.iter().map(|at| (at.share, at.field_accuracy)).collect();
    plot("Field accuracy among the surest share of the texts", &line(&points, "#06c"))
}

/// How often the field is right in every style.
fn styles(evaluation: &Evaluation) -> String {
    let plain = [("as they came", evaluation.field_accuracy)];
    let styled = evaluation.styles.iter().map(|(name, figures)| (*name, figures.field_accuracy));
    let all: Vec<(&str, f64)> = plain.into_iter().chain(styled).collect();
    let mut bars = String::new();
    for (at, (name, accuracy)) in all.iter().enumerate() {
        let (y, width) = (at * 24, accuracy * 240.0);
        bars += &format!(
            "<text x=\"0\" y=\"{}\">{}</text><rect x=\"110\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"#06c\"/>\
             <text x=\"{:.1}\" y=\"{}\">{accuracy:.3}</text>",
            y + 13,
            escape(name),
            114.0 + width,
            y + 13
        );
    }
    let svg = format!("<svg width=\"400\" height=\"{}\">{bars}</svg>", all.len() * 24);
    framed("Field accuracy in every style", &svg)
}

/// True fields down, told fields across.
fn fields(evaluation: &Evaluation) -> String {
    let mut all: Vec<&FieldCode> =
        evaluation.field_confusion.iter().flat_map(|(gold, told, _)| [gold, told]).collect();
    all.sort();
    all.dedup();
    let counts: BTreeMap<_, usize> =
        evaluation.field_confusion.iter().map(|(gold, told, times)| ((gold, told), *times)).collect();
    let mut table = String::from("<table><tr><th>true ↓ told →</th>");
    all.iter().for_each(|told| table += &format!("<th>{}</th>", short(told)));
    for gold in &all {
        table += &format!("</tr>\n<tr><td>{}</td>", gold.as_str());
        let row = all.iter().map(|told| counts.get(&(*gold, *told)).copied().unwrap_or(0));
        let sum: usize = row.clone().sum();
        for (told, times) in all.iter().zip(row) {
            let share = times as f64 / sum.max(1) as f64;
            let hue = if told == gold { "0,102,204" } else { "204,51,0" };
            let shown = if times == 0 { String::new() } else { times.to_string() };
            table += &format!("<td style=\"background:rgba({hue},{:.2})\">{shown}</td>", share * 0.6);
        }
    }
    table + "</tr></table>"
}

fn short(field: &FieldCode) -> String {
    field
        .as_str()
        .split('_')
        .map(|word| word.chars().take(5).collect::<String>())
        .collect::<Vec<_>>()
        .join("&shy;_")
}

fn wrong_leaves(evaluation: &Evaluation) -> String {
    let wrong = evaluation.leaf_confusion.iter().filter(|(gold, told, _)| gold != told);
    let rows = wrong.fold(String::new(), |rows, (gold, told, times)| {
        rows + &format!("<tr><td>{}</td><td>{}</td><td>{times}</td></tr>\n", gold.as_str(), told.as_str())
    });
    format!("<table><tr><th>true</th><th>told</th><th>times</th></tr>\n{rows}</table>")
}

/// A side of the square in which plots lie, and the room around it.
const SIDE: f64 = 240.0;
const MARGIN: f64 = 30.0;

fn place((x, y): (f64, f64)) -> (f64, f64) {
    (MARGIN + x * SIDE, MARGIN / 2.0 + (1.0 - y) * SIDE)
}

/// A square from 0 to 1 both ways with `content` in it.
fn plot(title: &str, content: &str) -> String {
    let mut grid = String::new();
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        grid += &line(&[(tick, 0.0), (tick, 1.0)], "#eee");
        grid += &line(&[(0.0, tick), (1.0, tick)], "#eee");
        let ((x, bottom), (left, y)) = (place((tick, 0.0)), place((0.0, tick)));
        grid += &format!(
            "<text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{tick}</text>\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{tick}</text>",
            bottom + 14.0,
            left - 4.0,
            y + 4.0
        );
    }
    let (width, height) = (SIDE + 2.0 * MARGIN, SIDE + 1.5 * MARGIN);
    framed(title, &format!("<svg width=\"{width}\" height=\"{height}\">{grid}{content}</svg>"))
}

fn framed(title: &str, svg: &str) -> String {
    format!("<figure>{svg}<figcaption>{}</figcaption></figure>\n", escape(title))
}

fn line(points: &[(f64, f64)], colour: &str) -> String {
    let points: Vec<String> =
        points.iter().map(|point| place(*point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
        points.join(" ")
    )
}

fn dot(x: f64, y: f64, radius: f64, title: &str) -> String {
    let (x, y) = place((x, y));
    format!(
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"#06c\"><title>{title}</title></circle>"
    )
}
