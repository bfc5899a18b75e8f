#![no_main]

//! [`dapr_fuzz::targets::resources`] under cargo-fuzz.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    dapr_fuzz::targets::resources(bytes);
});
