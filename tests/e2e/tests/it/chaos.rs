//! Duplicated, shuffled and late events: every order ends in the same state and tells the same story.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use auth::{DevelopmentIssuer, ReporterSeal, Verifier};
use contract::classification::v1::ChangeLeaf;
use contract::classification::v1::decide_review_request::Decision;
use contract::common::v1::{Outcome, ReportState, Verdict};
use contract::intake::v1::Report;
use contract::routing::v1::Resolution;
use database::Database;
use fieldreport::system::SUBSCRIPTIONS;
use futures::future::join_all;
use harness::{
    Agency, Api, Citizen, World, config_of, eventually, kinds, province, report, text, verify_timeline,
};
use messaging::{Bus, Envelope, Outbox, RetryPolicy};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use runtime::grpc::{self, Context};
use runtime::wire::PageKey;
use runtime::{Ending, Lifecycle, Platform, Readiness};
use tempfile::TempDir;
use tokio::net::TcpListener;
use vocabulary::Clock;

const STORY: [&str; 16] = [
    "ReportSubmitted",
    "ReportClassified",
    "ReportAssigned",
    "ReportHandedBack",
    "ReviewRequested",
    "ReportReclassified",
    "ReportAssigned",
    "WorkStarted",
    "ResolutionSubmitted",
    "ReportResolved",
    "RatingInvited",
    "RatingSubmitted",
    "ReportReopened",
    "ReportAssigned",
    "WorkStarted",
    "ResolutionSubmitted",
];

fn told(report: &Report, kind: &str) -> usize {
    kinds(report).iter().filter(|told| **told == kind).count()
}

fn is_assigned(report: &Report, times: usize) -> bool {
    report.state() == ReportState::Assigned && told(report, "ReportAssigned") == times
}

/// Hand-back, second agency, answer, unsatisfied, reopened, second answer written: everything that services tell each
/// other about one report, one step after the other.
async fn live(world: &World, citizen: &Citizen, name: &str) -> Report {
    let explained = Resolution {
        outcome: Outcome::Explained.into(),
        reply: "Đơn vị đã xem xét và trả lời.".to_owned(),
        ..Resolution::default()
    };
    let write = async |agency: &Agency| {
        let assignment = agency.assignment_of(name).await;
        let assignment = agency.accept(&assignment).await.expect("accepted");
        agency.submit(&assignment, explained.clone()).await.expect("submitted")
    };
    let first = citizen.until(name, "assigned", |r| r.state() == ReportState::Assigned).await;
    let handler = world.handler(&first.agency);
    let assignment = handler.assignment_of(name).await;
    handler.hand_back(&assignment, "Lưới điện.").await.expect("handed back");
    let coordinator = world.coordinator();
    let review = coordinator.review_of(name).await;
    let decision =
        Decision::ChangeLeaf(ChangeLeaf { leaf: "electricity_lighting.grid".to_owned(), urgency: 0 });
    coordinator.decide(&review, decision).await.expect("decided");
    let second = citizen.until(name, "with another agency", |r| is_assigned(r, 2)).await;
    let handler = world.handler(&second.agency);
    let written = write(&handler).await;
    world.leader(&second.agency).approve(&written).await.expect("approved");
    let asked = citizen.until(name, "rateable", |r| !r.invitation.is_empty()).await;
    citizen.rate(&asked.invitation, Verdict::Unsatisfied).await.expect("rated");
    citizen.until(name, "assigned again", |r| is_assigned(r, 3)).await;
    write(&handler).await;
    citizen.until(name, "told to its end", |r| told(r, "ResolutionSubmitted") == 2).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_repeats_and_shuffles_changes_no_story() {
    for seed in ["1", "2", "3", "4"] {
        let chaos = [("bus.duplicate", "0.5"), ("bus.chaos_seed", seed)];
        let world = World::with(&chaos, Clock::system()).await;
        let citizen = world.citizen("citizen-1");
        let draft = report(text::ROAD);
        let created = join_all((0..6).map(|_| citizen.create(&draft))).await;
        let lives = created.into_iter().map(async |created| {
            let name = created.expect("taken").name;
            live(&world, &citizen, &name).await
        });
        for lived in join_all(lives).await {
            assert_eq!(kinds(&lived), STORY, "seed {seed}");
            verify_timeline(&lived.timeline);
        }
        world.until_idle().await;
        let events = world.stores().events().await;
        let ids: BTreeSet<_> = events.iter().map(|event| event.id.0).collect();
        // Every story but ReportSubmitted's own timeline entry is told by one event; none is told by two.
        assert_eq!((events.len(), ids.len()), (6 * STORY.len(), 6 * STORY.len()), "seed {seed}");
        world.finish().await;
    }
}

/// Intake alone on a folder: every queue exists, nobody else is there to answer.
struct Alone {
    platform: Platform,
    /// Its database, as the test looks at it.
    outbox: Outbox,
    api: Api,
}

impl Alone {
    async fn start(data: &Path) -> Self {
        let (config, clock) = (config_of(data, &[]), Clock::system());
        let key = |name: &str| auth::secret(&data.join(name), &clock).expect("a key");
        let (identity, reporter, page) = (key("identity.key"), key("reporter.key"), key("page.key"));
        let settings = &config.auth;
        let issuer =
            DevelopmentIssuer::open(data, &settings.issuer, &settings.audience, clock.clone()).expect("keys");
        let keys = vec![issuer.verification_key()];
        let verifier = Verifier::load(&settings.verifier(), keys, clock.clone()).expect("a verifier");
        let bus = Bus::open(&data.join("bus.db"), SUBSCRIPTIONS.to_vec(), None).await;
        let platform = Platform {
            lifecycle: Lifecycle::new(config.grace.get()),
            readiness: Readiness::new(),
            clock: clock.clone(),
            province: province(),
            bus: bus.expect("a bus"),
            page_key: PageKey::new(&page),
            reporters: ReporterSeal::new(&reporter),
            retry: RetryPolicy::FAST,
            retention: config.bus.retention.get(),
            data: data.to_owned(),
            database: config.database.clone(),
        };
        let service = intake::start(config.intake, &identity, &platform).await.expect("intake");
        let mut api = grpc::Api::new(contract::DESCRIPTORS);
        service.register(&mut api);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (lifecycle, readiness) = (platform.lifecycle.clone(), platform.readiness.clone());
        let context = Context { verifier, lifecycle, readiness, clock };
        grpc::serve(listener, api, &config.grpc, &context).expect("a server");
        let place = platform.database.place("intake", data);
        let database = Database::open(place).await.expect("intake's file");
        let outbox = Outbox::new(database, "intake", Clock::system());
        Self { platform, outbox, api: Api::at(&address.to_string(), issuer.into()) }
    }

    fn citizen(&self) -> Citizen {
        Citizen(self.api.caller(auth::Role::Citizen, "citizen-1", None))
    }

    async fn until_told(&self) {
        eventually("intake has read everything", async || {
            let waiting = self.platform.bus.depth("intake").await.expect("the bus");
            let (owed, _) = self.outbox.count_retries().await.expect("its database");
            if waiting + owed == 0 { Ok(()) } else { Err((waiting, owed)) }
        })
        .await;
    }

    async fn stop(self) {
        let Self { platform, outbox, api } = self;
        drop((outbox, api));
        platform.lifecycle.stop();
        assert_eq!(platform.lifecycle.run_until_stopped().await, Ending::Clean);
        let data = platform.data.canonicalize().expect("a folder");
        drop(platform);
        // Pools close their connections after they are dropped, and SQLite tidies up when the last one closes.
        eventually("every file is closed", async || {
            let open = files_of(Path::new("/proc/self/fd")).filter_map(|file| file.read_link().ok());
            let open: Vec<_> = open.filter(|file| file.starts_with(&data)).collect();
            if open.is_empty() { Ok(()) } else { Err(open) }
        })
        .await;
    }
}

fn files_of(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file())
}

