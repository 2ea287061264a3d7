//! What the photos show: a place, and the trouble in it unless it is mended.

use super::canvas::{Canvas, Colour, Dice};

const ASPHALT: Colour = [92, 94, 98];
const CONCRETE: Colour = [168, 164, 156];
const GRASS: Colour = [96, 138, 72];
const MUD: Colour = [120, 98, 72];
const WATER: Colour = [92, 122, 128];
const DIRTY: Colour = [110, 104, 74];
const DARK: Colour = [36, 34, 34];
const WOOD: Colour = [110, 78, 50];
const LEAF: Colour = [44, 100, 48];
const WALL: Colour = [222, 206, 170];
const ROOF: Colour = [170, 78, 58];
const LIGHT: Colour = [255, 236, 150];
const RED: Colour = [200, 48, 44];
const WHITE: Colour = [236, 236, 232];
const BLUE: Colour = [48, 92, 168];

/// Paints a scene by its word in the cast; an unknown word is a street without trouble.
pub fn paint(word: &str, canvas: &mut Canvas, place: &mut Dice, trouble: &mut Dice, mended: bool) {
    match word {
        "river" | "flood" | "boat" | "island" | "water" => waterside(word, canvas, place, trouble, mended),
        "lamp" | "cable" | "pole" | "meter" | "tree" => {
            street(canvas, place);
            upright(word, canvas, place, trouble, mended);
        }
        "food" | "school" => indoors(word, canvas, place, trouble, mended),
        _ => {
            street(canvas, place);
            ground(word, canvas, trouble, mended);
        }
    }
}

/// A street between houses.
fn street(canvas: &mut Canvas, place: &mut Dice) {
    canvas.area((0.0, 0.45, 1.0, 1.0), GRASS);
    canvas.road(0.45, if place.between(0.0, 1.0) < 0.5 { ASPHALT } else { CONCRETE });
    for side in [0.0, 0.72] {
        let left = side + place.between(0.0, 0.08);
        let top = place.between(0.24, 0.32);
        canvas.area((left, top, left + 0.2, 0.52), WALL);
        canvas.gable((left + 0.1, top - 0.1), (0.12, top), ROOF);
        canvas.area((left + 0.07, 0.4, left + 0.13, 0.52), WOOD);
    }
}

/// Trouble on the ground.
fn ground(word: &str, canvas: &mut Canvas, dice: &mut Dice, mended: bool) {
    let spot = (dice.between(0.35, 0.6), dice.between(0.68, 0.85));
    match (word, mended) {
        ("pothole" | "manhole" | "smoke" | "waste" | "weeds" | "sidewalk", true) => {
            canvas.blob(spot, (0.12, 0.06), [122, 122, 124]);
        }
        ("pothole", false) => {
            canvas.blob(spot, (0.15, 0.08), DARK);
            canvas.blob((spot.0 + 0.01, spot.1 + 0.01), (0.12, 0.055), DIRTY);
        }
        ("manhole", false) => {
            canvas.blob(spot, (0.1, 0.06), CONCRETE);
            canvas.blob(spot, (0.08, 0.045), DARK);
        }
        ("waste" | "weeds", false) => heap(word, canvas, dice, spot),
        ("smoke", false) => smoke(canvas, spot),
        ("sidewalk", false) => {
            for stall in 0_u8..3 {
                let left = 0.55 + f32::from(stall) * 0.13;
                canvas.area((left, 0.56, left + 0.1, 0.72), [RED, BLUE, WHITE][usize::from(stall)]);
                canvas.area((left, 0.72, left + 0.1, 0.76), WOOD);
            }
        }
        ("sign", mended) => {
            let top = if mended { (0.72, 0.3) } else { (0.86, 0.42) };
            canvas.wire((0.7, 0.85), top, 0.0, 0.012, CONCRETE);
            canvas.blob(top, (0.07, 0.09), RED);
            canvas.blob(top, (0.052, 0.068), WHITE);
        }
        _ => {}
    }
}

/// A smouldering heap.
fn smoke(canvas: &mut Canvas, (x, y): (f32, f32)) {
    canvas.blob((x, y), (0.08, 0.04), DARK);
    for puff in 1_u8..9 {
        let rise = f32::from(puff) * 0.07;
        let grey = 130 + puff * 10;
        canvas.blob((x + rise * 0.5, y - rise), (0.04 + rise * 0.2, 0.05), [grey, grey, grey]);
    }
}

/// Many small things on one heap.
fn heap(word: &str, canvas: &mut Canvas, dice: &mut Dice, (x, y): (f32, f32)) {
    let colours = if word == "weeds" { [LEAF, GRASS, [70, 120, 50], LEAF] } else { [WHITE, BLUE, DARK, RED] };
    for item in 0..90 {
        let (dx, dy) = (dice.between(-0.2, 0.2), dice.between(-0.12, 0.06));
        let size = dice.between(0.012, 0.035);
        canvas.blob((x + dx, y + dy), (size, size * 1.2), colours[item % 4]);
    }
}

