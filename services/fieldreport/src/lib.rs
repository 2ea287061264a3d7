//! The one binary of the field-report system: assembles the services and gives operators their commands.

pub mod cli;
pub mod commands;
pub mod config;
pub mod data_folder;
pub mod demo;
pub mod system;
