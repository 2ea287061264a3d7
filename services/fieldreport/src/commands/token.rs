//! `token`: a token of the development issuer, for trying the API.

use std::process::ExitCode;
use std::time::Duration;

use auth::{Caller, DevelopmentIssuer, Role, Subject};
use settings::HumanDuration;
use vocabulary::{AgencyId, Clock};

use crate::cli::Token;
use crate::commands::{Misconfigured, load_config};

/// Runs.
#[expect(clippy::print_stdout, reason = "the token is this command's output")]
pub fn run(arguments: &Token) -> anyhow::Result<ExitCode> {
    let config = load_config(&arguments.common)?;
    if !config.auth.development_issuer {
        return Err(
            Misconfigured("auth.development_issuer is off: ask the identity provider".to_owned()).into()
        );
    }
    let caller = parse_caller(arguments).map_err(Misconfigured)?;
    std::fs::create_dir_all(&config.data)?;
    let issuer =
        DevelopmentIssuer::open(&config.data, &config.auth.issuer, &config.auth.audience, Clock::system())?;
    println!("{}", issuer.issue(&caller, parse_lifetime(&arguments.lifetime)?)?);
    Ok(ExitCode::SUCCESS)
}

fn parse_caller(arguments: &Token) -> Result<Caller, String> {
    let role: Role = arguments.role.parse().map_err(|error| format!("--role: {error}"))?;
    let subject: Subject = arguments.subject.parse().map_err(|error| format!("--subject: {error}"))?;
    let agency = arguments.agency.as_deref().map(str::parse::<AgencyId>).transpose();
    let agency = agency.map_err(|error| format!("--agency: {error}"))?;
    Caller::new(role, subject, agency).map_err(|error| error.to_string())
}

fn parse_lifetime(text: &str) -> Result<Duration, Misconfigured> {
    text.parse::<HumanDuration>()
        .map(HumanDuration::get)
        .map_err(|error| Misconfigured(format!("--lifetime: {error}")))
}
