//! What the people of the town do: one file for each kind of person.

mod agency;
mod citizen;
mod coordinator;
mod photo;
mod reader;
mod upload;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::Town;

/// One thing that somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A citizen sends a report, some with photos.
    Create,
    /// A citizen writes something more.
    Post,
    /// A citizen takes a report back.
    Withdraw,
    /// A coordinator or officer decides a review.
    Decide,
    /// An agency takes the next step with an assignment.
    Dispatch,
    /// A citizen rates an answer.
    Rate,
    /// Somebody reads what is public, or scores.
    Read,
}

/// Of 100 acts.
const MIX: [(Act, u32); 7] = [
    (Act::Create, 60),
    (Act::Post, 5),
    (Act::Withdraw, 4),
    (Act::Decide, 8),
    (Act::Dispatch, 13),
    (Act::Rate, 6),
    (Act::Read, 4),
];

impl Act {
    /// The next act of somebody.
    pub fn next(rng: &mut StdRng) -> Self {
        let mut roll = rng.random_range(0..MIX.iter().map(|(_, share)| share).sum());
        for (act, share) in MIX {
            if roll < share {
                return act;
            }
            roll -= share;
        }
        Self::Create
    }
}

impl Town {
    /// Does it, as citizen number `citizen` where a citizen acts.
    pub async fn act(&self, act: Act, citizen: usize, rng: &mut StdRng) -> anyhow::Result<()> {
        match act {
            Act::Create => self.create(citizen, rng).await,
            Act::Post => self.post(rng).await,
            Act::Withdraw => self.withdraw(rng).await,
            Act::Decide => self.decide(rng).await,
            Act::Dispatch => self.dispatch(rng).await,
            Act::Rate => self.rate(rng).await,
            Act::Read => self.read(rng).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn the_same_seed_does_the_same() {
        let acts = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (0..50).map(|_| Act::next(&mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(acts(3), acts(3));
        assert_ne!(acts(3), acts(4));
        assert_eq!(MIX.iter().map(|(_, share)| share).sum::<u32>(), 100);
    }
}
