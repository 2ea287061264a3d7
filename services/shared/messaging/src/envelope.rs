//! An event on its way: the CloudEvents attributes and the encoded body.

use bytes::Bytes;
use contract::Event;
use vocabulary::{EventId, ReportId, Timestamp};

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

impl Envelope {
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
