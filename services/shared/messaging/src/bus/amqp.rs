//! Events as AMQP 0-9-1 messages: CloudEvents 1.0 in binary mode, each attribute a header with the prefix `cloudEvents_`
//! (`traceparent` also bare, where tracers look for it), the encoded message as the body. Described for outsiders in
//! `proto/asyncapi.yaml`.

use bytes::Bytes;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use uuid::Uuid;

use super::Arrival;
use crate::Envelope;
use crate::envelope::Attributes;
use crate::retries::Letter;

const PREFIX: &str = "cloudEvents_";
/// The other prefix that receivers must understand.
const OTHER_PREFIX: &str = "cloudEvents:";
const TRACEPARENT: &str = "traceparent";
/// Delivery mode of messages that survive the broker.
const PERSISTENT: u8 = 2;

/// Who says what, e.g. `intake.ReportSubmitted`.
pub(super) fn routing_key(event: &Envelope) -> ShortString {
    short(&format!("{}.{}", event.source, event.short_type()))
}

/// Whoever says it.
pub(super) fn binding_key(event_type: &str) -> ShortString {
    short(&format!("*.{}", event_type.rsplit('.').next().unwrap_or(event_type)))
}

/// Names of this system are far below the 255 bytes of the protocol.
pub(super) fn short(text: &str) -> ShortString {
    ShortString::try_new(text).unwrap_or_default()
}

pub(super) fn properties(event: &Envelope) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in event.attributes() {
        if name == TRACEPARENT {
            headers.insert(TRACEPARENT.into(), text(value.clone()));
        }
        headers.insert(short(&format!("{PREFIX}{name}")), text(value));
    }
    let (seconds, _) = event.time.parts();
    BasicProperties::default()
        .with_content_type("application/protobuf".into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(short(&event.id.to_string()))
        .with_timestamp(u64::try_from(seconds).unwrap_or(0))
        .with_type(short(&event.event_type))
        .with_app_id("fieldreport".into())
        .with_headers(headers)
}

fn text(value: String) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// What a delivery is to its consumer. `gave_up` tells why the broker gave it up, if it did.
pub(super) fn arrival(delivery: Delivery, gave_up: Option<String>) -> Arrival {
    let attributes = attributes(&delivery.properties);
    let redelivered = delivery.redelivered;
    let body = Bytes::from(delivery.data);
    match Envelope::from_attributes(&attributes, body.clone()) {
        Err(unreadable) => {
            let reason = unreadable.to_string();
            Arrival::Unreadable(letter(&attributes, body), reason)
        }
        Ok(envelope) => match gave_up {
            Some(reason) => Arrival::Again(envelope, reason),
            None if redelivered => Arrival::Again(envelope, "it was delivered before".to_owned()),
            None => Arrival::Fresh(envelope),
        },
    }
}

/// A message whose own id cannot be read gets one from what it says, so that its twin is recognised.
fn letter(attributes: &Attributes, body: Bytes) -> Letter {
    let own = attributes.get("id").and_then(|id| Uuid::try_parse(id).ok());
    let id = own.unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_OID, &body));
    Letter { id, attributes: attributes.clone(), body }
}

fn attributes(properties: &BasicProperties) -> Attributes {
    let Some(headers) = properties.headers() else { return Attributes::new() };
    let named = headers.inner().iter().filter_map(|(name, value)| {
        let name = name.as_str();
        let bare = name.strip_prefix(PREFIX).or_else(|| name.strip_prefix(OTHER_PREFIX));
        let name = bare.or_else(|| (name == TRACEPARENT).then_some(name))?;
        Some((name.to_owned(), printed(value)?))
    });
    named.collect()
}

/// Header values as text, whichever of the forms a publisher has chosen.
fn printed(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok().map(str::to_owned),
        AMQPValue::ShortString(text) => Some(text.as_str().to_owned()),
        AMQPValue::LongInt(number) => Some(number.to_string()),
        AMQPValue::LongLongInt(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Why the broker has dead-lettered a message, from its `x-death` header.
pub(super) fn dead_because(properties: &BasicProperties) -> String {
    let deaths = properties.headers().as_ref().and_then(|headers| headers.inner().get("x-death"));
    let newest = match deaths {
        Some(AMQPValue::FieldArray(deaths)) => deaths.as_slice().first(),
        _ => None,
    };
    let reason = match newest {
        Some(AMQPValue::FieldTable(death)) => death.inner().get("reason").and_then(printed),
        _ => None,
    };
    format!("the broker gave it up ({})", reason.unwrap_or_else(|| "no reason told".to_owned()))
}

#[cfg(test)]
mod tests {
    use lapin::message::Delivery;
    use vocabulary::{EventId, ReportId, Timestamp};

    use super::*;
    use crate::BODY_LIMIT;

    fn event() -> Envelope {
        Envelope {
            id: EventId(Uuid::from_u128(7)),
            source: "intake".to_owned(),
            event_type: "fieldreport.event.v1.ReportSubmitted".to_owned(),
            report: ReportId(Uuid::from_u128(9)),
            sequence: 3,
            time: Timestamp::from_micros(1_764_000_000_123_456),
            cause: Some(EventId(Uuid::from_u128(5))),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            body: Bytes::from_static(b"body"),
        }
    }

    fn delivered(properties: BasicProperties, data: Vec<u8>, redelivered: bool) -> Delivery {
        let mut delivery = Delivery::mock(1, "x".into(), "k".into(), redelivered, data);
        delivery.properties = properties;
        delivery
    }

    #[test]
    fn what_is_sent_is_what_arrives() {
        let event = event();
        assert_eq!(routing_key(&event).as_str(), "intake.ReportSubmitted");
        let delivery = delivered(properties(&event), event.body.to_vec(), false);
        assert!(matches!(arrival(delivery, None), Arrival::Fresh(read) if read == event));
        let delivery = delivered(properties(&event), event.body.to_vec(), true);
        assert!(matches!(arrival(delivery, None), Arrival::Again(read, _) if read == event));
    }

    #[test]
    fn what_is_no_event_is_told_apart_and_keeps_its_identity() {
        let twin = || arrival(delivered(BasicProperties::default(), b"junk".to_vec(), false), None);
        let (Arrival::Unreadable(first, reason), Arrival::Unreadable(second, _)) = (twin(), twin()) else {
            panic!("readable")
        };
        assert_eq!(first.id, second.id);
        assert!(reason.contains("`id`"), "{reason}");
        let huge = delivered(properties(&event()), vec![0; BODY_LIMIT + 1], false);
        assert!(
            matches!(arrival(huge, None), Arrival::Unreadable(_, reason) if reason.contains("65537 bytes"))
        );
    }

    #[test]
    fn every_attribute_that_is_missing_is_named() {
        for name in ["id", "source", "type", "subject", "sequence", "time"] {
            let mut attributes = event().attributes();
            attributes.remove(name);
            let error = Envelope::from_attributes(&attributes, Bytes::new()).unwrap_err();
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        }
    }
}
