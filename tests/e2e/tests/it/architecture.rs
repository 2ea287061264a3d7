//! The architecture as tests: directions of dependencies, places of libraries, sizes and names of files, the manual.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use contract::EVENT_TYPES;
use fieldreport::system::SUBSCRIPTIONS;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use serde_json::Value;

const SERVICES: [&str; 4] = ["intake", "classification", "routing", "satisfaction"];
/// What no module may be called: a name that says nothing collects everything.
const EMPTY_NAMES: [&str; 9] =
    ["util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "types"];
const LONGEST_FILE: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn source(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file of one kind below a folder, relative to the workspace.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, extension, found);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(&root().join(folder), extension, &mut found);
    let base = root();
    found.iter().map(|path| path.strip_prefix(&base).expect("inside").to_owned()).collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"))
}

/// The crates of the workspace: folder and the other crates of the workspace that each is built with.
fn crates() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let base = root().display().to_string();
    let folder_of = |package: &Value| {
        let manifest = text(&package["manifest_path"]);
        manifest.trim_start_matches(&base).trim_start_matches('/').trim_end_matches("/Cargo.toml").to_owned()
    };
    let used = |package: &Value| {
        let all = package["dependencies"].as_array().expect("dependencies");
        let shipped = all.iter().filter(|one| one["kind"] != "dev" && one["path"].is_string());
        shipped.map(|one| text(&one["name"])).collect()
    };
    packages.iter().map(|package| (text(&package["name"]), (folder_of(package), used(package)))).collect()
}

#[test]
fn dependencies_point_in_one_direction() {
    let crates = crates();
    /// A crate may be built with crates of a lower layer, and shared ones with each other.
    fn layer(folder: &str) -> u8 {
        match folder {
            "proto" | "services/shared/vocabulary" => 0,
            _ if folder.starts_with("services/shared/") => 1,
            "services/fieldreport" => 3,
            _ if folder.starts_with("services/") => 2,
            _ if folder.starts_with("tests/") => 4,
            unknown => panic!("{unknown} has no place in the architecture"),
        }
    }
    for (name, (folder, used)) in &crates {
        for other in used {
            let (own, below) = (layer(folder), layer(&crates[other].0));
            let among_equals = own == below && matches!(own, 1 | 4);
            assert!(below < own || among_equals, "{name} must not be built with {other}");
        }
    }
    for service in SERVICES {
        let foreign: Vec<_> =
            crates[service].1.iter().filter(|other| SERVICES.contains(&other.as_str())).collect();
        assert!(foreign.is_empty(), "{service} knows other services: {foreign:?}");
    }
}

/// Files outside tests that use a library.
fn users_of(library: &str) -> Vec<PathBuf> {
    let path = format!("{library}::");
    files("services", "rs")
        .into_iter()
        .filter(|file| !is_test(file) && source(&root().join(file)).contains(&path))
        .collect()
}

#[test]
fn every_library_stays_in_its_place() {
    let stands_in = |file: &Path, places: &[&str]| {
        let file = file.display().to_string();
        places.iter().any(|place| file.contains(place))
    };
    // The demonstration is a client like any other.
    for file in users_of("tonic") {
        let places = ["/grpc/", "services/shared/runtime/", "services/fieldreport/src/demo/"];
        assert!(stands_in(&file, &places), "{} must not know the transport", file.display());
    }
    // Use cases, consumers and jobs hold a transaction; errors name the database's.
    for file in users_of("sea_orm") {
        let places = [
            "/store/",
            "/usecases/",
            "/consumer.rs",
            "/jobs.rs",
            "/error.rs",
            "shared/database/",
            "shared/messaging/",
        ];
        assert!(stands_in(&file, &places), "{} must not know the database", file.display());
    }
    for file in files("services", "rs").iter().filter(|file| stands_in(file, &["/domain/"]) && !is_test(file))
    {
        let code = source(&root().join(file));
        for word in ["async fn", "tokio::", "contract::", ".await"] {
            assert!(!code.contains(word), "{} is the domain and must not say {word}", file.display());
        }
    }
}

#[test]
fn files_are_short_named_and_say_what_they_are_for() {
    for file in ["services", "proto", "tests"].iter().flat_map(|folder| files(folder, "rs")) {
        let code = source(&root().join(&file));
        assert!(code.starts_with("//! "), "{} does not say what it is for", file.display());
        let lines = code.lines().count();
        assert!(is_test(&file) || lines <= LONGEST_FILE, "{} has {lines} lines", file.display());
        let names = file.iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned());
        for name in names {
            assert!(!EMPTY_NAMES.contains(&name.as_str()), "{} has a name that says nothing", file.display());
        }
    }
}

