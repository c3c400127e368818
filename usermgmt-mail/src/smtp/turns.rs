//! The part of a connection before STARTTLS, in which client and server take turns.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// How long a line of an answer in clear may be, and how many lines it may have:
/// more than any server needs (RFC 5321, 4.5.3.1.5, has 512 octets).
const MAX_LINE: usize = 2048;
const MAX_LINES: usize = 100;

/// A TCP connection that gives up where the server says more than one answer
/// to a command sent in clear.
///
/// The SMTP library keeps what it has read ahead when TLS starts, and would
/// take answers put in by somebody on the path for the server's own (RFC 3207,
/// 6): sign-in accepted, recipient accepted, mail accepted. With this stream
/// below, it has read nothing ahead: an answer ends where a read ends, until
/// TLS takes over.
#[derive(Debug)]
pub(super) struct TurnStream {
    stream: TcpStream,
    turn: Turn,
    greeting: Greeting,
}

/// How the client greets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    /// As the library does.
    Ehlo,
    /// As servers know it that are older than extensions (RFC 5321, 4.1.1.1).
    Helo,
}

#[derive(Debug)]
enum Turn {
    /// In clear, waiting for an answer or at the end of one.
    Clear { answer: Answer, to_starttls: bool },
    /// STARTTLS was answered and more was written: all else is TLS's matter.
    Tls,
}

impl TurnStream {
    /// Connects to the first of the server's addresses that answers, and gives
    /// each of them this long.
    ///
    /// # Errors
    /// Where the name has no address, and where none of them answers.
    pub(super) async fn connect(
        server: (&str, u16),
        each: Duration,
        greeting: Greeting,
    ) -> io::Result<Self> {
        let mut error = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in lookup_host(server).await? {
            match timeout(each, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let turn = Turn::Clear { answer: Answer::default(), to_starttls: false };
                    return Ok(Self { stream, turn, greeting });
                }
                Ok(Err(refused)) => error = refused,
                Err(_) => error = io::Error::new(io::ErrorKind::TimedOut, "connection timed out"),
            }
        }
        Err(error)
    }
}

impl AsyncTokioStream for TurnStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for TurnStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, turn, .. } = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(stream).poll_read(cx, buf);
        if let (Turn::Clear { answer, .. }, Poll::Ready(Ok(()))) = (turn, &read)
            && let Err(why) = answer.take(buf.filled().get(before..).unwrap_or_default())
        {
            buf.set_filled(before);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
        }
        read
    }
}

impl AsyncWrite for TurnStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, turn, greeting } = self.get_mut();
        let written = match (*greeting, buf.strip_prefix(b"EHLO ")) {
            (Greeting::Helo, Some(name)) => {
                Pin::new(stream).poll_write(cx, &[b"HELO ", name].concat())
            }
            _ => Pin::new(stream).poll_write(cx, buf),
        };
        if let (Turn::Clear { answer, to_starttls }, Poll::Ready(Ok(1..))) = (&mut *turn, &written)
            && answer.is_over()
        {
            *turn = if *to_starttls {
                Turn::Tls
            } else {
                Turn::Clear { answer: Answer::default(), to_starttls: buf.starts_with(b"STARTTLS") }
            };
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// How far an answer has come: lines with a hyphen after the code, then one
/// without (RFC 5321, 4.2.1).
#[derive(Debug, Default)]
enum Answer {
    #[default]
    Begun,
    /// In a line: how many there were before, how long it is, and whether
    /// another one follows it.
    Line {
        before: usize,
        len: usize,
        more: bool,
    },
    Over,
    /// It went wrong, and stays so.
    Bad,
}

impl Answer {
    fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for &byte in bytes {
            let (before, len, more) = match *self {
                Self::Begun => (0, 0, false),
                Self::Line { before, len, more } => (before, len, more),
                Self::Over | Self::Bad => {
                    *self = Self::Bad;
                    return Err("the mail server sent more than its answer");
                }
            };
            let more = more || (len == 3 && byte == b'-');
            *self = match byte {
                b'\n' if more => Self::Line { before: before + 1, len: 0, more: false },
                b'\n' => Self::Over,
                _ => Self::Line { before, len: len + 1, more },
            };
            if len >= MAX_LINE || before >= MAX_LINES {
                *self = Self::Bad;
                return Err("the mail server's answer is too long");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_last_line_however_it_is_cut() {
        for (answer, over) in [
            ("220 ready\r\n", true),
            ("220\r\n", true),
            ("250-a\r\n250-b\r\n250 c\r\n", true),
            ("250-a\r\n250-b\r\n", false),
            ("250 a", false),
        ] {
            for cut in 0..answer.len() {
                let (first, rest) = answer.as_bytes().split_at(cut);
                let mut taken = Answer::default();
                taken.take(first).unwrap();
                assert!(!taken.is_over());
                taken.take(rest).unwrap();
                assert_eq!(taken.is_over(), over, "{answer}");
            }
        }
    }

    #[test]
    fn what_follows_an_answer_is_refused_and_so_is_one_without_end() {
        for more in ["220 go\r\n2", "220 go\n250 queued\r\n", "250-a\r\n250 b\r\n250 c\r\n"] {
            let mut answer = Answer::default();
            assert!(answer.take(more.as_bytes()).is_err(), "{more}");
            assert!(answer.take(b"\r\n").is_err());
            assert!(!answer.is_over());
        }
        assert!(Answer::default().take(&[b'2'; MAX_LINE + 1]).is_err());
        assert!(Answer::default().take("250-a\r\n".repeat(MAX_LINES + 1).as_bytes()).is_err());
    }
}
