//! The simulator from outside: the official SDKs, requests made by hand, and clients that mean harm.

mod bedrock_sdk;
mod hostile;
mod raw;
mod recorded;
mod shutdown;
mod signatures;
mod sts_sdk;
mod support;
mod websocket;
