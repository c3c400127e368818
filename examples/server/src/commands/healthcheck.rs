//! Whether the server of these settings is ready: for containers without curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::failure::Failure;
use crate::listener::connect_tls;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks the server that listens there, by TLS where it has a certificate.
pub(crate) async fn run(listen: SocketAddr, tls: bool) -> Result<(), Failure> {
    let address = reachable(listen)?;
    let not_ready = |why: String| Failure::Other(format!("not ready: {address}: {why}"));
    match tokio::time::timeout(PATIENCE, ask(tls, address)).await {
        Ok(Ok(200)) => Ok(()),
        Ok(Ok(status)) => Err(not_ready(format!("status {status}"))),
        Ok(Err(error)) => Err(not_ready(error.to_string())),
        Err(_) => Err(not_ready("no answer in time".to_owned())),
    }
}

/// Where a listener on all addresses is reached from its own machine.
fn reachable(listen: SocketAddr) -> Result<SocketAddr, Failure> {
    if listen.port() == 0 {
        return Err(Failure::Setting("listen: the port that was taken for 0 is not known".into()));
    }
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, listen.port()))
}

async fn ask(tls: bool, address: SocketAddr) -> std::io::Result<u16> {
    let stream = TcpStream::connect(address).await?;
    match tls {
        false => status(stream, address).await,
        true => status(connect_tls(stream).await?, address).await,
    }
}

async fn status(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    address: SocketAddr,
) -> std::io::Result<u16> {
    let request =
        format!("GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    std::str::from_utf8(&head)
        .ok()
        .and_then(|head| head.strip_prefix("HTTP/1.1 ")?.parse().ok())
        .ok_or_else(|| std::io::Error::other("the answer is not HTTP"))
}
