//! Profiles that are taken of this process and decoded again.

use std::alloc::System;
use std::hint::black_box;
use std::io::Read;
use std::time::Instant;

use prost::Message;

use super::format::Profile;
use super::*;

#[global_allocator]
static ALLOCATOR: SamplingAllocator<System> = SamplingAllocator(System);

fn decode(gzipped: &[u8]) -> Profile {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(gzipped).read_to_end(&mut bytes).unwrap();
    Profile::decode(bytes.as_slice()).unwrap()
}

fn names(profile: &Profile) -> Vec<&str> {
    profile.function.iter().map(|function| profile.string_table[function.name as usize].as_str()).collect()
}

#[inline(never)]
fn burn_cpu(duration: Duration) -> u64 {
    let start = Instant::now();
    let mut sum = 0_u64;
    while start.elapsed() < duration {
        (0..1_000_u64).for_each(|number| sum = black_box(sum.wrapping_mul(31).wrapping_add(number)));
    }
    sum
}

#[inline(never)]
fn keep_memory() -> Vec<Vec<u8>> {
    (0..1_000).map(|_| vec![1; 16 * 1024]).collect()
}

#[test]
#[cfg(unix)]
fn cpu_profile_names_the_busy_function() {
    let recording = cpu::Recording::start(Duration::from_secs(1)).unwrap();
    assert!(cpu::Recording::start(Duration::from_secs(1)).is_none(), "one at a time");
    black_box(burn_cpu(Duration::from_millis(500)));
    let file = recording.finish();
    let profile = decode(&file);
    assert!(names(&profile).iter().any(|name| name.contains("burn_cpu")), "{:?}", names(&profile));
    let samples: i64 = profile.sample.iter().map(|sample| sample.value[0]).sum();
    assert!(samples >= 10, "{samples} samples");
    drop(cpu::Recording::start(Duration::from_secs(1)).expect("free again"));
}

#[test]
fn heap_profile_estimates_what_is_in_use() {
    start_heap_sampling();
    let kept = keep_memory();
    let profile = decode(&heap::profile());
    let in_use = in_use(&profile);
    assert!((4_000_000..64_000_000).contains(&in_use), "{in_use} bytes of 16 MB");
    drop(kept);
    assert!(self::in_use(&decode(&heap::profile())) < in_use / 2);
}

/// Bytes in use by `keep_memory` alone, as other tests run meanwhile.
fn in_use(profile: &Profile) -> i64 {
    let names = names(profile);
    // Ids count from 1 in the order of their table.
    let keeps = |location: &u64| {
        let lines = &profile.location[*location as usize - 1].line;
        lines.iter().any(|line| names[line.function_id as usize - 1].contains("keep_memory"))
    };
    let samples = profile.sample.iter().filter(|sample| sample.location_id.iter().any(keeps));
    samples.map(|sample| sample.value[3]).sum()
}

#[test]
fn seconds_of_a_query() {
    assert_eq!(seconds(Some("debug=0&seconds=5")), Duration::from_secs(5));
    assert_eq!(seconds(Some("seconds=x")), Duration::from_secs(30));
    assert_eq!(seconds(Some("seconds=99999")), Duration::from_secs(600));
    assert_eq!(seconds(None), Duration::from_secs(30));
}
