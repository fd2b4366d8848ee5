//! The pretended model, in virtual time: what it refuses, what it says, and when.

mod answers;
mod any_input;
mod barge_in;
mod client;
mod faults;
mod rules;
mod scenarios;
mod speech;
mod tools;
