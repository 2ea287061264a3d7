//! Pure rules of classification: text, features, model, cues, and the policy that turns them into a suggestion.

pub mod letters;
pub mod residue;
pub mod shorthand;
pub mod text;
