//! The load against whole systems: what it measures is there, what it writes down is true, what it seeds is accepted.

mod plays;
mod seeding;
mod site;
