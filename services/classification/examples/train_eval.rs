//! Trains on a folder of `*.jsonl` and evaluates on its held-out part and on any labelled file given.
#![expect(clippy::print_stdout, reason = "a command-line example")]
use classification::domain::{model::Model, text::Text, train::*};
use std::time::Instant;
fn read(path: &std::path::Path) -> Vec<Example> {
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .filter_map(|l| serde_json::from_str(l).ok())
        .collect()
}
fn report(name: &str, model: &Model, gold: &[Example], verbose: bool) {
    let (mut leaf, mut top, mut scope, mut oos_in, mut band, mut nll) = (0, 0, 0, 0, 0, 0.0);
    let mut ece = [(0, 0.0f32, 0.0f32); 10];
    for e in gold {
        let text = Text::parse(&e.text);
        let p = model.predict(&text);
        let f = model.fields(&p);
        let (l, _) = p.best();
        leaf += (model.leaves()[l] == e.leaf) as usize;
        let hit = f[0].0 == e.leaf.field();
        top += hit as usize;
        let out: f32 = f.iter().find(|x| x.0.as_str() == "out_of_scope").map_or(0.0, |x| x.1);
        let gold_out = e.leaf.field().as_str() == "out_of_scope";
        scope += ((out > 0.5) == gold_out) as usize;
        band += (out > 0.15 && out < 0.85) as usize;
        oos_in += (!gold_out && out >= 0.85) as usize;
        let pl = model.leaves().iter().position(|x| *x == e.leaf).map_or(0.0, |i| p.leaves[i]);
        nll -= pl.max(1e-6).ln();
        let b = &mut ece[((f[0].1 * 10.0) as usize).min(9)];
        b.0 += 1;
        b.1 += f[0].1;
        b.2 += hit as u8 as f32;
        if verbose && !hit {
            println!("{} -> {} {:.2} | {:.150}", e.leaf, model.leaves()[l], f[0].1, e.text);
        }
    }
    let n = gold.len() as f32;
    let e: f32 = ece.iter().map(|b| (b.1 - b.2).abs()).sum::<f32>() / n;
    println!(
        "{name}: n {n} top {:.3} leaf {:.3} scope {:.3} wrong-refused {oos_in} band {:.3} ece {e:.3} nll {:.3}",
        top as f32 / n,
        leaf as f32 / n,
        scope as f32 / n,
        band as f32 / n,
        nll / n
    );
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut all = Vec::new();
    for e in std::fs::read_dir(&args[1]).unwrap() {
        all.extend(read(&e.unwrap().path()));
    }
    all.sort_by(|a, b| a.text.cmp(&b.text));
    let (held, seen): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|e| fold_of(&e.text, 6) == 5);
    let mut s = Settings::default();
    for a in &args[3..] {
        let (k, v) = a.split_once('=').unwrap();
        let v: f32 = v.parse().unwrap();
        match k {
            "c" => s.cost = v,
            "b" => s.balance = v,
            "e" => s.epochs = v as usize,
            "m" => s.minimum_examples = v as u16,
            "f" => s.folds = v as u64,
            _ => {}
        }
    }
    let t = Instant::now();
    let model = train(&seen, &s).unwrap();
    println!(
        "trained on {} in {:?}, {} features, {:?}",
        seen.len(),
        t.elapsed(),
        model.feature_count(),
        model_cal(&model)
    );
    report("held", &model, &held, false);
    let model = train(&all, &s).unwrap();
    println!("all {} features {}", all.len(), model.feature_count());
    let dev = read(std::path::Path::new(&args[2]));
    report("dev", &model, &dev, std::env::var("V").is_ok());
    let stripped: Vec<_> = dev.iter().map(|e| Example { text: strip(&e.text), ..e.clone() }).collect();
    report("dev no accents", &model, &stripped, false);
    let t = Instant::now();
    for _ in 0..20 {
        for e in &dev {
            std::hint::black_box(model.predict(&Text::parse(&e.text)));
        }
    }
    println!("{:?} per text", t.elapsed() / 20 / dev.len() as u32);
}
fn model_cal(m: &Model) -> impl std::fmt::Debug {
    m.calibration()
}
fn strip(s: &str) -> String {
    s.chars()
        .map(|c| {
            classification::domain::letters::fold(
                classification::domain::letters::split_tone(c.to_lowercase().next().unwrap()).0,
            )
        })
        .collect()
}
