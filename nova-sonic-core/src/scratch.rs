//! Buffers that the conversations of a thread use in turn.
//!
//! Each needs them for one event at a time, so that a thread with hundreds of conversations needs three or four, and no
//! event costs an allocation.

use std::{
    cell::RefCell,
    ops::{Deref, DerefMut},
};

/// Buffers that a thread keeps: as many as one event takes on its way, and one to spare.
const KEPT_BUFFERS: usize = 4;
/// A buffer that one long event has blown up is given back to the allocator instead. Sound takes 4 kB.
const KEPT_CAPACITY: usize = 1 << 16;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer on loan from the thread; dropped, it goes to the thread that drops it. The default is no buffer at all.
#[derive(Default)]
pub(crate) struct Scratch(Vec<u8>);

impl Scratch {
    /// An empty buffer, with room if the thread has one to spare.
    pub(crate) fn take() -> Self {
        let spare = SPARE.try_with(|spare| spare.borrow_mut().pop()).ok().flatten();
        Self(spare.unwrap_or_default())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.0.capacity() == 0 || self.0.capacity() > KEPT_CAPACITY {
            return;
        }
        let mut buffer = std::mem::take(&mut self.0);
        buffer.clear();
        // a thread that is ending keeps nothing
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < KEPT_BUFFERS {
                spare.push(buffer);
            }
        });
    }
}

impl Deref for Scratch {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Vec<usize> {
        SPARE.with_borrow(|spare| spare.iter().map(Vec::capacity).collect())
    }

    #[test]
    fn a_thread_uses_one_buffer_again_and_again() {
        let mut first = Scratch::take();
        first.extend_from_slice(&[7; 3000]);
        let (address, capacity) = (first.as_ptr(), first.capacity());
        drop(first);
        assert_eq!(kept(), [capacity]);
        let again = Scratch::take();
        assert_eq!((again.as_ptr(), again.len()), (address, 0), "the same room, with nothing left in it");
        assert_eq!(kept(), [0; 0]);
    }

    #[test]
    fn few_and_small_buffers_are_kept() {
        let of = |capacity| Scratch(Vec::with_capacity(capacity));
        drop((of(0), of(KEPT_CAPACITY + 1)));
        assert_eq!(kept(), [0; 0]);
        let many: Vec<Scratch> = (0..2 * KEPT_BUFFERS).map(|_| of(100)).collect();
        drop(many);
        assert_eq!(kept().len(), KEPT_BUFFERS);
    }
}
