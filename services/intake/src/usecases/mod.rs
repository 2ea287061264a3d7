//! One command or query per file: load → tell the domain → save → publish, in one transaction.

pub mod collect_strays;
pub mod contest_return;
pub mod create_report;
pub mod download_media;
pub mod expire_uploads;
pub mod get_report;
pub mod list_reports;
pub mod post_message;
pub mod project_events;
pub mod provide_info;
pub mod reconcile_reports;
mod reporter_act;
pub mod sweep_reports;
pub mod upload_media;
pub mod withdraw_report;
