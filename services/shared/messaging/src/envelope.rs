//! An event on its way: the CloudEvents attributes and the encoded body.

use std::collections::BTreeMap;

use bytes::Bytes;
use contract::Event;
use uuid::Uuid;
use vocabulary::{EventId, ReportId, Timestamp};

/// The largest body that travels: what every intermediary must forward by the CloudEvents specification.
pub const BODY_LIMIT: usize = 64 * 1024;

/// What the `source` attribute of every event begins with.
const SOURCE: &str = "fieldreport/";

/// CloudEvents attributes by name.
pub type Attributes = BTreeMap<String, String>;

/// One event with its attributes (CloudEvents 1.0; names in `proto/fieldreport/event/v1/event.proto`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// CloudEvents `id`; with `source` the event's identity.
    pub id: EventId,
    /// The service that published it, e.g. `intake`.
    pub source: String,
    /// Full name of the body's message.
    pub event_type: String,
    /// The report it is about.
    pub report: ReportId,
    /// Counts this source's events about this report from 1, without gaps.
    pub sequence: i64,
    /// When it happened.
    pub time: Timestamp,
    /// The event that led to this one.
    pub cause: Option<EventId>,
    /// W3C trace context of the work that published it.
    pub traceparent: Option<String>,
    /// The encoded message.
    pub body: Bytes,
}

/// A body that is not the message its type promises.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The envelope carries another type.
    #[error("the event is a {found}, not a {wanted}")]
    Type {
        /// Type of the envelope.
        found: String,
        /// Type asked for.
        wanted: &'static str,
    },
    /// The bytes are broken.
    #[error("the body of a {wanted} cannot be decoded")]
    Body {
        /// Type asked for.
        wanted: &'static str,
        /// Why.
        source: prost::DecodeError,
    },
}

/// A message that is no event of this system. What it says of itself is not quoted: it may be anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// An attribute is missing or not of its form.
    #[error("the attribute `{0}` is missing or unreadable")]
    Attribute(&'static str),
    /// More bytes than an event may have.
    #[error("the body has {0} bytes; at most {BODY_LIMIT} are allowed")]
    TooLarge(usize),
}

impl Envelope {
    /// The CloudEvents attributes, as they stand in headers and tables.
    pub fn attributes(&self) -> Attributes {
        let required = [
            ("specversion", "1.0".to_owned()),
            ("id", self.id.to_string()),
            ("source", format!("{SOURCE}{}", self.source)),
            ("type", self.event_type.clone()),
            ("time", self.time.rfc3339()),
            ("subject", self.report.name()),
            ("sequence", self.sequence.to_string()),
            ("dataschema", format!("type.googleapis.com/{}", self.event_type)),
        ];
        let optional = [
            ("causationid", self.cause.map(|cause| cause.to_string())),
            ("traceparent", self.traceparent.clone()),
        ];
        let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
        required.into_iter().chain(optional).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// From attributes and body as they came.
    pub fn from_attributes(attributes: &Attributes, body: Bytes) -> Result<Self, Unreadable> {
        if body.len() > BODY_LIMIT {
            return Err(Unreadable::TooLarge(body.len()));
        }
        let text = |name| attributes.get(name).map(String::as_str);
        let required = |name| text(name).ok_or(Unreadable::Attribute(name));
        let unreadable = |name| move || Unreadable::Attribute(name);
        Ok(Self {
            id: EventId(Uuid::try_parse(required("id")?).map_err(|_| Unreadable::Attribute("id"))?),
            source: required("source")?.strip_prefix(SOURCE).ok_or_else(unreadable("source"))?.to_owned(),
            event_type: required("type")?.to_owned(),
            report: ReportId::parse_name(required("subject")?)
                .map_err(|_| Unreadable::Attribute("subject"))?,
            sequence: required("sequence")?.parse().map_err(|_| Unreadable::Attribute("sequence"))?,
            time: Timestamp::parse_rfc3339(required("time")?).ok_or_else(unreadable("time"))?,
            cause: text("causationid")
                .map(|id| Uuid::try_parse(id).map(EventId).map_err(|_| Unreadable::Attribute("causationid")))
                .transpose()?,
            traceparent: text("traceparent").map(str::to_owned),
            body,
        })
    }

    /// Whether the body is an `E`.
    pub fn is<E: Event>(&self) -> bool {
        self.event_type == E::TYPE
    }

    /// Decodes the body.
    pub fn decode<E: Event>(&self) -> Result<E, DecodeError> {
        if !self.is::<E>() {
            return Err(DecodeError::Type { found: self.event_type.clone(), wanted: E::TYPE });
        }
        E::decode(self.body.clone()).map_err(|source| DecodeError::Body { wanted: E::TYPE, source })
    }

    /// The last part of the type, e.g. `ReportSubmitted`.
    pub fn short_type(&self) -> &str {
        self.event_type.rsplit('.').next().unwrap_or(&self.event_type)
    }

    /// The span in which `consumer` works on this event; continues the trace of the work that published it.
    pub fn span(&self, consumer: &'static str) -> tracing::Span {
        let span = tracing::info_span!(
            "consume",
            consumer,
            event = self.short_type(),
            event_id = %self.id,
            report = %self.report,
            trace_id = tracing::field::Empty,
        );
        if let Some(traceparent) = &self.traceparent {
            telemetry::continue_trace(&span, traceparent);
        }
        span
    }
}
