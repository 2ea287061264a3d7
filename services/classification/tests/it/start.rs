//! The start: with a usable model and a current schema, or not at all.

use std::sync::Arc;

use auth::Role;
use classification::{Config, MachineError, StartError};
use contract::classification::v1::Confirm;
use contract::classification::v1::decide_review_request::Decision;
use contract::event::v1::ReportClassified;
use engines::Ground;
use province::Province;
use serde::Deserialize;
use uuid::Uuid;
use vocabulary::Clock;

use crate::pack::{PACK, copy};
use crate::triage::decide;
use crate::world::{World, config, platform, report, submitted};

#[tokio::test]
async fn a_missing_or_broken_model_names_the_command_that_makes_one() {
    let folder = tempfile::tempdir().unwrap();
    copy(&PACK.folder, folder.path());
    let province = Arc::new(Province::load(folder.path()).unwrap());
    std::fs::remove_file(province.model_file()).unwrap();
    let missing = start(&province).await;
    assert!(matches!(missing, StartError::Machine(MachineError::Missing { .. })));
    std::fs::write(province.model_file(), b"FRCLASS but cut").unwrap();
    let broken = start(&province).await;
    assert!(matches!(broken, StartError::Machine(MachineError::Broken { .. })));
    for error in [missing, broken] {
        assert!(error.to_string().contains("fieldreport model train"), "{error}");
    }
}

async fn start(province: &Arc<Province>) -> StartError {
    let data = tempfile::tempdir().unwrap();
    let ground = Ground::on_table_bus();
    let (platform, _bus) = platform(&ground, data.path(), province.clone(), None, Clock::system()).await;
    let outcome = classification::start(config(), &platform).await;
    assert!(!platform.readiness.is_ready(), "not ready without a model");
    outcome.err().unwrap()
}

#[tokio::test]
async fn a_restart_goes_on_where_the_service_stopped() {
    let world = World::new().await;
    world.tell(&[submitted(report(1), &PACK.texts.doubtful)]).await;
    let before = world.queue().await;
    let world = world.restart().await;
    assert_eq!(world.queue().await, before);
    world.tell(&[submitted(report(1), &PACK.texts.doubtful), submitted(report(2), &PACK.texts.sure)]).await;
    assert_eq!(world.queue().await, before, "what was told before the stop has no second effect");
    assert_eq!(world.heard::<ReportClassified>().len(), 1);
    let decided =
        decide(&world, Role::Coordinator, &before[0], Decision::Confirm(Confirm {}), Uuid::from_u128(1))
            .await;
    let world = world.restart().await;
    let again =
        decide(&world, Role::Coordinator, &before[0], Decision::Confirm(Confirm {}), Uuid::from_u128(1))
            .await;
    assert_eq!(decided.unwrap(), again.unwrap(), "the stored answer outlives the process");
}

#[derive(Deserialize)]
struct Whole {
    classification: Config,
}

#[test]
fn the_defaults_are_a_whole_configuration() {
    let whole: Whole = settings::load(classification::DEFAULTS, None, std::iter::empty(), &[]).unwrap();
    assert_eq!(whole.classification.observe_interval.get().as_secs(), 15);
}
