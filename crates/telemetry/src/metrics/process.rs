//! `process_*`: what the operating system says of this process, read when scraped. Linux only; elsewhere
//! nothing is printed.

use std::fs;

use super::text::{self, SampleName};
use super::value::Interval;
use crate::otlp::messages::{CUMULATIVE, Data, Gauge, Metric, Number, Sum};

/// Clock ticks a second in `/proc`, fixed by the kernel's ABI on the machines we build for.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) fn encode(out: &mut String) {
    for Sample { name, help, value } in samples() {
        let kind = if is_counter(name) { "counter" } else { "gauge" };
        text::header(name, help, kind, out);
        SampleName { metric: name, labels: "" }.write("", "", value, out);
    }
}

pub(super) fn collect(interval: &Interval, out: &mut Vec<Metric>) {
    out.extend(samples().map(|Sample { name, help, value }| {
        let data_points = vec![interval.point(Vec::new(), Number::Double(value))];
        let data = match is_counter(name) {
            true => Data::Sum(Sum { data_points, aggregation_temporality: CUMULATIVE, is_monotonic: true }),
            false => Data::Gauge(Gauge { data_points }),
        };
        Metric { name: name.to_owned(), description: help.to_owned(), data: Some(data) }
    }));
}

fn is_counter(name: &str) -> bool {
    name.ends_with("_total")
}

/// What was read.
struct Sample {
    name: &'static str,
    help: &'static str,
    value: f64,
}

fn samples() -> impl Iterator<Item = Sample> {
    let stat = Stat::read();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = |key| number_after(&status, key).map(|value| value * 1024.0);
    let values = [
        ("process_cpu_seconds_total", "CPU seconds used, user and system.", stat.as_ref().map(Stat::cpu_seconds)),
        ("process_max_fds", "Most file descriptors that may be open.", max_fds()),
        ("process_open_fds", "Open file descriptors.", open_fds()),
        ("process_resident_memory_bytes", "Resident memory in bytes.", kilobytes("VmRSS:")),
        (
            "process_start_time_seconds",
            "Start of the process in seconds since 1970.",
            stat.as_ref().and_then(Stat::start_seconds),
        ),
        ("process_virtual_memory_bytes", "Virtual memory in bytes.", kilobytes("VmSize:")),
    ];
    values.into_iter().filter_map(|(name, help, value)| Some(Sample { name, help, value: value? }))
}

/// The fields of `/proc/self/stat` that follow the command name.
struct Stat(Vec<f64>);

impl Stat {
    fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        let after_name = text.rsplit_once(')')?.1;
        Some(Stat(after_name.split_ascii_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect()))
    }

    /// Fields 14 (utime) and 15 (stime) of proc(5), which counts from 1 and includes pid and name.
    fn cpu_seconds(&self) -> f64 {
        (self.field(14) + self.field(15)) / TICKS_PER_SECOND
    }

    /// Field 22 counts from the boot of the machine.
    fn start_seconds(&self) -> Option<f64> {
        let machine = fs::read_to_string("/proc/stat").ok()?;
        Some(number_after(&machine, "btime")? + self.field(22) / TICKS_PER_SECOND)
    }

    fn field(&self, number: usize) -> f64 {
        self.0.get(number - 3).copied().unwrap_or(0.0)
    }
}

fn open_fds() -> Option<f64> {
    // The directory that is being read is open itself.
    let count = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    u32::try_from(count).ok().map(f64::from)
}

fn max_fds() -> Option<f64> {
    number_after(&fs::read_to_string("/proc/self/limits").ok()?, "Max open files")
}

/// The number that follows `key` at the start of a line.
fn number_after(text: &str, key: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}
