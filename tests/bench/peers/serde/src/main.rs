//! The Rust peers. `serde CORPUS SECONDS`: as peer_main() in peer.h. `serde loop noop|decode`: a runtime of its own on a
//! raw socket, as tests/bench/loop/raw.c.
#![allow(clippy::upper_case_acronyms)]
mod event;
mod runtime;
mod tally;

use event::Event;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, out: *mut Timespec) -> i32;
}

const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;

fn processor_ns() -> f64 {
    let mut now = Timespec { seconds: 0, nanoseconds: 0 };
    assert_eq!(unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut now) }, 0);
    now.seconds as f64 * 1e9 + now.nanoseconds as f64
}

pub fn decode(corpus: &[u8]) -> Event {
    serde_json::from_slice(corpus).expect("the corpus does not decode")
}

/// Drop what was decoded, unseen by the optimizer.
pub fn consume(event: Event) {
    let count = event.records.len();
    unsafe { std::ptr::read_volatile(&count) };
}

fn measure(corpus: &[u8], wanted_ns: f64) -> (f64, u64) {
    let mut passes = 1;
    loop {
        let began = processor_ns();
        for _ in 0..passes {
            consume(decode(corpus));
        }
        let took = processor_ns() - began;
        if took >= wanted_ns {
            return (took / passes as f64, passes);
        }
        passes *= 2;
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() != 3 {
        panic!("serde CORPUS SECONDS, or serde loop noop|decode");
    }
    if arguments[1] == "loop" {
        runtime::run(arguments[2] == "decode");
    }
    let corpus = std::fs::read(&arguments[1]).expect("the corpus");
    let seconds: f64 = arguments[2].parse().expect("seconds");
    drop(decode(&corpus));
    let (ns, passes) = measure(&corpus, seconds * 1e9);
    let checksum = tally::checksum(&decode(&corpus));
    println!("{{\"ns\":{ns:.1},\"passes\":{passes},\"allocations\":null,\"checksum\":\"{checksum}\"}}");
}