/// A copy of a stopped system's files.
fn copy_of(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    for file in files_of(folder) {
        let name = file.file_name().expect("a file has a name");
        std::fs::copy(&file, copy.path().join(name)).expect("a copy");
    }
    copy
}

/// The events in some order, some of them twice, cut into some batches.
fn shuffled(events: &[Envelope], rng: &mut SmallRng) -> Vec<Vec<Envelope>> {
    let mut order: Vec<Envelope> = events.to_vec();
    let twins: Vec<Envelope> = events.iter().filter(|_| rng.random_bool(0.4)).cloned().collect();
    order.extend(twins);
    order.shuffle(rng);
    let size = rng.random_range(1..=order.len());
    order.chunks(size).map(<[Envelope]>::to_vec).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_a_life_is_told_as_one_story() {
    let beginning = tempfile::tempdir().expect("a folder");
    let alone = Alone::start(beginning.path()).await;
    let created = alone.citizen().create(&report(text::ROAD)).await.expect("taken");
    alone.stop().await;

    let world = World::on(copy_of(beginning.path()), &[], Clock::system()).await;
    let citizen = world.citizen("citizen-1");
    live(&world, &citizen, &created.name).await;
    world.until_idle().await;
    let expected = citizen.get(&created.name).await.expect("own");
    assert_eq!(kinds(&expected), STORY);
    let events = world.stores().events().await;
    let events: Vec<Envelope> = events.into_iter().filter(|event| event.source != "intake").collect();
    assert_eq!(events.len(), STORY.len() - 1);
    world.finish().await;

    for seed in 0..40 {
        let mut rng = SmallRng::seed_from_u64(seed);
        let folder = copy_of(beginning.path());
        let alone = Alone::start(folder.path()).await;
        let batches = shuffled(&events, &mut rng);
        let at_once = rng.random_bool(0.5);
        for batch in &batches {
            alone.platform.bus.publish(batch).await.expect("published");
            if !at_once {
                alone.until_told().await;
            }
        }
        alone.until_told().await;
        let told = alone.citizen().get(&created.name).await.expect("own");
        assert_eq!(told, expected, "seed {seed}");
        assert!(alone.outbox.parked().await.expect("its database").is_empty(), "seed {seed}");
        alone.stop().await;
    }
}
