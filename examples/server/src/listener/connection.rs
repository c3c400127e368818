//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Sleep;
use tower::ServiceExt as _;

use super::arrival::{Answering, Arrival, Arriving};
use super::connections::Seat;
use super::io::Watched;
use super::progress::{Due, Progress};
use super::{Limits, Tls, error};

/// How many requests an HTTP/2 connection may have at a time.
const MAX_STREAMS: u32 = 100;
/// How much an HTTP/2 request's head may hold, in bytes; HTTP/1's is bounded by its buffer.
const MAX_HEAD: u32 = 64 * 1024;
/// How long the last answer to a slow client may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What all connections share.
pub(super) struct Server {
    app: Router,
    tls: Option<Tls>,
    limits: Limits,
    keep_alive: HeaderValue,
    stopped: watch::Receiver<bool>,
}

/// What hyper does for either version of HTTP.
trait Connection: Future<Output = hyper::Result<()>> {
    /// Answers what is being asked, says so, and closes.
    fn finish(self: Pin<&mut Self>);
}

impl<I, S, B> Connection for http1::Connection<I, S>
where
    Self: Future<Output = hyper::Result<()>>,
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S, E, B> Connection for http2::Connection<I, S, E>
where
    Self: Future<Output = hyper::Result<()>>,
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, B>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl Server {
    pub(super) fn new(
        app: Router,
        tls: Option<Tls>,
        limits: Limits,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let secs = limits.keep_alive.as_secs();
        let keep_alive = HeaderValue::from_str(&format!("timeout={secs}"))
            .unwrap_or(HeaderValue::from_static("timeout=0"));
        Self { app, tls, limits, keep_alive, stopped }
    }

    /// Serves one to its end.
    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, seat: Seat) {
        // Small answers must not wait for the acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let progress = Arc::clone(&seat.progress);
        let Some(tls) = &self.tls else {
            return self.http1(stream, peer, progress).await;
        };
        // On the heap, so that those without TLS, and TLS without HTTP/2, take no more
        // memory than they need: there may be thousands.
        let handshake = Box::pin(tls.acceptor().accept(stream));
        match tokio::time::timeout(self.limits.request_timeout, handshake).await {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                Box::pin(self.http2(stream, peer, progress)).await;
            }
            Ok(Ok(stream)) => Box::pin(self.http1(stream, peer, progress)).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn http1<S: AsyncRead + AsyncWrite + Unpin + Send>(
        &self,
        stream: S,
        peer: SocketAddr,
        progress: Arc<Progress>,
    ) {
        let io = Watched { stream, progress: Arc::clone(&progress), plain: true };
        let service = service_fn(|request| {
            // hyper keeps room for it as long as the connection lasts.
            let answer = Box::pin(self.answer(request, peer, Arc::clone(&progress)));
            async {
                let mut response = answer.await?;
                let name = HeaderName::from_static("keep-alive");
                response.headers_mut().insert(name, self.keep_alive.clone());
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // The time for heads is ours.
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(io), service);
        if self.drive(Pin::new(&mut connection), &progress).await && progress.is_arriving() {
            // Nothing of the head was understood, so that nothing was answered.
            let mut io = connection.into_parts().io.into_inner();
            let farewell = async {
                io.write_all(error::late_head().as_bytes()).await?;
                io.shutdown().await
            };
            let _ = tokio::time::timeout(FAREWELL, farewell).await;
        }
    }

    async fn http2<S: AsyncRead + AsyncWrite + Unpin + Send>(
        self: &Arc<Self>,
        stream: S,
        peer: SocketAddr,
        progress: Arc<Progress>,
    ) {
        let io = Watched { stream, progress: Arc::clone(&progress), plain: false };
        let server = Arc::clone(self);
        let of_requests = Arc::clone(&progress);
        let service = service_fn(move |request| {
            let (server, progress) = (Arc::clone(&server), Arc::clone(&of_requests));
            async move { server.answer(request, peer, progress).await }
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEAD)
            .serve_connection(TokioIo::new(io), service);
        self.drive(pin!(connection), &progress).await;
    }

    /// Lets a connection go on until it ends, is finished, or is late: then true.
    async fn drive(&self, mut connection: Pin<&mut impl Connection>, progress: &Progress) -> bool {
        let mut finishing = false;
        let mut timer = pin!(tokio::time::sleep(Duration::ZERO));
        let mut stopped = self.stopped.clone();
        let mut stop = pin!(async move {
            // An error means that the sender is gone, which is the end as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return Poll::Ready(false);
                }
                if !finishing && stop.as_mut().poll(cx).is_ready() {
                    finishing = true;
                    connection.as_mut().finish();
                    continue;
                }
                match progress.due(self.limits.keep_alive, self.limits.request_timeout) {
                    Due::Never => return Poll::Pending,
                    Due::Late => return Poll::Ready(true),
                    // Told before, it has nothing left to say.
                    Due::Close if finishing => return Poll::Ready(false),
                    Due::Close => {
                        finishing = true;
                        connection.as_mut().finish();
                    }
                    Due::At(at) => {
                        if wait(timer.as_mut(), at, cx).is_pending() {
                            return Poll::Pending;
                        }
                    }
                }
            }
        })
        .await
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        progress: Arc<Progress>,
    ) -> Result<Response<Body>, Infallible> {
        let arrival = Arrival::new(progress, request.body().is_end_stream());
        let _answering = Answering(Arc::clone(&arrival));
        let mut request =
            request.map(|body| Body::new(Arriving { body, arrival: Arc::clone(&arrival) }));
        request.extensions_mut().insert(ConnectInfo(peer));
        tokio::select! {
            biased;
            answer = self.app.clone().oneshot(request) => answer,
            () = arrival.late(self.limits.request_timeout) => Ok(error::late()),
        }
    }
}

fn wait(mut timer: Pin<&mut Sleep>, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
    if timer.deadline() != at.into() {
        timer.as_mut().reset(at.into());
    }
    timer.poll(cx)
}
