//! What a frame and a session cost, beside the physical floor and the AWS SDKs.
//!
//! Five programs, each measuring one subject, printing a table with ratios, and with `--check` failing when a
//! budget is broken: `frame` (encoding, signing, decoding, the session machine), `allocations`, `sessions` (CPU
//! and memory of whole conversations), `relayed` (the same through a server, both legs), and `django` (the endpoint that hands out credentials). `README.md` says how
//! to read them.

pub mod bare;
pub mod fake_bedrock;
pub mod http_load;
pub mod load;
pub mod material;
pub mod measure;
pub mod node;
pub mod ours;
pub mod pages;
pub mod peers;
pub mod process;
pub mod python_server;
pub mod report;

/// What a bench fails with: it is a program for people, who read the sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
