//! Mistakes of operators: one clear line, exit code 64, and nothing is begun.

use std::process::Output;

use crate::process::{Site, binary};

fn run(arguments: &[&str]) -> Output {
    binary().args(arguments).output().expect("a process")
}

/// The mistake must be named in one line, and no data folder made.
fn refused(site: &Site, arguments: &[&str], names: &[&str]) {
    let data = site.data().display().to_string();
    let pack = harness::pack().display().to_string();
    let mut all = arguments.to_vec();
    all.extend(["--data-dir", &data]);
    if !arguments.contains(&"--province") {
        all.extend(["--province", &pack]);
    }
    let output = run(&all);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{arguments:?}: {said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?}: {said}");
    for name in names {
        assert!(said.contains(name), "{arguments:?} must name {name}: {said}");
    }
    assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{said}");
    assert!(!site.data().exists(), "{arguments:?} began something");
}

#[test]
fn a_wrong_configuration_is_named_in_one_line() {
    let site = Site::new(&[]);
    for command in ["serve", "check-config"] {
        refused(&site, &[command, "--set", "grpc.adress=127.0.0.1:1"], &["adress"]);
        refused(&site, &[command, "--set", "grpc.address=nowhere"], &["grpc.address"]);
        refused(&site, &[command, "--set", "grace=soon"], &["grace"]);
        refused(&site, &[command, "--set", "intake.group_commit=many"], &["group_commit"]);
        refused(
            &site,
            &[command, "--set", "intake.group_commit=0"],
            &["intake.group_commit", "is 0", "1 to 400"],
        );
        refused(&site, &[command, "--set", "bus.duplicate=2.0"], &["bus.duplicate", "is 2", "0 to 1"]);
        refused(&site, &[command, "--set", "grace=15s"], &["grpc.drain_timeout", "less than `grace`"]);
        refused(&site, &[command, "--config", "/nowhere/fieldreport.toml"], &["/nowhere/fieldreport.toml"]);
    }
}

#[test]
fn an_incomplete_province_pack_is_named_with_its_file() {
    let site = Site::new(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(harness::pack()).expect("the pack") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("a copy");
        }
    }
    let pack = folder.path().display().to_string();
    let model = format!("{pack}/model");
    refused(&site, &["check-config", "--province", &pack], &[&model, "model train"]);
    std::fs::remove_file(folder.path().join("competence.csv")).expect("a file of the pack");
    let data = site.data().display().to_string();
    let output = run(&["serve", "--province", &pack, "--data-dir", &data]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("competence.csv"), "{said}");
}

#[test]
fn wrong_usage_is_told_from_wrong_configuration() {
    for wrong in [&["sreve"][..], &["serve", "--set", "no-equals-sign"], &["token", "--role", "king"]] {
        let output = run(wrong);
        assert!(!output.status.success(), "{wrong:?}");
        assert!(!output.stderr.is_empty(), "{wrong:?}");
    }
}
