//! Variants of a training text in the styles citizens really write: without accents, in capitals, cut short, in
//! another region's words.

use super::letters::{fold, split_tone};
use super::solver::Random;

/// A rewritten training text and how much it counts beside the original.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variant {
    pub(super) text: String,
    pub(super) weight: f32,
}

/// The original and its variants. The same text and seed give the same variants.
pub(super) fn variants(text: &str, seed: u64) -> Vec<Variant> {
    let mut random = Random(seed);
    let mut all = vec![Variant { text: text.to_owned(), weight: 1.0 }];
    all.push(Variant { text: strip_accents(text), weight: 0.5 });
    let regional = swap_regional(text, &mut random);
    if regional != text {
        all.push(Variant { text: regional, weight: 0.5 });
    }
    if let Some(part) = some_sentences(text, &mut random) {
        all.push(Variant { text: part, weight: 0.4 });
    }
    all.push(Variant { text: drop_words(text, &mut random), weight: 0.4 });
    all
}

/// What remains when the input method is off.
pub(super) fn strip_accents(text: &str) -> String {
    text.chars()
        .map(|c| {
            let lower = c.to_lowercase().next().unwrap_or(c);
            let plain = fold(split_tone(lower).0);
            if c.is_uppercase() { plain.to_uppercase().next().unwrap_or(plain) } else { plain }
        })
        .collect()
}

/// Words of the south, centre and north for the same thing.
const REGIONAL: &[&[&str]] = &[
    &["hẻm", "kiệt", "ngõ", "ngách"],
    &["lộ", "đường", "tuyến đường"],
    &["bể", "vỡ"],
    &["ngã", "đổ"],
    &["cúp", "mất", "cắt"],
    &["kinh", "kênh"],
    &["heo", "lợn"],
    &["khóm", "tổ dân phố", "khu phố", "ấp", "thôn"],
    &["mắc", "đắt"],
    &["trụ", "cột"],
    &["đậu", "đỗ"],
    &["rớt", "rơi"],
    &["dơ", "bẩn"],
    &["hư", "hỏng"],
    &["coi", "xem"],
    &["vô", "vào"],
    &["xã", "phường"],
    &["nhậu", "nhậu nhẹt"],
    &["công an", "cơ quan chức năng"],
    &["bà con", "người dân"],
    &["tui", "tôi"],
    &["vỏ lãi", "xuồng", "ghe"],
    &["hổng", "không"],
    &["đèn đường", "điện đường"],
];

fn swap_regional(text: &str, random: &mut Random) -> String {
    let mut out = text.to_owned();
    for words in REGIONAL {
        for word in *words {
            let padded = format!(" {word} ");
            if out.contains(&padded) {
                let other = words[random.below(words.len())];
                out = out.replace(&padded, &format!(" {other} "));
                break;
            }
        }
    }
    out
}

/// One or more neighbouring sentences of a longer text; `None` if it has only one.
fn some_sentences(text: &str, random: &mut Random) -> Option<String> {
    let sentences: Vec<&str> =
        text.split_inclusive(['.', '!', '?', '\n']).filter(|s| s.trim().len() > 12).collect();
    if sentences.len() < 2 {
        return None;
    }
    let count = 1 + random.below(sentences.len() - 1);
    // The matter is most often named first.
    let first = if random.below(3) > 0 { 0 } else { random.below(sentences.len() - count + 1) };
    Some(sentences[first..first + count].concat())
}

fn drop_words(text: &str, random: &mut Random) -> String {
    let kept: Vec<&str> = text.split_whitespace().filter(|_| random.below(6) > 0).collect();
    kept.join(" ")
}
