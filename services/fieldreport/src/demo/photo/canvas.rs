//! A small canvas: coloured areas, lines, light and grain.

use image::{Rgb, RgbImage};
use sha2::{Digest as _, Sha256};

/// Pixels.
pub const WIDTH: u32 = 480;
/// Pixels.
pub const HEIGHT: u32 = 360;

/// Red, green, blue.
pub type Colour = [u8; 3];

/// Numbers that look random and repeat from run to run (SplitMix64; Steele, Lea, Flood 2014).
pub struct Dice(u64);

impl Dice {
    /// Dice that roll the same for the same seed.
    pub fn new(seed: &[&[u8]]) -> Self {
        let digest = Sha256::digest(seed.concat());
        Self(digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    }

    /// A number from `low` to below `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let unit = ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32;
        low + unit * (high - low)
    }
}

/// A picture being painted. Positions are shares of width and height, from the upper left corner.
pub struct Canvas(RgbImage);

impl Canvas {
    /// A sky whose light depends on the dice.
    pub fn new(dice: &mut Dice) -> Self {
        let light = dice.between(0.75, 1.0);
        let haze = dice.between(0.0, 40.0);
        Self(RgbImage::from_fn(WIDTH, HEIGHT, |_, y| {
            let depth = y as f32 / HEIGHT as f32;
            let [r, g, b] = [110.0 + 100.0 * depth + haze, 160.0 + 60.0 * depth + haze / 2.0, 225.0];
            Rgb([r, g, b].map(|value| (value * light).clamp(0.0, 255.0) as u8))
        }))
    }

    /// The finished picture.
    pub fn image(self) -> RgbImage {
        self.0
    }

    /// Colours every point of a box for which `inside` says so, darker towards the upper edge of the picture.
    fn shape(
        &mut self,
        (left, top, right, bottom): (f32, f32, f32, f32),
        colour: Colour,
        inside: impl Fn(f32, f32) -> bool,
    ) {
        let pixel = |share: f32, size: u32| (share * size as f32).clamp(0.0, size as f32) as u32;
        for y in pixel(top, HEIGHT)..pixel(bottom, HEIGHT) {
            for x in pixel(left, WIDTH)..pixel(right, WIDTH) {
                let (u, v) = (x as f32 / WIDTH as f32, y as f32 / HEIGHT as f32);
                if inside(u, v) {
                    let light = 0.85 + 0.2 * v;
                    self.0.put_pixel(
                        x,
                        y,
                        Rgb(colour.map(|value| (f32::from(value) * light).min(255.0) as u8)),
                    );
                }
            }
        }
    }

    /// A box.
    pub fn area(&mut self, bounds: (f32, f32, f32, f32), colour: Colour) {
        self.shape(bounds, colour, |_, _| true);
    }

    /// An ellipse around a centre.
    pub fn blob(&mut self, (x, y): (f32, f32), (wide, high): (f32, f32), colour: Colour) {
        let bounds = (x - wide, y - high, x + wide, y + high);
        self.shape(bounds, colour, |u, v| ((u - x) / wide).powi(2) + ((v - y) / high).powi(2) <= 1.0);
    }

    /// A triangle that stands on its base.
    pub fn gable(&mut self, (x, top): (f32, f32), (wide, bottom): (f32, f32), colour: Colour) {
        let slope = wide / (bottom - top);
        let bounds = (x - wide, top, x + wide, bottom);
        self.shape(bounds, colour, |u, v| (u - x).abs() <= (v - top) * slope);
    }

    /// A line of some thickness, sagging in the middle.
    pub fn wire(&mut self, from: (f32, f32), to: (f32, f32), sag: f32, thick: f32, colour: Colour) {
        const STEPS: u16 = 240;
        for step in 0..=STEPS {
            let t = f32::from(step) / f32::from(STEPS);
            let x = from.0 + (to.0 - from.0) * t;
            let y = from.1 + (to.1 - from.1) * t + sag * 4.0 * t * (1.0 - t);
            self.area((x - thick * 0.75, y - thick, x + thick * 0.75, y + thick), colour);
        }
    }

    /// A road that narrows towards the horizon.
    pub fn road(&mut self, horizon: f32, colour: Colour) {
        self.shape((0.0, horizon, 1.0, 1.0), colour, |u, v| {
            (u - 0.5).abs() <= 0.08 + 0.5 * (v - horizon) / (1.0 - horizon)
        });
    }

    /// What a camera adds.
    pub fn grain(&mut self, dice: &mut Dice) {
        for pixel in self.0.pixels_mut() {
            let noise = dice.between(-9.0, 9.0);
            pixel.0 = pixel.0.map(|value| (f32::from(value) + noise).clamp(0.0, 255.0) as u8);
        }
    }
}
