//! Reads the scores of a dimension over a period, always all of them: what may be shown of one depends on the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use database::Database;
use province::ScorePolicy;
use vocabulary::{Clock, Timestamp};

use crate::domain::board::{PROVINCE, Score, board, province};
use crate::domain::period::Period;
use crate::domain::tally::Dimension;
use crate::error::Error;
use crate::store::facts;

/// Answers that are kept at one time.
const KEPT: usize = 64;

/// What scores are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every subject of a dimension.
    Subjects(Dimension),
    /// The province as a whole.
    Province,
}

type Kept = HashMap<(Scope, Period), (Timestamp, Arc<Vec<Score>>)>;

/// All scores, by scope and period. An answer is kept for a moment, because many ask for the same. Cheap to clone.
#[derive(Clone)]
pub struct Scoreboards {
    database: Database,
    clock: Clock,
    age: Duration,
    kept: Arc<Mutex<Kept>>,
}

impl Scoreboards {
    /// Scores that may be as old as `age`; zero means that every question is computed anew.
    pub fn new(database: Database, clock: Clock, age: Duration) -> Self {
        Self { database, clock, age, kept: Arc::default() }
    }

    /// The scores, in the order of the list.
    pub async fn list_scores(
        &self,
        policy: &ScorePolicy,
        scope: Scope,
        period: Period,
    ) -> Result<Arc<Vec<Score>>, Error> {
        let now = self.clock.now();
        if let Some(scores) = self.find_kept(scope, period, now) {
            return Ok(scores);
        }
        let scores = Arc::new(match scope {
            Scope::Subjects(dimension) => {
                board(&facts::sum(self.database.read(), dimension, period).await?, policy)
            }
            // Every closing has exactly one field, so the fields add up to the province, with the fewest rows.
            Scope::Province => {
                vec![province(&facts::sum(self.database.read(), Dimension::Field, period).await?, policy)]
            }
        });
        self.keep(scope, period, now, &scores);
        Ok(scores)
    }

    /// The score of one subject: the one that the list shows.
    pub async fn get_score(
        &self,
        policy: &ScorePolicy,
        scope: Scope,
        subject: &str,
        period: Period,
    ) -> Result<Score, Error> {
        let wanted = match scope {
            Scope::Subjects(_) => subject,
            Scope::Province => PROVINCE,
        };
        let scores = self.list_scores(policy, scope, period).await?;
        let found = scores.iter().find(|score| score.subject == wanted);
        Ok(found.cloned().unwrap_or_else(|| Score::hidden(wanted.to_owned())))
    }

    fn find_kept(&self, scope: Scope, period: Period, now: Timestamp) -> Option<Arc<Vec<Score>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, scores) = kept.get(&(scope, period))?;
        (now.since(*at) < self.age).then(|| scores.clone())
    }

    fn keep(&self, scope: Scope, period: Period, now: Timestamp, scores: &Arc<Vec<Score>>) {
        if self.age.is_zero() {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.retain(|_, (at, _)| now.since(*at) < self.age);
        }
        if kept.len() < KEPT {
            kept.insert((scope, period), (now, scores.clone()));
        }
    }
}
