//! The highest rate that the system sustains: rising steps, until one leaves a backlog, refusals or late reports behind.

use crate::figures::Figures;
use crate::options::Steps;
use crate::run::Theatre;

/// A step is sustained if what waits at its end is at most so many seconds of work.
const MOST_BACKLOG_SECONDS: f64 = 1.0;

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Actions a second.
    pub rate: f64,
    /// What was measured.
    pub figures: Figures,
    /// Why it was too much; none if the system kept up.
    pub too_much: Option<String>,
}

/// Steps until one is too much; the last one tells why the search ended.
pub async fn find(theatre: &mut Theatre, steps: &Steps) -> anyhow::Result<Vec<Step>> {
    let (mut done, mut rate) = (Vec::new(), steps.from);
    while rate <= steps.to {
        let figures = theatre.play(rate).await?;
        let too_much = judge(&figures);
        let ended = too_much.is_some();
        done.push(Step { rate, figures, too_much });
        if ended {
            break;
        }
        rate += steps.step;
    }
    Ok(done)
}

fn judge(figures: &Figures) -> Option<String> {
    if let Some(fault) = figures.faults().into_iter().next() {
        return Some(fault);
    }
    if let Some(refused) = figures.get("refused").filter(|refused| *refused > 0.0) {
        return Some(format!("{refused} calls were refused"));
    }
    let backlog = figures.get("backlog_seconds").filter(|seconds| *seconds > MOST_BACKLOG_SECONDS)?;
    Some(format!("the backlog at the end was {backlog:.1} s of work"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_too_much_when_work_stays_behind_or_is_refused() {
        let judged = |name: &str, value: f64| {
            let mut figures = Figures::default();
            figures.values.insert(name.to_owned(), value);
            judge(&figures)
        };
        assert_eq!(judged("backlog_seconds", 0.9), None);
        assert!(judged("backlog_seconds", 1.1).unwrap().contains("1.1 s"));
        assert!(judged("refused", 1.0).is_some() && judged("lost", 1.0).is_some());
    }
}
