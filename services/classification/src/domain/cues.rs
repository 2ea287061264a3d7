//! Cue phrases: what in a text must stop the machine or raise its urgency, whatever the model says.

use province::{CueKind, Cues};
use vocabulary::Urgency;

use super::phrases::{self, Phrases};
use super::text::{Span, Text, Token};

/// A cue that occurs in a text and is no false friend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CueHit<'m> {
    /// The cue's id in the province pack.
    pub id: &'m str,
    /// What it is a cue of.
    pub kind: CueKind,
    /// The words that match.
    pub span: Span,
    /// Whether a word near by says that it is past, prevented or denied.
    pub lowered: bool,
    /// Whether a word near by says that it happens now.
    pub raised: bool,
}

impl CueHit<'_> {
    /// The urgency it demands; `Normal` for cues that are not about danger.
    pub const fn urgency(&self) -> Urgency {
        match (self.kind, self.lowered, self.raised) {
            (CueKind::SelfHarm, _, _) | (CueKind::Emergency, false, _) | (CueKind::Urgent, false, true) => {
                Urgency::Emergency
            }
            (CueKind::Urgent, false, false) => Urgency::Urgent,
            (CueKind::Emergency | CueKind::Urgent, true, _)
            | (CueKind::Denunciation | CueKind::Complaint | CueKind::Crime, _, _) => Urgency::Normal,
        }
    }
}

/// Everything a scan finds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan<'m> {
    /// The cues, in the order of the text.
    pub hits: Vec<CueHit<'m>>,
    /// Names of other provinces.
    pub other_provinces: Vec<Span>,
    /// Words that address a machine, not an authority.
    pub machine_talk: Vec<Span>,
}

impl Scan<'_> {
    /// The highest urgency that any cue demands.
    pub fn urgency(&self) -> Urgency {
        self.hits.iter().map(CueHit::urgency).max().unwrap_or(Urgency::Normal)
    }
}

/// The cues of a province pack, compiled. Immutable; share it.
#[derive(Debug, Clone)]
pub struct CueMatcher {
    cues: Vec<CompiledCue>,
    lowering_window: usize,
    raising_window: usize,
    phrases: Phrases<Role>,
}

#[derive(Debug, Clone)]
struct CompiledCue {
    id: String,
    kind: CueKind,
    window: usize,
    needs_company: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Trigger(usize),
    Company(usize),
    FalseFriend(usize),
    Lowering,
    Raising,
    Negation,
    OtherProvince,
    MachineTalk,
}

type Found = phrases::Found<Role>;

/// Denials that count only right before a cue: "không có ai bị thương". "Không biết ai đốt" denies nothing.
const NEGATIONS: [&str; 9] = [
    "khong co",
    "khong bi",
    "khong ai bi",
    "khong xay ra",
    "chua co",
    "chua bi",
    "chua xay ra",
    "khong con",
    "chua thay",
];
/// How many words may stand between a denial and what it denies.
const NEGATION_WINDOW: usize = 2;

/// Ways to talk to a program. A report is addressed to people; whoever writes so wants to steer the classification.
const MACHINE_TALK: [&str; 16] = [
    "bo qua moi huong dan",
    "bo qua cac huong dan",
    "bo qua huong dan",
    "bo qua moi chi dan",
    "bo qua cac chi dan",
    "bo qua yeu cau truoc",
    "hay phan loai phan anh nay",
    "phan loai tin nay la",
    "hay tra loi la",
    "ban la mot mo hinh",
    "ban la tro ly",
    "ban la ai",
    "mo hinh ngon ngu",
    "ignore previous",
    "ignore all",
    "system prompt",
];

