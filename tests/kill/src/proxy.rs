//! A TCP proxy that misbehaves on demand: it delays, stands still, or tears connections down. The kernel here has no
//! `netem`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// How the link behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Passes everything on at once.
    Quick,
    /// Holds every piece back for so long.
    Slow(Duration),
    /// Passes nothing on, and says nothing.
    Still,
}

#[derive(Debug, Clone, Copy)]
struct State {
    link: Link,
    /// Connections of an earlier age are torn down.
    age: u64,
}

/// A proxy in front of one server. It ends when it is dropped.
pub struct Proxy {
    /// Where clients connect.
    pub address: SocketAddr,
    usual: Link,
    state: Arc<watch::Sender<State>>,
    _serving: oneshot::Sender<()>,
}

impl Proxy {
    /// A proxy to `target`, on a port of its own, that usually behaves so.
    pub fn to(target: SocketAddr, usual: Link) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = Arc::new(watch::Sender::new(State { link: usual, age: 0 }));
        let (serving, dropped) = oneshot::channel();
        // A thread of its own: the link must not be slow because the town is busy.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let passing = state.clone();
        std::thread::Builder::new().name("proxy".to_owned()).spawn(move || {
            runtime.block_on(async {
                match TcpListener::from_std(listener) {
                    Ok(listener) => tokio::select! {
                        () = serve(listener, target, passing) => {}
                        _ = dropped => {}
                    },
                    Err(error) => eprintln!("the proxy does not listen: {error}"),
                }
            });
        })?;
        Ok(Self { address, usual, state, _serving: serving })
    }

    /// From now on the link behaves so.
    pub fn set(&self, link: Link) {
        self.state.send_modify(|state| state.link = link);
    }

    /// The link behaves as usual again.
    pub fn heal(&self) {
        self.set(self.usual);
    }

    /// Tears down every connection that is open now.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.age += 1);
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, state: Arc<watch::Sender<State>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(connect(client, target, state.subscribe()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connect(client: TcpStream, target: SocketAddr, state: watch::Receiver<State>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    // Without this the proxy itself would hold small pieces back.
    if client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).is_err() {
        return;
    }
    let age = state.borrow().age;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut torn = state.clone();
    let both = futures::future::join(
        pump(from_client, to_server, state.clone()),
        pump(from_server, to_client, state),
    );
    tokio::select! {
        _ = both => {}
        _ = torn.wait_for(|state| state.age != age) => {}
    }
}

/// Passes on what comes, as the link allows; ends with either side.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let read = match from.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => read,
        };
        let Ok(moving) = state.wait_for(|state| state.link != Link::Still).await.map(|state| state.link)
        else {
            return;
        };
        if let Link::Slow(by) = moving {
            tokio::time::sleep(by).await;
        }
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A server that sends back what it gets.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                while let Ok((stream, _)) = listener.accept().await {
                    let (mut from, mut to) = stream.into_split();
                    tokio::io::copy(&mut from, &mut to).await.ok();
                }
            });
        });
        address
    }

    #[tokio::test]
    async fn a_link_can_be_slow_and_can_be_cut() {
        let proxy = Proxy::to(echo().await, Link::Quick).unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let mut answer = [0; 4];
        stream.write_all(b"ping").await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"ping");
        proxy.set(Link::Slow(Duration::from_millis(30)));
        let begun = Instant::now();
        stream.write_all(b"pong").await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(60), "{:?}", begun.elapsed());
        proxy.cut();
        assert!(matches!(stream.read(&mut answer).await, Ok(0) | Err(_)), "the connection is gone");
    }
}
