//! What JavaScript calls by name: numbers in, numbers out.
//!
//! What is longer than a number lies in this module's memory. What JavaScript gives, it puts where [`engine_room`] says
//! before it calls; what it gets, it finds at [`engine_out_pointer`] afterwards. `web/worker/engine.ts` is the other half,
//! and nobody else calls these.

#![cfg_attr(
    target_family = "wasm",
    expect(
        unsafe_code,
        reason = "a name that two libraries export would be one of them; nobody else begins with engine_"
    )
)]

use std::cell::RefCell;

use crate::desk::{Desk, timestamp};

thread_local! {
    static DESK: RefCell<Desk> = const { RefCell::new(Desk::new()) };
}

fn with<T>(act: impl FnOnce(&mut Desk) -> T) -> T {
    DESK.with_borrow_mut(act)
}

/// Where JavaScript is to put `length` bytes for the next call.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_room(length: usize) -> usize {
    with(|desk| desk.room(length))
}

/// Makes a conversation of the settings in the first `length` bytes that were given and the seed after them; it goes on
/// with the conversation `before`, if that is not 0. 0: it cannot be, and the fault is found where results are.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_make(before: usize, now: f64, length: usize) -> usize {
    with(|desk| desk.make(before, now, length))
}

/// Forgets a conversation.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_free(engine: usize) {
    with(|desk| desk.free(engine));
}

/// Does one thing, as [`Act`](crate::desk::Act) has it; not 0: it cannot be, and the fault is found where results are.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_act(engine: usize, act: u32, now: f64, first: f64, second: f64) -> u32 {
    with(|desk| u32::from(desk.act(engine, act, now, first, second)))
}

/// Looks for the next thing to do, as [`Found`](crate::conversation::Found) numbers them.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_poll(engine: usize, wall: f64) -> u32 {
    with(|desk| desk.poll(engine, timestamp(wall)) as u32)
}

/// Where the result is; it lies there until the next call of any of these that is not one of the next three.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_out_pointer() -> usize {
    with(|desk| desk.out.address)
}

/// How many bytes it is.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_out_length() -> usize {
    with(|desk| desk.out.length)
}

/// The turn of the sound that was found.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_out_turn() -> f64 {
    with(|desk| desk.out.turn)
}

/// When the conversation is to be told that time has passed, in ms of the clock of `now`; infinite for never.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_next_timeout(engine: usize) -> f64 {
    with(|desk| desk.next_timeout(engine))
}

/// Loudness of the last block of the microphone, dBFS.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn engine_level(engine: usize) -> f32 {
    with(|desk| desk.level(engine))
}
