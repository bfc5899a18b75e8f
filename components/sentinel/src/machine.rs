//! Load and use of the processors of this machine, read from the system at most once a second.

use std::time::Duration;

use tokio::time::Instant;

/// How old a figure may be.
const FRESH: Duration = Duration::from_secs(1);

/// The figures last read. On a system without /proc they stay 0.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    read: Option<Instant>,
    load: f64,
    cpu: f64,
    /// Ticks of the processors that were busy, and all of them.
    ticks: Option<(u64, u64)>,
}

impl Machine {
    /// The load over a minute, and the use of the processors from 0 to 1 since the figures before.
    pub(crate) fn figures(&mut self, now: Instant) -> (f64, f64) {
        if self.read.is_none_or(|read| now.saturating_duration_since(read) >= FRESH) {
            self.read = Some(now);
            // Files of the kernel, which answers from memory.
            let text = |path| std::fs::read_to_string(path).unwrap_or_default();
            self.load = load_of(&text("/proc/loadavg")).unwrap_or_default();
            self.update_cpu(ticks_of(&text("/proc/stat")));
        }
        (self.load, self.cpu)
    }

    #[cfg(test)]
    pub(crate) fn with_load(load: f64, now: Instant) -> Self {
        Self { read: Some(now), load, ..Self::default() }
    }

    fn update_cpu(&mut self, ticks: Option<(u64, u64)>) {
        if let (Some((busy, all)), Some((busy_before, all_before))) = (ticks, self.ticks)
            && all > all_before
        {
            self.cpu = busy.saturating_sub(busy_before) as f64 / (all - all_before) as f64;
        }
        self.ticks = ticks;
    }
}

fn load_of(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

fn ticks_of(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let all: u64 = ticks.iter().sum();
    // The fourth and fifth are idle time and time that waits for disks.
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    Some((all - idle, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_linux() {
        assert_eq!(load_of("0.75 1.02 1.10 2/345 6789\n"), Some(0.75));
        assert_eq!(ticks_of("cpu  10 0 20 60 10 0 0 0 5 5\ncpu0 1 1 1 1\n"), Some((30, 100)));
        assert_eq!(ticks_of("nothing"), None);
        let mut machine = Machine::default();
        machine.update_cpu(Some((30, 100)));
        machine.update_cpu(Some((80, 200)));
        assert!((machine.cpu - 0.5).abs() < 1e-9);
    }
}
