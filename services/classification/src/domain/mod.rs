//! Pure rules of classification: text, features, model, cues, and the policy that turns them into a suggestion.

pub mod assessment;
mod augment;
mod calibrate;
pub mod case;
pub mod cues;
pub mod decide;
pub mod doubts;
pub mod evaluate;
pub mod features;
pub mod glossary;
pub mod letters;
pub mod model;
pub mod model_file;
pub mod person;
pub mod residue;
pub mod review;
pub mod rules;
mod runs;
pub mod shorthand;
pub mod similar;
mod solver;
mod style;
pub mod suggestion;
pub mod text;
pub mod train;
