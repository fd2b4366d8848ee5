//! The audio path of a running conversation asks the allocator for nothing.
#![expect(unsafe_code, reason = "an allocator that counts is an allocator")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use nova_sonic_core::audio::SincResampler;
#[cfg(feature = "native-audio")]
use nova_sonic_core::audio::{
    Framer, Meter, PcmPool, PlaybackQueue, Resampler, SampleRate, convert, g711::Law,
};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is the system allocator's work; only a thread's own counter is touched besides.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

#[test]
fn resampling_for_a_browser_allocates_nothing_per_block() {
    let microphone: Vec<f32> = (0..128_u16).map(|n| (f32::from(n) * 0.05).sin()).collect();
    let mut resampler = SincResampler::new(44_100, 16_000).unwrap();
    let mut pcm: Vec<i16> = Vec::with_capacity(64);
    let mut before = allocations();
    for block in 0..2_000 {
        if block == 10 {
            before = allocations();
        }
        pcm.clear();
        resampler.process(&microphone, &mut pcm);
    }
    assert_eq!(allocations() - before, 0);
}

#[cfg(feature = "native-audio")]
#[test]
fn nothing_is_allocated_per_block_once_the_buffers_have_grown() {
    let microphone: Vec<f32> = (0..480_u16).map(|n| (f32::from(n) * 0.05).sin()).collect();
    let mut resampler = Resampler::new(48_000, 16_000).unwrap();
    let mut framer = Framer::new(SampleRate::Hz16000);
    let mut meter = Meter::default();
    let (mut pcm, mut bytes, mut codes): (Vec<i16>, _, _) = (Vec::new(), Vec::new(), Vec::new());
    let pool = PcmPool::default();
    let mut queue = PlaybackQueue::with_limit(24_000);
    let mut loudspeaker = [0; 480];
    let mut sent = 0;

    let mut ten_milliseconds = |turn: u64| {
        pcm.clear();
        resampler.process(&microphone, &mut pcm);
        meter.add(&pcm);
        for frame in framer.frames(&pcm) {
            bytes.clear();
            convert::append_le_bytes(frame, &mut bytes);
            codes.clear();
            Law::Mu.encode(frame, &mut codes);
            let heard = pool.filled(frame);
            queue.push(turn, &heard).unwrap();
            sent += 1;
        }
        let _ = queue.read(&mut loudspeaker);
    };

    (0..200).for_each(&mut ten_milliseconds);
    let before = allocations();
    (200..2_200).for_each(&mut ten_milliseconds);
    assert_eq!(allocations() - before, 0);
    assert_eq!(sent, 22 * 16_000 / 512);
    assert!(before > 0, "the count counts");
}
