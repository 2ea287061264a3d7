//! Connections: how many, how old, how slow. What tonic leaves open is closed here.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{Connected, TcpConnectInfo};

use super::GrpcConfig;

/// The client's HTTP/2 preface and the head of the SETTINGS frame that must follow it (RFC 9113 §3.4).
const GREETING: usize = 24 + 9;
/// Pause after an error of `accept` that would come back at once, such as "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

type Bell = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The two moments of a stopping server.
#[derive(Clone)]
pub(crate) struct Closing {
    /// Nothing new: connections that have not greeted yet are cut.
    pub(crate) soft: CancellationToken,
    /// Every connection is cut.
    pub(crate) hard: CancellationToken,
}

/// The accepted connections, within the limits of `config`.
pub(crate) fn connections(
    listener: TcpListener,
    config: &GrpcConfig,
    closing: Closing,
) -> impl Stream<Item = io::Result<Socket>> + use<> {
    let gate = Gate {
        listener,
        slots: Arc::default(),
        max: config.max_connections,
        max_per_address: config.max_connections_per_address,
        greeting: config.first_byte_timeout.get(),
        lifetime: config.max_connection_age.get().saturating_add(config.max_connection_age_grace.get()),
        closing,
    };
    futures::stream::unfold(gate, async |gate| Some((Ok(gate.next().await), gate)))
}

struct Gate {
    listener: TcpListener,
    slots: Arc<Slots>,
    max: usize,
    max_per_address: usize,
    greeting: Duration,
    lifetime: Duration,
    closing: Closing,
}

impl Gate {
    async fn next(&self) -> Socket {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => match self.slots.take(peer.ip(), self.max, self.max_per_address) {
                    Ok(slot) => return self.admit(stream, slot),
                    Err(limit) => {
                        metrics::counter!("rpc_connections_refused_total", "limit" => limit).increment(1);
                    }
                },
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, slot: Slot) -> Socket {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays without TCP_NODELAY");
        }
        let (soft, hard) = (self.closing.soft.clone(), self.closing.hard.clone());
        let (greeting, lifetime) = (self.greeting, self.lifetime);
        let late = async move { drop(tokio::time::timeout(greeting, soft.cancelled()).await) };
        let cut = async move { drop(tokio::time::timeout(lifetime, hard.cancelled()).await) };
        Socket { stream, awaited: Some((GREETING, Box::pin(late))), cut: Box::pin(cut), _slot: slot }
    }
}

/// Who is connected.
#[derive(Debug, Default)]
struct Slots(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Slots {
    fn take(
        self: &Arc<Self>,
        address: IpAddr,
        max: usize,
        max_per_address: usize,
    ) -> Result<Slot, &'static str> {
        let address = address.to_canonical();
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limited = max_per_address > 0 && !address.is_loopback();
        if taken.total >= max {
            return Err("total");
        }
        if limited && taken.by_address.get(&address).is_some_and(|count| *count >= max_per_address) {
            return Err("address");
        }
        taken.total += 1;
        *taken.by_address.entry(address).or_insert(0) += 1;
        metrics::gauge!("rpc_connections").increment(1);
        Ok(Slot { slots: Arc::clone(self), address })
    }
}

/// The right to be connected, given back on drop.
#[derive(Debug)]
struct Slot {
    slots: Arc<Slots>,
    address: IpAddr,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        metrics::gauge!("rpc_connections").decrement(1);
    }
}

/// A TCP connection that ends by itself when it is silent, too old, or the server has to stop.
pub(crate) struct Socket {
    stream: TcpStream,
    /// Bytes of the greeting still to come, and when patience ends.
    awaited: Option<(usize, Bell)>,
    cut: Bell,
    _slot: Slot,
}

impl Socket {
    /// Fails once the connection's time is over; otherwise the bells will wake the connection's task.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if let Some((_, late)) = &mut self.awaited
            && late.as_mut().poll(cx).is_ready()
        {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn greeted(&mut self, bytes: usize) {
        if let Some((missing, _)) = &mut self.awaited {
            *missing = missing.saturating_sub(bytes);
            if *missing == 0 {
                self.awaited = None;
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.greeted(buffer.filled().len() - before);
        outcome
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Connected for Socket {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        let address = |address: io::Result<SocketAddr>| address.ok();
        TcpConnectInfo {
            local_addr: address(self.stream.local_addr()),
            remote_addr: address(self.stream.peer_addr()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_counted_in_all_and_by_address_and_given_back() {
        let slots = Arc::new(Slots::default());
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let first = slots.take(one, 3, 1).expect("free");
        assert_eq!(slots.take(one, 3, 1).err(), Some("address"));
        // The same address, written as IPv6.
        let mapped = IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0x0a00, 0x0001]);
        assert_eq!(slots.take(mapped, 3, 1).err(), Some("address"));
        let _second = slots.take(other, 3, 1).expect("free");
        let local = IpAddr::from([127, 0, 0, 1]);
        let _third = slots.take(local, 3, 1).expect("free");
        assert_eq!(slots.take(local, 3, 1).err(), Some("total"));
        drop(first);
        assert!(slots.take(local, 3, 1).is_ok(), "loopback has no limit of its own");
        assert!(slots.take(one, 4, 1).is_ok());
    }
}
