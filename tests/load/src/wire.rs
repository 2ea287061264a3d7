//! Calls whose requests and answers stay bytes: what is digested and compared is what was on the wire.

use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};
use futures::Stream;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Pages of long texts are larger than the 4 MiB that clients take by default.
const LARGEST_ANSWER: usize = 16 << 20;

/// One method on one connection, for one caller.
pub(crate) struct Line<'a> {
    pub(crate) channel: Channel,
    pub(crate) path: PathAndQuery,
    pub(crate) token: &'a MetadataValue<Ascii>,
    pub(crate) timeout: Duration,
}

impl Line<'_> {
    /// One message each way.
    pub(crate) async fn unary(self, message: Bytes) -> Result<Bytes, Status> {
        self.stream(futures::stream::once(std::future::ready(message))).await
    }

    /// Many messages there, one back.
    pub(crate) async fn stream(
        self,
        messages: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Bytes, Status> {
        let mut client = Grpc::new(self.channel).max_decoding_message_size(LARGEST_ANSWER);
        client.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let mut request = Request::new(messages);
        request.metadata_mut().insert("authorization", self.token.clone());
        request.set_timeout(self.timeout);
        Ok(client.client_streaming(request, self.path, Plain).await?.into_inner())
    }
}

/// Takes encoded messages as they are.
#[derive(Debug, Clone, Copy)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
