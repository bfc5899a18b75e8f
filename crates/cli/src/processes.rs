//! The processes of this machine, read from `/proc`, and the few signals we send them.
//!
//! Where there is no `/proc` the scan finds nothing; callers then see no sidecars.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Pid, Signal};

/// One process at the time of the scan.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) zombie: bool,
    /// The executable's name, cut at 15 bytes by the kernel.
    pub(crate) name: String,
    /// Clock ticks after boot.
    started: u64,
}

/// Every process that could be read.
pub(crate) fn all() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(read).collect()
}

/// The process with this number, if it is there.
pub(crate) fn read(pid: i32) -> Option<Process> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// `pid (name) state ppid pgrp … starttime`; the name may itself hold spaces and brackets.
fn parse_stat(text: &str) -> Option<Process> {
    let (pid, rest) = text.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Process {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

impl Process {
    /// Its command line, program first; empty when it may not be read.
    pub(crate) fn command_line(&self) -> Vec<String> {
        let bytes = std::fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let mut words: Vec<String> = text.split('\0').map(str::to_owned).collect();
        if words.last().is_some_and(String::is_empty) {
            words.pop();
        }
        words
    }

    /// When it was started.
    pub(crate) fn started_at(&self) -> Timestamp {
        let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
        let seconds = boot_second().saturating_add_unsigned(self.started / ticks_per_second);
        Timestamp::from_second(seconds).unwrap_or_else(|_| Timestamp::now())
    }
}

/// Seconds since the epoch at which the kernel came up.
fn boot_second() -> i64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "));
    line.and_then(|second| second.trim().parse().ok()).unwrap_or_default()
}

/// The living descendants of `ancestor`, children before grandchildren.
pub(crate) fn descendants(ancestor: i32) -> Vec<i32> {
    descendants_among(&all(), ancestor)
}

fn descendants_among(processes: &[Process], ancestor: i32) -> Vec<i32> {
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        next += 1;
        found.extend(processes.iter().filter(|p| p.parent == parent && !p.zombie).map(|p| p.pid));
    }
    found.remove(0);
    found
}

/// Whether `pid` runs; a zombie does not.
pub(crate) fn is_alive(pid: i32) -> bool {
    if Path::new("/proc/self").exists() {
        return read(pid).is_some_and(|process| !process.zombie);
    }
    Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// Sends `signal`; a process that is already gone is no error.
pub(crate) fn signal(pid: i32, signal: Signal) -> std::io::Result<()> {
    match Pid::from_raw(pid).map(|pid| rustix::process::kill_process(pid, signal)) {
        None | Some(Ok(()) | Err(rustix::io::Errno::SRCH)) => Ok(()),
        Some(Err(error)) => Err(error.into()),
    }
}

/// Sends `signal` to every process of a group, as far as that is still possible.
pub(crate) fn signal_group(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group) {
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

/// Waits until none of `pids` runs, for at most `limit`; returns those that still do.
pub(crate) async fn wait_gone(pids: &[i32], limit: Duration) -> Vec<i32> {
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        let left: Vec<i32> = pids.iter().copied().filter(|pid| is_alive(*pid)).collect();
        if left.is_empty() || tokio::time::Instant::now() >= deadline {
            return left;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_stat_line_whatever_the_name_holds() {
        let line = "42 (a) (b) S 7 40 40 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        let process = parse_stat(line).unwrap();
        assert_eq!((process.pid, process.parent, process.group, process.name.as_str()), (42, 7, 40, "a) (b"));
        assert_eq!((process.started, process.zombie), (12345, false));
    }

    #[test]
    fn finds_itself() {
        let me = std::process::id().try_into().unwrap();
        let process = read(me).unwrap();
        assert!(is_alive(me));
        assert!(!process.command_line().is_empty());
        assert!(process.started_at() <= Timestamp::now());
    }

    #[test]
    fn descendants_are_followed_through_generations_without_zombies() {
        let process =
            |pid, parent, zombie| Process { pid, parent, group: pid, zombie, name: String::new(), started: 0 };
        let all = [
            process(2, 1, false),
            process(3, 2, false),
            process(4, 3, false),
            process(5, 3, true),
            process(9, 1, false),
        ];
        assert_eq!(descendants_among(&all, 2), [3, 4]);
    }
}
