//! One entity per table of this service.

pub mod answer;
pub mod blind_label;
pub mod classification;
pub mod label;
pub mod label_mark;
pub mod leaf_count;
pub mod mark;
pub mod model;
pub mod model_switch;
pub mod photo;
pub mod review;
pub mod sample;
pub mod training;
