//! What the server writes to its log: enough for operators, nothing of citizens.

use auth::Role;
use contract::intake::v1::Reporter;
use harness::{Citizen, Stores, config_of, fresh_id, refusal, report, text};

use crate::process::Site;

const SUBJECT: &str = "vneid:canary-7Q4X";
const NAME: &str = "Nguyễn Thị Chim Hoàng Yến 7Q4X";
const PHONE: &str = "+84909774431";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_holds_neither_people_nor_their_words() {
    let mut site = Site::new(&["telemetry.log_level=debug"]);
    let mut server = site.start().await;
    let citizen = Citizen(site.api(&server).caller(Role::Citizen, SUBJECT, None));
    let reporter = Reporter { display_name: NAME.to_owned(), phone: PHONE.to_owned() };
    for words in [text::ROAD, text::DENUNCIATION] {
        let sent = citizen.create_as(&fresh_id(), &report(words), Some(reporter.clone())).await;
        citizen.post(&sent.expect("taken").name, "Lời nhắn kín 7Q4X", false).await.expect("posted");
    }
    // Refusals are logged too.
    refusal(citizen.create(&report("Chữ lạ 7Q4X\0")).await);
    let wrong = Reporter { display_name: NAME.to_owned(), phone: format!("{PHONE}x") };
    refusal(citizen.create_as(&fresh_id(), &report(text::ROAD), Some(wrong)).await);
    Stores::open(&config_of(&site.data(), &[])).await.until_idle().await;
    server.terminate();
    assert!(server.ended().await.success());
    let log = site.log();
    assert!(log.contains("on the timeline"), "work is logged at this level: {log}");
    for mark in [SUBJECT, NAME, PHONE, "7Q4X", "ổ gà", "Thử Nghiệm"] {
        assert!(!log.contains(mark), "{mark} is in the log:\n{log}");
    }
}
