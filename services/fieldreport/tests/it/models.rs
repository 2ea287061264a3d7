//! What operators do with models that were trained on people's decisions.

use std::process::Output;

use crate::process::{Site, binary};

fn model(site: &Site, arguments: &[&str]) -> Output {
    binary().arg("model").args(arguments).arg("--data-dir").arg(site.data()).output().expect("a process")
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
    assert!(taken_back.status.code() == Some(1) && said(&taken_back).contains("NO_EARLIER_MODEL"));
    let promoted = model(&site, &["promote", "0123"]);
    assert!(promoted.status.code() == Some(1) && said(&promoted).contains("MODEL_UNKNOWN"));
}
