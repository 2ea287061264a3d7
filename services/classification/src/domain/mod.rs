//! Pure rules of classification: text, features, model, cues, and the policy that turns them into a suggestion.

pub mod assessment;
mod augment;
pub mod cues;
pub mod decide;
pub mod doubts;
pub mod evaluate;
pub mod features;
pub mod letters;
pub mod model;
pub mod model_file;
pub mod residue;
pub mod review;
pub mod rules;
pub mod shorthand;
mod solver;
pub mod text;
pub mod train;
