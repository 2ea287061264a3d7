//! One process per data folder.

use std::process::Output;

use crate::process::{Site, binary};

fn on_its_folder(site: &Site, arguments: &[&str]) -> Output {
    let mut command = binary();
    command.args(arguments).arg("--data-dir").arg(site.data()).arg("--province").arg(harness::pack());
    command.output().expect("a process")
}

#[tokio::test]
async fn a_data_folder_has_one_owner_until_it_ends_however_it_ends() {
    let mut site = Site::new(&[]);
    let server = site.start().await;
    for arguments in [&["serve", "--set", "grpc.address=127.0.0.1:0"][..], &["migrate"], &["parked", "list"]]
    {
        let refused = on_its_folder(&site, arguments);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.contains(&site.data().display().to_string()) && said.contains("in use"), "{said}");
    }
    server.kill();
    assert!(on_its_folder(&site, &["migrate"]).status.success(), "a crash gives the folder back");
    let mut server = site.start().await;
    server.terminate();
    server.ended().await;
    assert!(on_its_folder(&site, &["migrate"]).status.success());
}
