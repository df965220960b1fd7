#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ae_fuzz::form::run(bytes);
});