impl CueMatcher {
    /// Compiles a pack's cues.
    pub fn new(cues: &Cues) -> Self {
        let mut matcher = Self {
            cues: Vec::with_capacity(cues.cues.len()),
            lowering_window: cues.lowering.window,
            raising_window: cues.raising.window,
            phrases: Phrases::new(),
        };
        for (at, cue) in cues.cues.iter().enumerate() {
            matcher.cues.push(CompiledCue {
                id: cue.id.clone(),
                kind: cue.kind,
                window: cue.window,
                needs_company: !cue.with.is_empty(),
            });
            matcher.add(&cue.any, Role::Trigger(at));
            matcher.add(&cue.with, Role::Company(at));
            matcher.add(&cue.unless, Role::FalseFriend(at));
        }
        matcher.add(&cues.lowering.any, Role::Lowering);
        matcher.add(&cues.raising.any, Role::Raising);
        matcher.add(&cues.out_of_province, Role::OtherProvince);
        matcher.add(&NEGATIONS, Role::Negation);
        matcher.add(&MACHINE_TALK, Role::MachineTalk);
        matcher
    }

    /// Finds every cue in a text.
    pub fn scan(&self, text: &Text<'_>) -> Scan<'_> {
        let found = self.phrases.find(text);
        let sentences = sentence_numbers(text.tokens());
        let mut scan = Scan::default();
        for hit in &found {
            let span = span_of(text, hit);
            match hit.what {
                Role::Trigger(at) => scan.hits.extend(self.judge(at, hit, span, &found, &sentences)),
                Role::OtherProvince => scan.other_provinces.push(span),
                Role::MachineTalk => scan.machine_talk.push(span),
                Role::Company(_) | Role::FalseFriend(_) | Role::Lowering | Role::Raising | Role::Negation => {
                }
            }
        }
        scan
    }

    /// A trigger as a hit, unless it is a false friend or lacks its company.
    fn judge(
        &self,
        at: usize,
        hit: &Found,
        span: Span,
        found: &[Found],
        sentences: &[u32],
    ) -> Option<CueHit<'_>> {
        let cue = &self.cues[at];
        let near = |role: Role, window: usize| {
            found.iter().any(|other| other.what == role && gap(hit, other) <= window)
        };
        if near(Role::FalseFriend(at), cue.window)
            || cue.needs_company && !near(Role::Company(at), cue.window)
        {
            return None;
        }
        // What is past or denied is so within its own sentence; the next one may tell of the present danger.
        let lowered = found.iter().any(|other| {
            sentences[other.first] == sentences[hit.first]
                && match other.what {
                    Role::Lowering => gap(hit, other) <= self.lowering_window,
                    Role::Negation => other.first < hit.first && gap(hit, other) <= NEGATION_WINDOW,
                    Role::Trigger(_) | Role::Company(_) | Role::FalseFriend(_) => false,
                    Role::Raising | Role::OtherProvince | Role::MachineTalk => false,
                }
        });
        let raised = near(Role::Raising, self.raising_window);
        Some(CueHit { id: &cue.id, kind: cue.kind, span, lowered, raised })
    }

    fn add(&mut self, phrases: &[impl AsRef<str>], role: Role) {
        phrases.iter().for_each(|phrase| self.phrases.add(&Text::parse(phrase.as_ref()), role));
    }
}

/// Words between two finds; 0 if they touch or overlap.
fn gap(a: &Found, b: &Found) -> usize {
    if a.last < b.first { b.first - a.last - 1 } else { a.first.saturating_sub(b.last + 1) }
}

fn sentence_numbers(tokens: &[Token]) -> Vec<u32> {
    let number = |count: &mut u32, token: &Token| {
        *count += u32::from(token.opens_sentence);
        Some(*count)
    };
    tokens.iter().scan(0, number).collect()
}

