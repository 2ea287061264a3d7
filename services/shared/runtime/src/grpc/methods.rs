//! The closed list of methods, read from the API's own description.

use std::collections::HashMap;
use std::sync::Arc;

use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::Gate;

/// Services that answer without a token.
const OPEN: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

/// One RPC.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// `package.Service`.
    pub(crate) service: Arc<str>,
    pub(crate) name: Arc<str>,
    /// Whether either side streams: then no deadline is set for the whole call.
    pub(crate) streams: bool,
    /// Whether it needs no token.
    pub(crate) open: bool,
}

/// Every RPC by its path. Because the list is closed, paths may become metric labels.
pub(crate) struct Methods {
    methods: HashMap<String, Arc<Method>>,
    gates: HashMap<&'static str, Gate>,
    /// For the unary calls that have no queue of their own.
    places: Arc<Semaphore>,
}

impl Methods {
    /// Those of the description, and the server's own. At most `max_calls` calls are under way at one time.
    pub(crate) fn read(descriptor_set: &[u8], max_calls: usize) -> Result<Self, prost::DecodeError> {
        let mut methods = HashMap::new();
        let own = [
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ];
        for encoded in own.into_iter().chain([descriptor_set]) {
            for file in FileDescriptorSet::decode(encoded)?.file {
                add(&file, &mut methods);
            }
        }
        Ok(Self { methods, gates: HashMap::new(), places: Arc::new(Semaphore::new(max_calls)) })
    }

    /// Sets a method's gate; `false` if there is no such method.
    pub(crate) fn guard(&mut self, path: &'static str, gate: Gate) -> bool {
        self.gates.insert(path, gate);
        self.methods.contains_key(path)
    }

    /// Whether calls of this method are turned away now.
    pub(crate) fn is_full(&self, path: &str) -> bool {
        self.gates.get(path).is_some_and(|gate| (gate.is_full)())
    }

    /// A place for a call, if it needs one. Streams have limits of their own, and whoever asks how we are gets an answer.
    pub(crate) fn admit(
        &self,
        path: &str,
        method: &Method,
    ) -> Result<Option<OwnedSemaphorePermit>, TryAcquireError> {
        if method.streams || method.open || self.gates.get(path).is_some_and(|gate| gate.own_queue) {
            return Ok(None);
        }
        Arc::clone(&self.places).try_acquire_owned().map(Some)
    }

    pub(crate) fn find(&self, path: &str) -> Option<&Arc<Method>> {
        self.methods.get(path)
    }
}

fn add(file: &FileDescriptorProto, methods: &mut HashMap<String, Arc<Method>>) {
    for service in &file.service {
        let full_name: Arc<str> = match file.package() {
            "" => service.name().into(),
            package => format!("{package}.{}", service.name()).into(),
        };
        for method in &service.method {
            let path = format!("/{full_name}/{}", method.name());
            let method = Method {
                service: Arc::clone(&full_name),
                name: method.name().into(),
                streams: method.client_streaming() || method.server_streaming(),
                open: OPEN.contains(&&*full_name),
            };
            methods.insert(path, Arc::new(method));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_knows_what_streams_and_what_is_open() {
        let methods = Methods::read(&[], 1).expect("the built-in descriptions");
        let check = methods.find("/grpc.health.v1.Health/Check").expect("known");
        assert!(!check.streams && check.open);
        assert!(methods.find("/grpc.health.v1.Health/Watch").expect("known").streams);
        assert!(methods.find("/grpc.health.v1.Health/Chekc").is_none());
        assert!(Methods::read(&[0xff], 1).is_err());
    }
}