/// Things that stand, lean or hang beside the street.
fn upright(word: &str, canvas: &mut Canvas, place: &mut Dice, dice: &mut Dice, mended: bool) {
    let foot = (place.between(0.64, 0.7), 0.86);
    let lean = if mended || word != "pole" { 0.0 } else { dice.between(0.12, 0.2) };
    let head = (foot.0 - lean, 0.12);
    if word == "tree" {
        return tree(canvas, dice, mended);
    }
    canvas.wire(foot, head, 0.0, 0.014, CONCRETE);
    for line in [0.14, 0.18] {
        let sag = if word == "cable" && !mended && line > 0.15 { 0.5 } else { 0.05 };
        canvas.wire((0.0, line + 0.03), (head.0, line), sag, 0.005, DARK);
        canvas.wire((head.0, line), (1.0, line + 0.05), 0.04, 0.005, DARK);
    }
    if word == "lamp" {
        canvas.wire(head, (head.0 - 0.14, 0.1), 0.0, 0.01, CONCRETE);
        if mended {
            canvas.blob((head.0 - 0.14, 0.16), (0.11, 0.12), [250, 240, 200]);
        }
        canvas.blob((head.0 - 0.14, 0.11), (0.045, 0.025), if mended { LIGHT } else { DARK });
    }
    if word == "meter" {
        canvas.area((foot.0 - 0.06, 0.4, foot.0 + 0.06, 0.56), WHITE);
        canvas.area((foot.0 - 0.04, 0.43, foot.0 + 0.04, 0.48), if mended { GRASS } else { DARK });
    }
}

/// A tree on the lines and the road, or a tidy one.
fn tree(canvas: &mut Canvas, dice: &mut Dice, mended: bool) {
    canvas.wire((0.0, 0.2), (1.0, 0.22), 0.06, 0.005, DARK);
    let crown = if mended { (0.78, 0.45) } else { (0.4, 0.42) };
    canvas.wire((0.8, 0.88), crown, 0.0, 0.02, WOOD);
    let spread = if mended { 0.08 } else { 0.2 };
    for _ in 0..40 {
        let at = (crown.0 + dice.between(-spread, spread), crown.1 + dice.between(-spread, spread));
        canvas.blob(at, (0.05, 0.05), if dice.between(0.0, 1.0) < 0.5 { LEAF } else { GRASS });
    }
}

/// Canals, rivers, floods and the sea.
fn waterside(word: &str, canvas: &mut Canvas, place: &mut Dice, dice: &mut Dice, mended: bool) {
    let shore = place.between(0.5, 0.58);
    let colour = if matches!(word, "flood" | "water") && !mended { DIRTY } else { WATER };
    if word == "flood" {
        street(canvas, place);
    }
    if word == "flood" && mended {
        return;
    }
    canvas.area((0.0, shore, 1.0, 1.0), colour);
    for _ in 0..60 {
        let (x, y) = (dice.between(0.0, 0.95), dice.between(shore + 0.02, 0.98));
        let light = colour.map(|value| value.saturating_add(24));
        canvas.wire((x, y), (x + dice.between(0.03, 0.09), y), 0.004, 0.004, light);
    }
    match word {
        "island" => {
            canvas.gable((0.5, 0.28), (0.34, shore), LEAF);
            canvas.area((0.3, shore - 0.03, 0.7, shore), MUD);
        }
        "boat" => {
            canvas.area((0.3, 0.62, 0.7, 0.7), WOOD);
            canvas.area((0.44, 0.5, 0.58, 0.62), BLUE);
            canvas.blob((0.3, 0.64), (0.06, 0.05), WOOD);
        }
        "river" => {
            canvas.area((0.0, shore - 0.12, 1.0, shore), if mended { CONCRETE } else { MUD });
            let slump = dice.between(0.5, 0.6);
            canvas.blob((slump, shore), (0.18, 0.14), if mended { CONCRETE } else { colour });
        }
        _ => {}
    }
}

/// A stall and a classroom.
fn indoors(word: &str, canvas: &mut Canvas, place: &mut Dice, dice: &mut Dice, mended: bool) {
    canvas.area((0.0, 0.0, 1.0, 0.7), WALL);
    canvas.area((0.0, 0.7, 1.0, 1.0), CONCRETE);
    if word == "food" {
        canvas.area((0.15, 0.5, 0.85, 0.66), WOOD);
        for bowl in 0_u8..5 {
            let at = (0.22 + f32::from(bowl) * 0.14, 0.48);
            canvas.blob(at, (0.055, 0.05), WHITE);
            canvas.blob(at, (0.04, 0.03), if mended { LIGHT } else { DIRTY });
        }
        return;
    }
    canvas.area((0.2, 0.15, 0.65, 0.42), [40, 80, 60]);
    for desk in 0_u8..3 {
        let left = 0.1 + f32::from(desk) * 0.28 + place.between(0.0, 0.03);
        canvas.area((left, 0.62, left + 0.2, 0.68), WOOD);
        canvas.area((left + 0.02, 0.68, left + 0.04, 0.85), DARK);
    }
    if !mended {
        canvas.blob((dice.between(0.6, 0.8), 0.08), (0.2, 0.08), [150, 130, 90]);
        canvas.wire((0.7, 0.1), (0.78, 0.5), 0.0, 0.006, DARK);
    }
}
