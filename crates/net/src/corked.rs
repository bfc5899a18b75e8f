//! A socket that sends when its connection has nothing more to say.
//!
//! The HTTP/2 library flushes after almost every frame, which costs a system
//! call for each answer. Here a flush is put off: [`Cork::flush`] is called once
//! by whoever drives the connection, after each turn of it, so the answers of a
//! turn leave in one write.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that wait at most; then writing waits for the peer, as without a cork.
const CAPACITY: usize = 256 << 10;
/// Memory that an idle connection keeps.
const KEPT: usize = 16 << 10;

struct Inner<S> {
    io: S,
    waiting: BytesMut,
}

/// Sends what the [`Corked`] socket was given.
pub struct Cork<S>(Arc<Mutex<Inner<S>>>);

/// The socket as the HTTP/2 library sees it.
pub struct Corked<S>(Arc<Mutex<Inner<S>>>);

/// Puts a cork on `io`.
pub fn cork<S>(io: S) -> (Cork<S>, Corked<S>) {
    let inner = Arc::new(Mutex::new(Inner { io, waiting: BytesMut::new() }));
    (Cork(inner.clone()), Corked(inner))
}

fn lock<S>(inner: &Mutex<Inner<S>>) -> MutexGuard<'_, Inner<S>> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: AsyncWrite + Unpin> Inner<S> {
    fn send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let sent = ready!(Pin::new(&mut self.io).poll_write(context, &self.waiting))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.advance(sent);
        }
        if self.waiting.capacity() > KEPT {
            self.waiting = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }

    /// Takes as much as fits; waits for the peer only when nothing does.
    fn take(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.waiting.len() >= CAPACITY {
            ready!(self.send(context))?;
        }
        if self.waiting.is_empty() && bytes.len() >= CAPACITY {
            return Pin::new(&mut self.io).poll_write(context, bytes);
        }
        let taken = bytes.len().min(CAPACITY - self.waiting.len().min(CAPACITY));
        self.waiting.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }
}

impl<S: AsyncWrite + Unpin> Cork<S> {
    /// Sends what waits; pending until the socket has taken all of it.
    pub fn flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).send(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Corked<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut lock(&self.0).io).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Corked<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        lock(&self.0).take(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut inner = lock(&self.0);
        let mut total = 0;
        for slice in slices {
            match inner.take(context, slice) {
                Poll::Ready(Ok(taken)) if taken == slice.len() => total += taken,
                Poll::Ready(Ok(taken)) => return Poll::Ready(Ok(total + taken)),
                _ if total > 0 => return Poll::Ready(Ok(total)),
                other => return other,
            }
        }
        Poll::Ready(Ok(total))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Put off; see [`Cork::flush`].
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = lock(&self.0);
        ready!(inner.send(context))?;
        Pin::new(&mut inner.io).poll_shutdown(context)
    }
}
