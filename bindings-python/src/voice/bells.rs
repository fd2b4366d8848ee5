//! Bells that ring on a socket, for loops that can wait for one: no thread of ours has to take the interpreter first.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Wake, Waker},
};

use pyo3::prelude::*;

/// The bells of one loop. Private to this package.
#[pyclass(frozen, module = "nova_sonic._native", name = "_Bells")]
pub(crate) struct PyBells {
    board: Arc<Board>,
    hung: Mutex<u64>,
}

/// The bell of one conversation: ``_Voice`` takes it for a function to call. Private to this package.
#[pyclass(frozen, module = "nova_sonic._native", name = "_Bell")]
pub(crate) struct PyBell {
    board: Arc<Board>,
    /// By which ``_Bells`` tells that it has rung.
    #[pyo3(get)]
    number: u64,
}

/// Which bells have rung, and the socket that says that some have.
struct Board {
    /// Never locked across a call into Python.
    rung: Mutex<BTreeSet<u64>>,
    wire: wire::Wire,
}

#[pymethods]
impl PyBells {
    /// Raises ``OSError`` where there is no such socket.
    #[new]
    fn new() -> PyResult<Self> {
        let board = Board { rung: Mutex::default(), wire: wire::Wire::new()? };
        Ok(Self { board: Arc::new(board), hung: Mutex::new(0) })
    }

    /// The socket, readable when a bell has rung.
    fn fileno(&self) -> i32 {
        self.board.wire.number()
    }

    /// Another bell.
    fn bell(&self) -> PyBell {
        let mut hung = self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        *hung += 1;
        PyBell { board: Arc::clone(&self.board), number: *hung }
    }

    /// Which have rung since this was asked last.
    fn rung(&self) -> Vec<u64> {
        let mut rung = self.board.lock();
        self.board.wire.silence();
        std::mem::take(&mut *rung).into_iter().collect()
    }
}

impl PyBell {
    /// The bell as the core rings it.
    pub(super) fn waker(&self) -> Waker {
        Waker::from(Arc::new(Clapper { board: Arc::clone(&self.board), number: self.number }))
    }
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Clapper {
    board: Arc<Board>,
    number: u64,
}

impl Wake for Clapper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut rung = self.board.lock();
        let first = rung.is_empty();
        rung.insert(self.number);
        if first {
            // under the lock: whoever looks now has silenced it before, or will find this
            self.board.wire.ring();
        }
    }
}

#[cfg(unix)]
mod wire {
    use std::{
        io::{self, Read, Write},
        os::{fd::AsRawFd, unix::net::UnixStream},
    };

    /// Two sockets that know each other.
    pub(super) struct Wire {
        near: UnixStream,
        far: UnixStream,
    }

    impl Wire {
        pub(super) fn new() -> io::Result<Self> {
            let (near, far) = UnixStream::pair()?;
            near.set_nonblocking(true)?;
            far.set_nonblocking(true)?;
            Ok(Self { near, far })
        }

        pub(super) fn number(&self) -> i32 {
            self.far.as_raw_fd()
        }

        /// A wire that is full says the same already.
        pub(super) fn ring(&self) {
            let _ = (&self.near).write(&[1]);
        }

        pub(super) fn silence(&self) {
            let _ = (&self.far).read(&mut [0; 16]);
        }
    }
}

#[cfg(not(unix))]
mod wire {
    use std::io;

    /// None here: loops wait for no sockets of ours.
    pub(super) struct Wire;

    impl Wire {
        pub(super) fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) const fn number(&self) -> i32 {
            -1
        }

        pub(super) const fn ring(&self) {}

        pub(super) const fn silence(&self) {}
    }
}
