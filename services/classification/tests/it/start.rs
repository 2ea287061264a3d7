//! The start: with a usable model and a current schema, or not at all.

use std::sync::Arc;

use classification::{Config, MachineError, StartError};
use province::Province;
use serde::Deserialize;

use crate::pack::{PACK, copy};
use crate::world::{config, platform};

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
    let (platform, _bus) = platform(data.path(), province.clone(), None).await;
    let outcome = classification::start(config(), &platform).await;
    assert!(!platform.readiness.is_ready(), "not ready without a model");
    outcome.err().unwrap()
}

#[tokio::test]
async fn an_old_schema_is_refused_where_migrations_are_a_command_of_their_own() {
    let data = tempfile::tempdir().unwrap();
    let (mut platform, _bus) = platform(data.path(), PACK.province.clone(), None).await;
    platform.migrate = false;
    let refused = classification::start(config(), &platform).await.err().unwrap();
    assert!(refused.to_string().contains("fieldreport migrate"), "{refused}");
    platform.migrate = true;
    assert!(classification::start(config(), &platform).await.is_ok());
    assert!(platform.readiness.is_ready());
    platform.lifecycle.stop();
    platform.lifecycle.run_until_stopped().await;
}

#[derive(Deserialize)]
struct Whole {
    classification: Config,
}

#[test]
fn the_defaults_are_a_whole_configuration() {
    let defaults = include_str!("../../config.default.toml");
    let whole: Whole = settings::load(defaults, None, std::iter::empty(), &[]).unwrap();
    assert_eq!(whole.classification.observe_interval.get().as_secs(), 15);
}
