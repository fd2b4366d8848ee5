//! The native part of `@nova-sonic/node`: what the core does, in JavaScript's types. It converts and it waits; every rule is
//! the core's, and all that is pleasant to use is written in TypeScript beside it.
//!
//! Nothing here throws for a reason of the conversation's own: what went wrong is returned as a [`fault`], of which the
//! package makes errors with a `code`.

#![expect(clippy::needless_pass_by_value, reason = "arguments come from JavaScript, which hands them over")]
#![expect(clippy::use_self, reason = "napi's macros carry the types of methods out of their impl")]
#![expect(clippy::result_large_err, reason = "a fault is rare, and goes to JavaScript as it is")]
#![expect(
    unnameable_types,
    missing_debug_implementations,
    unreachable_pub,
    reason = "what is public is so for JavaScript alone, and has its names and its documentation in TypeScript"
)]

mod answer;
mod bell;
mod broker;
mod connection;
mod fault;
mod grant;
mod keys;
mod relay;
mod session;
mod ticket;

use napi::bindgen_prelude::create_custom_tokio_runtime;
use napi_derive::module_init;

/// One thread drives all conversations: JavaScript has one, too, and more of ours would only wake each other.
#[module_init]
fn start() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("nova-sonic")
        .enable_all()
        .build();
    // without one of ours napi makes its own, with a thread for each core
    if let Ok(runtime) = runtime {
        create_custom_tokio_runtime(runtime);
    }
}
