//! What operators do with models that were trained on people's decisions.

use std::process::Output;

use crate::process::{Site, binary};

fn model(site: &Site, arguments: &[&str]) -> Output {
    let mut command = binary();
    command.arg("model").args(arguments).arg("--data-dir").arg(site.data());
    command.arg("--province").arg(harness::pack()).output().expect("a process")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_fresh_system_has_the_model_of_its_pack_and_nothing_to_take_back() {
    let mut site = Site::new(&[]);
    assert_eq!(model(&site, &["list"]).status.code(), Some(64), "looking makes nothing");
    site.start().await.kill();
    let listed = model(&site, &["list", "--json"]);
    assert_eq!((listed.status.code(), listed.stdout.len()), (Some(0), 0), "{}", said(&listed));
    let taken_back = model(&site, &["rollback"]);
    assert_eq!(taken_back.status.code(), Some(1), "{}", said(&taken_back));
    assert!(said(&taken_back).contains("NO_EARLIER_MODEL"), "{}", said(&taken_back));
    let promoted = model(&site, &["promote", "0123"]);
    assert_eq!(promoted.status.code(), Some(1), "{}", said(&promoted));
    assert!(said(&promoted).contains("MODEL_UNKNOWN"), "{}", said(&promoted));
}
