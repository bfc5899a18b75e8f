//! `--enable-profiling`: CPU and heap profiles over HTTP, at the paths and in the format of Go's pprof, so
//! that `go tool pprof http://host:7777/debug/pprof/profile` works.
//!
//! Off, it costs one relaxed load per allocation and nothing else. The heap is sampled only in a process
//! whose global allocator is a [`SamplingAllocator`].

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::TcpListener;

#[cfg(unix)]
mod cpu;
mod format;
mod heap;

#[cfg(test)]
mod tests;

pub use heap::{SamplingAllocator, start_heap_sampling};

const INDEX: &str = "<html><head><title>/debug/pprof/</title></head><body><ul>\
    <li><a href=\"cmdline\">cmdline</a>: the command line</li>\
    <li><a href=\"heap\">heap</a>: sampled allocations since the start of profiling</li>\
    <li><a href=\"profile?seconds=30\">profile</a>: CPU time over the given seconds</li>\
    </ul></body></html>\n";

const DEFAULT_SECONDS: u64 = 30;
const MOST_SECONDS: u64 = 600;

/// Samples the heap from now on and serves profiles until dropped.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    start_heap_sampling();
    crate::http::serve(listener, respond).await
}

async fn respond(request: Request<Incoming>) -> Response<Full<Bytes>> {
    match request.uri().path().trim_end_matches('/') {
        "/debug/pprof" => text("text/html; charset=utf-8", INDEX.into()),
        "/debug/pprof/cmdline" => text("text/plain; charset=utf-8", command_line()),
        "/debug/pprof/heap" | "/debug/pprof/allocs" => match tokio::task::spawn_blocking(heap::profile).await {
            Ok(profile) => download("heap", profile),
            Err(error) => failure(&error.to_string()),
        },
        "/debug/pprof/profile" => cpu_profile(seconds(request.uri().query())).await,
        _ => status(StatusCode::NOT_FOUND, "Unknown profile\n".into()),
    }
}

#[cfg(unix)]
async fn cpu_profile(duration: Duration) -> Response<Full<Bytes>> {
    let Some(recording) = cpu::Recording::start(duration) else {
        return failure("Could not enable CPU profiling: cpu profiling already in use");
    };
    tokio::time::sleep(duration).await;
    match tokio::task::spawn_blocking(|| recording.finish()).await {
        Ok(profile) => download("profile", profile),
        Err(error) => failure(&error.to_string()),
    }
}

#[cfg(not(unix))]
async fn cpu_profile(_: Duration) -> Response<Full<Bytes>> {
    failure("Could not enable CPU profiling: not available on this system")
}

fn seconds(query: Option<&str>) -> Duration {
    let given = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("seconds="));
    let seconds = given.and_then(|text| text.parse().ok()).filter(|seconds| *seconds > 0).unwrap_or(DEFAULT_SECONDS);
    Duration::from_secs(seconds.min(MOST_SECONDS))
}

/// Arguments separated by NUL, as in `/proc/self/cmdline`.
fn command_line() -> String {
    std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join("\0")
}

fn download(name: &str, profile: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(profile));
    set(&mut response, CONTENT_TYPE, "application/octet-stream");
    set(&mut response, CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    response
}

fn text(content_type: &str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    set(&mut response, CONTENT_TYPE, content_type);
    response
}

fn failure(message: &str) -> Response<Full<Bytes>> {
    status(StatusCode::INTERNAL_SERVER_ERROR, format!("{message}\n"))
}

fn status(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = text("text/plain; charset=utf-8", body);
    *response.status_mut() = status;
    response
}

fn set(response: &mut Response<Full<Bytes>>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
