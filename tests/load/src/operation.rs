//! What the load can ask of the system, each with the service and the method that answer it.

use tonic::codegen::http::uri::PathAndQuery;
use vocabulary::words;

words!(
    /// A service of the system.
    Service {
        /// Takes reports.
        Intake = "intake",
        /// Says what they are about.
        Classification = "classification",
        /// Gives them to agencies.
        Routing = "routing",
        /// Asks how satisfied people are.
        Satisfaction = "satisfaction",
    }
);

words!(
    /// An operation; its word stands in figures and ledgers.
    Operation {
        /// A citizen sends a report.
        Create = "create",
        /// The same request once more: the answer must be the first one, byte for byte.
        Replay = "replay",
        /// A whole photo.
        Upload = "upload",
        /// Part of a photo, then silence.
        AbortUpload = "abort_upload",
        /// The rest of a photo.
        ResumeUpload = "resume_upload",
        /// How far an upload got.
        GetMedia = "get_media",
        /// A report with its timeline.
        GetReport = "get_report",
        /// A page of the caller's own reports.
        ListOwn = "list_own",
        /// A page of public reports.
        ListPublic = "list_public",
        /// A page of an agency's queue.
        Queue = "queue",
        /// The agency accepts.
        Accept = "accept",
        /// The agency says that it is not competent.
        HandBack = "hand_back",
        /// The agency writes its reply.
        Submit = "submit",
        /// The reply becomes public.
        Approve = "approve",
        /// A page of what waits for a coordinator.
        Reviews = "reviews",
        /// A coordinator decides.
        Decide = "decide",
        /// The citizen rates an answer.
        Rate = "rate",
        /// One score.
        Score = "score",
        /// A page of scores.
        Scores = "scores",
    }
);

macro_rules! methods {
    ($($operation:ident => $service:ident $path:literal),+ $(,)?) => {
        impl Operation {
            /// The service that answers.
            pub const fn service(self) -> Service {
                match self { $(Self::$operation => Service::$service),+ }
            }

            /// The method's path.
            pub(crate) fn path(self) -> PathAndQuery {
                PathAndQuery::from_static(match self { $(Self::$operation => concat!("/fieldreport.", $path)),+ })
            }
        }
    };
}

methods!(
    Create => Intake "intake.v1.IntakeService/CreateReport",
    Replay => Intake "intake.v1.IntakeService/CreateReport",
    Upload => Intake "intake.v1.MediaService/UploadMedia",
    AbortUpload => Intake "intake.v1.MediaService/UploadMedia",
    ResumeUpload => Intake "intake.v1.MediaService/UploadMedia",
    GetMedia => Intake "intake.v1.MediaService/GetMedia",
    GetReport => Intake "intake.v1.IntakeService/GetReport",
    ListOwn => Intake "intake.v1.IntakeService/ListReports",
    ListPublic => Intake "intake.v1.IntakeService/ListReports",
    Queue => Routing "routing.v1.DispatchService/ListAssignments",
    Accept => Routing "routing.v1.DispatchService/AcceptAssignment",
    HandBack => Routing "routing.v1.DispatchService/HandBackAssignment",
    Submit => Routing "routing.v1.DispatchService/SubmitResolution",
    Approve => Routing "routing.v1.DispatchService/ApproveResolution",
    Reviews => Classification "classification.v1.TriageService/ListReviews",
    Decide => Classification "classification.v1.TriageService/DecideReview",
    Rate => Satisfaction "satisfaction.v1.RatingService/SubmitRating",
    Score => Satisfaction "satisfaction.v1.ScoreService/GetScore",
    Scores => Satisfaction "satisfaction.v1.ScoreService/ListScores",
);

impl Operation {
    /// Whether it changes something: then it stands in the ledger.
    pub const fn changes(self) -> bool {
        match self {
            Self::Create
            | Self::Replay
            | Self::Upload
            | Self::AbortUpload
            | Self::ResumeUpload
            | Self::Accept
            | Self::HandBack
            | Self::Submit
            | Self::Approve
            | Self::Decide
            | Self::Rate => true,
            Self::GetMedia
            | Self::GetReport
            | Self::ListOwn
            | Self::ListPublic
            | Self::Queue
            | Self::Reviews
            | Self::Score
            | Self::Scores => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_a_method_of_the_contract() {
        let pool = prost_types::FileDescriptorSet::decode(contract::DESCRIPTORS).unwrap();
        let methods: Vec<String> = pool
            .file
            .iter()
            .flat_map(|file| file.service.iter().map(move |service| (file.package(), service)))
            .flat_map(|(package, service)| {
                service
                    .method
                    .iter()
                    .map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
            })
            .collect();
        for operation in Operation::ALL {
            let path = operation.path().to_string();
            assert!(methods.contains(&path), "{path}");
            assert!(
                path.contains(&format!(".{}.", operation.service())),
                "{operation} is asked of another service"
            );
        }
    }

    use prost::Message as _;
}
