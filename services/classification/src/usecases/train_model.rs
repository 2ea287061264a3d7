//! Trains the next model on what people have decided, and puts it into force if it is no worse.

use std::sync::Arc;

use vocabulary::Timestamp;

use super::Desk;
use super::models::by_version;
use crate::domain::labels::{Lesson, choose, counts};
use crate::domain::promotion::{Switch, in_force};
use crate::domain::similar::square;
use crate::domain::train::Example;
use crate::error::Error;
use crate::lessons::{Lessons, LessonsError};
use crate::machine::Machine;
use crate::store::{self, LabelRecord, ModelRecord};
use crate::training::{Trained, TrainingError, make_model};

/// Labels read at once, and at most: older ones are as good as forgotten.
const PAGE: u64 = 500;
const MOST_LABELS: usize = 50_000;

/// What became of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Training {
    /// No label counts that the model in force has not learned from.
    NothingNew,
    /// It came into force.
    Promoted,
    /// It would do worse in something.
    Refused,
    /// Such a model was trained before, and is not in force for a reason.
    Known,
}

impl Training {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingNew => "nothing_new",
            Self::Promoted => "promoted",
            Self::Refused => "refused",
            Self::Known => "known",
        }
    }
}

/// Why a training came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum TrainModelError {
    /// The database.
    #[error(transparent)]
    Use(#[from] Error),
    /// The training.
    #[error(transparent)]
    Training(#[from] TrainingError),
}

impl From<LessonsError> for TrainModelError {
    fn from(error: LessonsError) -> Self {
        Self::Training(error.into())
    }
}

impl From<sea_orm::DbErr> for TrainModelError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Use(error.into())
    }
}

/// Whether it is late enough, and no other process has tonight's training; takes it then.
pub async fn take_tonight(desk: &Desk) -> Result<bool, Error> {
    let (now, province) = (desk.now(), &desk.province);
    let today = province.local_date(now);
    let hours = now.since(province.calendar.day_start(today)).as_secs() / 3_600;
    let day = today.to_julian_day();
    if hours < u64::from(province.policies.learning.retrain_hour)
        || store::is_training_taken(desk.outbox.database().read(), day).await?
    {
        return Ok(false);
    }
    let work = desk.outbox.begin().await?;
    let taken = store::take_training(work.tx(), day, now).await?;
    work.commit().await?;
    Ok(taken)
}

/// Labels that count, newest first, each report once.
pub(super) async fn lessons(desk: &Desk) -> Result<Vec<Lesson>, Error> {
    let read = desk.outbox.database().read();
    let (mut lessons, mut before, mut seen) = (Vec::new(), None, 0);
    while seen < MOST_LABELS {
        let page = store::list_labels(read, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = Some(database::Cursor { time: last.decide_time, id: last.id });
        seen += page.len();
        lessons.extend(page.into_iter().filter_map(lesson));
    }
    Ok(lessons)
}

fn lesson(record: LabelRecord) -> Option<Lesson> {
    let marks: Vec<_> = record.marks.iter().map(|(marked, ..)| *marked).collect();
    if !record.is_last || !counts(&marks, record.not_for_training) {
        return None;
    }
    let example = Example { text: record.papers.text(), leaf: record.leaf?, urgency: record.urgency };
    Some(Lesson { label: record.id, example, square: record.papers.point().map(square) })
}

/// Trains, judges, and puts into force what is no worse.
pub async fn train_model(desk: &Desk) -> Result<Training, TrainModelError> {
    let read = desk.outbox.database().read();
    let switches = store::switches(read).await?;
    let current = in_force(by_version(&switches));
    let learned = match current {
        Some(version) => store::find_model(read, version).await?.map(|model| model.lessons),
        None => None,
    }
    .unwrap_or_default();
    let counting = lessons(desk).await?;
    if counting.is_empty() && learned.is_empty() {
        return Ok(Training::NothingNew);
    }
    let base = Lessons::read(&desk.province)?.distinct().0;
    let before: Vec<Example> = counting
        .iter()
        .filter(|lesson| learned.contains(&lesson.label))
        .map(|lesson| lesson.example.clone())
        .collect();
    let chosen = choose(counting, base.examples.len(), &desk.province.policies.learning);
    if chosen.iter().all(|lesson| learned.contains(&lesson.label)) && chosen.len() == before.len() {
        return Ok(Training::NothingNew);
    }
    let labels: Vec<_> = chosen.iter().map(|lesson| lesson.label).collect();
    let now: Vec<Example> = chosen.into_iter().map(|lesson| lesson.example).collect();
    let province = desk.province.clone();
    let trained = on_a_thread(move || make_model(&province, &base, &before, &now)).await??;
    put_into_force(desk, trained, labels, desk.now()).await
}

/// Minutes of work do not belong on the threads that answer callers; nor need the process wait for it when it stops.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TrainingError> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || drop(sender.send(work())));
    receiver.await.map_err(|_| TrainingError::GivenUp)
}

async fn put_into_force(
    desk: &Desk,
    trained: Trained,
    lessons: Vec<uuid::Uuid>,
    now: Timestamp,
) -> Result<Training, TrainModelError> {
    let Trained { version, bytes, before, figures } = trained;
    let fits = figures.may_replace(&before, desk.province.policies.learning.tolerance);
    let record = ModelRecord { version, lessons, before, figures, train_time: now };
    let work = desk.outbox.begin().await?;
    if !store::insert_model(work.tx(), &record, bytes).await? {
        return Ok(Training::Known);
    }
    if fits {
        let id = desk.outbox.clock().mint();
        store::insert_switch(work.tx(), id, (Switch::Promoted, &record.version), None, now).await?;
    }
    work.commit().await?;
    if !fits {
        return Ok(Training::Refused);
    }
    follow_switches(desk).await?;
    Ok(Training::Promoted)
}

/// Takes the model into use that is in force, if it is another than the one in use.
pub async fn follow_switches(desk: &Desk) -> Result<(), TrainModelError> {
    let read = desk.outbox.database().read();
    let switches = store::switches(read).await?;
    let wanted = in_force(by_version(&switches));
    let machine = match wanted {
        Some(version) if version == desk.machine().version() => return Ok(()),
        None if desk.machine().version() == desk.machine.version_of_the_pack() => return Ok(()),
        None => Machine::load(&desk.province),
        Some(version) => match store::read_model(read, version).await? {
            Some(bytes) => Machine::from_bytes(&desk.province, &bytes),
            None => return Ok(()),
        },
    };
    match machine {
        Ok(machine) => {
            tracing::info!(version = machine.version(), "another model is in force");
            desk.machine.set(Arc::new(machine));
        }
        // The one in use goes on: a model that does not fit this pack is no reason to propose nothing.
        Err(error) => tracing::error!(error = %error, "the model in force cannot be used"),
    }
    Ok(())
}