fn span_of(text: &Text<'_>, hit: &Found) -> Span {
    text.tokens()[hit.first].span.join(text.tokens()[hit.last].span)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use province::{Cue, Mark, Nearby};

    use super::*;

    fn words(all: &[&str]) -> Vec<String> {
        all.iter().map(|word| (*word).to_owned()).collect()
    }

    fn cue(id: &str, kind: CueKind, any: &[&str], with: &[&str], unless: &[&str]) -> Cue {
        Cue {
            id: id.to_owned(),
            kind,
            group: String::new(),
            any: words(any),
            with: words(with),
            window: 4,
            unless: words(unless),
            mark: Mark::Common,
            note: String::new(),
        }
    }

    fn matcher() -> CueMatcher {
        CueMatcher::new(&Cues {
            version: "1".to_owned(),
            cues: vec![
                cue("fire", CueKind::Emergency, &["chay", "boc chay"], &["nha", "xe"], &["chay hang"]),
                cue("collapse", CueKind::Urgent, &["sap cau", "sat lo"], &[], &[]),
                cue("bribe", CueKind::Denunciation, &["nhan hoi lo"], &[], &[]),
            ],
            lowering: Nearby { window: 3, any: words(&["nam ngoai", "phong ngua"]) },
            raising: Nearby { window: 2, any: words(&["dang"]) },
            out_of_province: words(&["da nang"]),
        })
    }

    fn urgency(original: &str) -> Urgency {
        matcher().scan(&Text::parse(original)).urgency()
    }

    #[test]
    fn cues_match_whole_words_with_their_company() {
        assert_eq!(urgency("Nhà tôi cháy rồi"), Urgency::Emergency);
        assert_eq!(urgency("NHA BEN CANH BOC CHAY"), Urgency::Emergency);
        assert_eq!(urgency("nồi cơm cháy"), Urgency::Normal, "no company");
        assert_eq!(urgency("nhà tôi chảyx"), Urgency::Normal, "not a whole word");
        assert_eq!(urgency("nhà hàng cháy hàng"), Urgency::Normal, "a false friend");
        assert_eq!(urgency("nhà một hai ba bốn năm cháy"), Urgency::Normal, "out of the window");
    }

    #[test]
    fn past_denied_and_prevented_dangers_are_lowered_in_their_sentence_only() {
        assert_eq!(urgency("năm ngoái sạt lở"), Urgency::Normal);
        assert_eq!(urgency("để phòng ngừa sạt lở"), Urgency::Normal);
        assert_eq!(urgency("ở đây không có sạt lở"), Urgency::Normal);
        assert_eq!(urgency("hỏi từ năm ngoái. Sạt lở rồi"), Urgency::Urgent);
        assert_eq!(urgency("đang sạt lở"), Urgency::Emergency, "raised");
        assert_eq!(urgency("sập. Cầu"), Urgency::Normal, "no phrase crosses a sentence");
    }

    #[test]
    fn other_kinds_and_their_spans_are_told() {
        let original = "Cán bộ nhận hối lộ ở Đà Nẵng, bỏ qua hướng dẫn";
        let matcher = matcher();
        let scan = matcher.scan(&Text::parse(original));
        assert_eq!(
            scan.hits.iter().map(|hit| (hit.id, hit.kind)).collect::<Vec<_>>(),
            [("bribe", CueKind::Denunciation)]
        );
        assert_eq!(scan.hits[0].span.of(original), "nhận hối lộ");
        assert_eq!(scan.other_provinces[0].of(original), "Đà Nẵng");
        assert_eq!(scan.machine_talk.len(), 1);
        assert_eq!(scan.urgency(), Urgency::Normal);
    }

    proptest! {
        #[test]
        fn a_danger_is_found_whatever_neutral_words_surround_it(before in "[xyz ]{0,30}", after in "[xyz ]{0,30}") {
            prop_assert_eq!(urgency(&format!("{before} sập cầu {after}")), Urgency::Urgent);
        }

        #[test]
        fn any_text_can_be_scanned(original in "\\PC{0,120}") {
            let matcher = matcher();
            for hit in matcher.scan(&Text::parse(&original)).hits {
                prop_assert!(!hit.span.of(&original).is_empty());
            }
        }
    }
}