#[test]
fn every_event_has_a_source_and_reaches_the_timeline() {
    let intake = &intake::SUBSCRIPTION;
    let own = [
        "ReportSubmitted",
        "MessagePosted",
        "MediaAttached",
        "ReportWithdrawn",
        "InfoProvided",
        "ReturnContested",
    ];
    let own: BTreeSet<String> = own.iter().map(|name| format!("fieldreport.event.v1.{name}")).collect();
    let heard: BTreeSet<String> = intake.types.iter().map(|event_type| (*event_type).to_owned()).collect();
    let all: BTreeSet<String> = EVENT_TYPES.iter().map(|event_type| (*event_type).to_owned()).collect();
    assert_eq!(heard.union(&own).cloned().collect::<BTreeSet<_>>(), all);
    assert!(heard.is_disjoint(&own), "intake tells its own events as they happen");
    for subscription in SUBSCRIPTIONS {
        for event_type in subscription.types {
            assert!(all.contains(*event_type), "{} waits for {event_type}", subscription.queue);
        }
    }
}

/// `GetReport` → `get_report`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[test]
fn every_method_is_called_by_a_journey() {
    let set = FileDescriptorSet::decode(contract::DESCRIPTORS).expect("descriptors");
    let tests = ["tests/e2e", "tests/harness"].iter().flat_map(|folder| files(folder, "rs"));
    let tests: String = tests.map(|file| source(&root().join(file))).collect();
    let services = set.file.iter().flat_map(|file| &file.service);
    for method in services.flat_map(|service| &service.method) {
        let call = format!(".{}(", snake_case(method.name()));
        assert!(tests.contains(&call), "no journey calls {}", method.name());
    }
}

/// Words like `TEXT_EMPTY` between two of these signs.
fn reasons(text: &str, sign: char) -> BTreeSet<String> {
    let is_reason = |word: &&str| {
        word.contains('_')
            && !word.ends_with('_')
            && word.starts_with(|letter: char| letter.is_ascii_uppercase())
            && word
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
    };
    text.split(sign).filter(is_reason).map(str::to_owned).collect()
}

/// The reasons that comments name between `Errors:` and the method.
fn promised_refusals(proto: &str) -> BTreeSet<String> {
    let mut promised = BTreeSet::new();
    let mut among_errors = false;
    for line in proto.lines().map(str::trim) {
        among_errors = line.starts_with("//") && (among_errors || line.contains("Errors:"));
        if among_errors {
            promised.extend(reasons(line, '`'));
        }
    }
    promised
}

#[test]
fn the_manual_lists_every_reason_and_every_event() {
    let manual = source(&root().join("proto/README.md"));
    let listed = reasons(&manual, '`');
    // Names of gRPC's codes, and of cargo's variables, are no reasons of ours.
    let foreign = ["shared/runtime/src/grpc/layers/observe.rs", "shared/telemetry/"];
    let code = files("services", "rs").into_iter().filter(|file| !is_test(file));
    let mut said = BTreeSet::new();
    for file in code.filter(|file| !foreign.iter().any(|place| file.display().to_string().contains(place))) {
        let code = source(&root().join(&file));
        let shipped = code.split("#[cfg(test)]").next().unwrap_or_default();
        said.extend(reasons(shipped, '"').into_iter().filter(|word| !word.starts_with("CARGO_")));
    }
    let missing: Vec<_> = said.difference(&listed).collect();
    assert!(missing.is_empty(), "proto/README.md does not list {missing:?}");
    let stale: Vec<_> = listed.difference(&said).collect();
    assert!(stale.is_empty(), "proto/README.md lists what nobody says: {stale:?}");
    for file in files("proto/fieldreport", "proto") {
        let promised = promised_refusals(&source(&root().join(&file)));
        let unknown: Vec<_> = promised.difference(&said).collect();
        assert!(unknown.is_empty(), "{} promises {unknown:?}", file.display());
    }
    for event_type in EVENT_TYPES {
        let name = event_type.rsplit('.').next().expect("a name");
        assert!(manual.contains(&format!("`{name}`")), "proto/README.md does not list {name}");
    }
}
