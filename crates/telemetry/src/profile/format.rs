//! The pprof file: `profile.proto` of github.com/google/pprof, gzipped. Addresses become function names
//! here, so a file can be read without the binary.

use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;

/// The parts of `profile.proto` in use; field numbers are those of the published file.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Profile {
    #[prost(message, repeated, tag = "1")]
    pub(super) sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    pub(super) sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    pub(super) location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    pub(super) function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    pub(super) string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    pub(super) location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    pub(super) value: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "3")]
    address: u64,
    #[prost(message, repeated, tag = "4")]
    pub(super) line: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Line {
    #[prost(uint64, tag = "1")]
    pub(super) function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    pub(super) name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

/// What the functions between an allocation and its sample are called.
const OWN: [&str; 4] = ["dapr_telemetry::profile::heap::", "<dapr_telemetry::profile::heap::", "backtrace::", "__rust"];

/// Collects samples into a profile.
#[derive(Default)]
pub(super) struct ProfileBuilder {
    profile: Profile,
    strings: HashMap<String, i64>,
    functions: HashMap<i64, u64>,
    locations: HashMap<usize, u64>,
    /// Locations in the profiler's own code.
    own: HashSet<u64>,
}

/// A column of values and its unit, such as `("cpu", "nanoseconds")`.
pub(super) type Kind = (&'static str, &'static str);

impl ProfileBuilder {
    /// `period` is what lies between two samples, in the unit of `period_kind`.
    pub(super) fn new(kinds: &[Kind], default: &'static str, period_kind: Kind, period: i64) -> Self {
        let mut builder = ProfileBuilder::default();
        builder.string("");
        builder.profile.sample_type = kinds.iter().map(|kind| builder.value_type(*kind)).collect();
        builder.profile.period_type = Some(builder.value_type(period_kind));
        builder.profile.period = period;
        builder.profile.default_sample_type = builder.string(default);
        builder.profile.time_nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanoseconds);
        builder
    }

    pub(super) fn duration(&mut self, duration: Duration) {
        self.profile.duration_nanos = nanoseconds(duration);
    }

    /// `stack` is innermost first. Frames of the profiler itself at its start are left out.
    pub(super) fn sample(&mut self, stack: &[usize], value: Vec<i64>) {
        let locations: Vec<u64> = stack.iter().map(|address| self.location(*address)).collect();
        let location_id = locations.into_iter().skip_while(|location| self.own.contains(location)).collect();
        self.profile.sample.push(Sample { location_id, value });
    }

    /// The gzipped file. Forgets the debug information that was read for it, which is large.
    pub(super) fn finish(self) -> Vec<u8> {
        backtrace::clear_symbol_cache();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        // Writing to a Vec cannot fail.
        let _ = gzip.write_all(&self.profile.encode_to_vec());
        gzip.finish().unwrap_or_default()
    }

    fn location(&mut self, address: usize) -> u64 {
        if let Some(id) = self.locations.get(&address) {
            return *id;
        }
        let id = self.profile.location.len() as u64 + 1;
        let mut line = Vec::new();
        let mut own = false;
        backtrace::resolve(address as *mut c_void, |symbol| {
            let name = symbol.name().map_or_else(|| format!("{address:#x}"), |name| format!("{name:#}"));
            let file = symbol.filename().map(|file| file.display().to_string()).unwrap_or_default();
            own |= OWN.iter().any(|prefix| name.starts_with(prefix));
            let function_id = self.function(&name, &file);
            line.push(Line { function_id, line: symbol.lineno().map_or(0, i64::from) });
        });
        if line.is_empty() {
            // A location without a name would make readers ask this process for it.
            line.push(Line { function_id: self.function(&format!("{address:#x}"), ""), line: 0 });
        }
        if own {
            self.own.insert(id);
        }
        self.profile.location.push(Location { id, address: address as u64, line });
        self.locations.insert(address, id);
        id
    }

    fn function(&mut self, name: &str, file: &str) -> u64 {
        let name = self.string(name);
        if let Some(id) = self.functions.get(&name) {
            return *id;
        }
        let id = self.profile.function.len() as u64 + 1;
        let filename = self.string(file);
        self.profile.function.push(Function { id, name, system_name: name, filename });
        self.functions.insert(name, id);
        id
    }

    fn value_type(&mut self, (kind, unit): Kind) -> ValueType {
        ValueType { kind: self.string(kind), unit: self.string(unit) }
    }

    fn string(&mut self, text: &str) -> i64 {
        if let Some(index) = self.strings.get(text) {
            return *index;
        }
        let index = i64::try_from(self.strings.len()).unwrap_or(0);
        self.profile.string_table.push(text.to_owned());
        self.strings.insert(text.to_owned(), index);
        index
    }
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
