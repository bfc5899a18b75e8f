//! Flags that make `daprd` do one thing and exit.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use dapr_spi::registry::Registry;

use crate::{Flags, VERSION, validate};

const WAIT_LIMIT: Duration = Duration::from_secs(60);
const WAIT_PAUSE: Duration = Duration::from_millis(50);
const DIAL_TIMEOUT: Duration = Duration::from_millis(500);

/// Does what `--version`, `--build-info`, `--wait` or `--validate` ask; `None` when none was given.
pub fn once(flags: &Flags, registry: &Registry) -> Option<ExitCode> {
    let mut out = io::stdout().lock();
    if flags.version {
        return Some(code(writeln!(out, "{VERSION}").is_ok()));
    }
    if flags.build_info {
        let commit = option_env!("DAPR_GIT_COMMIT").unwrap_or("unknown");
        let written = writeln!(out, "Version: {VERSION}\nGit Commit: {commit}\nGit Version: v{VERSION}");
        return Some(code(written.is_ok()));
    }
    if flags.wait {
        wait(flags.dapr_http_port);
        return Some(ExitCode::SUCCESS);
    }
    (!flags.validate.is_empty()).then(|| code(validate::validate(&flags.validate, registry, &mut out)))
}

fn code(fine: bool) -> ExitCode {
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Polls the sidecar on this machine until it is ready for outbound calls; gives up without an error.
fn wait(port: u16) {
    let started = Instant::now();
    while !is_ready(port) && started.elapsed() < WAIT_LIMIT {
        std::thread::sleep(WAIT_PAUSE);
    }
}

fn is_ready(port: u16) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), DIAL_TIMEOUT)?;
        stream.set_read_timeout(Some(DIAL_TIMEOUT))?;
        stream.write_all(b"GET /v1.0/healthz/outbound HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut head = [0u8; 12];
        stream.read_exact(&mut head)?;
        Ok(head.starts_with(b"HTTP/1.1 2"))
    };
    ask().unwrap_or(false)
}
