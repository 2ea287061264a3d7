//! The layers together: who wins, and what a wrong key or value is told.

use std::io::Write as _;
use std::time::Duration;

use serde::Deserialize;
use settings::{HumanDuration, Secret, load, optional};

const DEFAULTS: &str = r#"
[grpc]
address = "127.0.0.1:50051"
call_timeout = "10s"
max_connections = 2000
reflection = false
ratio = 0.5
origins = ["a"]
key = ""
endpoint = ""
[log.levels]
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    grpc: Grpc,
    log: Log,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grpc {
    address: std::net::SocketAddr,
    call_timeout: HumanDuration,
    max_connections: u32,
    reflection: bool,
    ratio: f64,
    origins: Vec<String>,
    key: Secret,
    #[serde(deserialize_with = "optional")]
    endpoint: Option<HumanDuration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    levels: std::collections::BTreeMap<String, String>,
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn read(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
    let mut on_disk = tempfile::NamedTempFile::new().expect("a file");
    on_disk.write_all(file.as_bytes()).expect("written");
    load(DEFAULTS, Some(on_disk.path()), pairs(environment).into_iter(), &pairs(flags))
        .map_err(|error| error.to_string().replace(&on_disk.path().display().to_string(), "x.toml"))
}

#[test]
fn later_layers_win_key_by_key() {
    let config = read(
        "[grpc]\ncall_timeout = \"1s\"\nmax_connections = 5\nratio = 1\n[log.levels]\nsqlx = \"warn\"",
        &[
            ("FIELDREPORT__GRPC__MAX_CONNECTIONS", "6"),
            ("FIELDREPORT__GRPC__KEY", "123"),
            ("FIELDREPORT__GRPC__REFLECTION", "true"),
            ("FIELDREPORT__GRPC__ORIGINS", "b, c"),
        ],
        &[("grpc.max_connections", "7"), ("grpc.endpoint", "2h")],
    )
    .expect("valid");
    assert_eq!(config.grpc.address.port(), 50_051);
    assert_eq!(config.grpc.call_timeout.get(), Duration::from_secs(1));
    assert_eq!(config.grpc.max_connections, 7);
    assert!(config.grpc.reflection);
    assert!((config.grpc.ratio - 1.0).abs() < f64::EPSILON);
    assert_eq!(config.grpc.origins, ["b", "c"]);
    assert_eq!(config.grpc.key.expose(), "123");
    assert_eq!(config.grpc.endpoint.map(HumanDuration::get), Some(Duration::from_secs(7_200)));
    assert_eq!(config.log.levels["sqlx"], "warn");
}

#[test]
fn the_defaults_alone_are_enough() {
    let config: Config = load(DEFAULTS, None, std::iter::empty(), &[]).expect("valid");
    assert!(config.grpc.endpoint.is_none() && config.grpc.key.is_empty());
}

#[test]
fn a_wrong_key_is_told_with_its_place_and_the_nearest_one() {
    for (outcome, message) in [
        (
            read("[grpc]\ncall_timeuot = \"1s\"", &[], &[]),
            "unknown key `grpc.call_timeuot` in x.toml; did you mean `grpc.call_timeout`?",
        ),
        (
            read("", &[("FIELDREPORT__GPRC__KEY", "x")], &[]),
            "unknown key `gprc` in the environment variable FIELDREPORT__GPRC__KEY; did you mean `grpc`?",
        ),
        (read("", &[], &[("zzz", "x")]), "unknown key `zzz` in the flag zzz=…"),
        (
            read("", &[("FIELDREPORT__", "x")], &[]),
            "unknown key `` in the environment variable FIELDREPORT__",
        ),
    ] {
        assert_eq!(outcome.expect_err("refused"), message);
    }
}

#[test]
fn a_wrong_value_is_told_with_its_place() {
    for (outcome, message) in [
        (
            read("", &[], &[("grpc.max_connections", "many")]),
            "`grpc.max_connections` in the flag grpc.max_connections=… must be a whole number, not a text",
        ),
        (
            read("[grpc]\nreflection = 1", &[], &[]),
            "`grpc.reflection` in x.toml must be true or false, not a whole number",
        ),
        (read("grpc = 1", &[], &[]), "`grpc` in x.toml must be a section, not a whole number"),
    ] {
        assert_eq!(outcome.expect_err("refused"), message);
    }
    let message = read("", &[("FIELDREPORT__GRPC__CALL_TIMEOUT", "soon")], &[]).expect_err("refused");
    assert!(
        message.starts_with(
            "the environment variable FIELDREPORT__GRPC__CALL_TIMEOUT: \"soon\" is not a duration"
        ),
        "{message}"
    );
    assert!(message.contains("call_timeout") && !message.contains('\n'), "{message}");
    let message = read("[grpc", &[], &[]).expect_err("refused");
    assert!(message.starts_with("x.toml, line 1, is not valid TOML"), "{message}");
}

#[test]
fn a_missing_file_is_an_error() {
    let error = load::<Config>(DEFAULTS, Some("/nowhere/x.toml".as_ref()), std::iter::empty(), &[]);
    assert!(
        error
            .expect_err("refused")
            .to_string()
            .starts_with("cannot read the configuration file /nowhere/x.toml")
    );
}
