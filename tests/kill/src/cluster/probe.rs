//! Asks a process's internal port whether it is ready.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(2);

/// Whether `/readyz` answers 200.
pub async fn is_ready(internal: SocketAddr) -> bool {
    matches!(get(internal, "/readyz").await, Some(answer) if answer.starts_with("HTTP/1.1 200"))
}

/// The whole answer of a GET, head and body; none if nobody answers in time.
pub async fn get(internal: SocketAddr, path: &str) -> Option<String> {
    let ask = async {
        let mut stream = TcpStream::connect(internal).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {internal}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    };
    timeout(PATIENCE, ask).await.ok().flatten()
}
