//! Where memory comes from: a third of what the standard library's own allocator weighs, and a conversation of any length
//! leaves no holes behind.

use rlsf::{GlobalTlsf, GlobalTlsfOptions};

struct Options;

impl GlobalTlsfOptions for Options {
    /// A buffer that grows is copied: they grow while a conversation begins, and seldom later.
    const ENABLE_REALLOCATION: bool = false;
    /// Pages that lie side by side are one piece of memory.
    const COALESCE_POOLS: bool = true;
}

#[global_allocator]
static ALLOCATOR: GlobalTlsf<Options> = GlobalTlsf::new();
