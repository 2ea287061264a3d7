//! Panics in the log: where, and what was said as far as it is certain to hold no data.

use std::any::Any;

/// From now on panics are logged instead of printed. A debug build prints them as well, for tests.
pub(crate) fn log() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, said = said(panic.payload()), "panic");
        if cfg!(debug_assertions) {
            print(panic);
        }
    }));
}

/// A literal is ours; a formatted text may hold what a citizen wrote.
fn said(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(formatted text withheld)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literals_are_repeated() {
        assert_eq!(said(&"queue is empty"), "queue is empty");
        assert_eq!(said(&"Nguyễn Văn A".to_owned()), "(formatted text withheld)");
        assert_eq!(said(&7), "(formatted text withheld)");
    }
}
