//! Reads the scores of a dimension over a period, always all of them: what may be shown of one depends on the others.

use database::Database;
use province::ScorePolicy;

use crate::domain::board::{PROVINCE, Score, board, province};
use crate::domain::period::Period;
use crate::domain::tally::Dimension;
use crate::error::Error;
use crate::store::facts;

/// What scores are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every subject of a dimension.
    Subjects(Dimension),
    /// The province as a whole.
    Province,
}

/// The scores, in the order of the list.
pub async fn list_scores(
    database: &Database,
    policy: &ScorePolicy,
    scope: Scope,
    period: Period,
) -> Result<Vec<Score>, Error> {
    match scope {
        Scope::Subjects(dimension) => {
            Ok(board(&facts::sum(database.read(), dimension, period).await?, policy))
        }
        // Every closing has exactly one field, so the fields add up to the province, with the fewest rows.
        Scope::Province => {
            Ok(vec![province(&facts::sum(database.read(), Dimension::Field, period).await?, policy)])
        }
    }
}

/// The score of one subject: the one that the list shows.
pub async fn get_score(
    database: &Database,
    policy: &ScorePolicy,
    scope: Scope,
    subject: &str,
    period: Period,
) -> Result<Score, Error> {
    let wanted = match scope {
        Scope::Subjects(_) => subject,
        Scope::Province => PROVINCE,
    };
    let scores = list_scores(database, policy, scope, period).await?;
    let found = scores.into_iter().find(|score| score.subject == wanted);
    Ok(found.unwrap_or_else(|| Score::hidden(wanted.to_owned())))
}
