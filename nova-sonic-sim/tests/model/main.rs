//! The pretended model, in virtual time: what it refuses, what it says, and when.

#![cfg_attr(
    test,
    expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one kind of event among many")
)]

#[cfg(test)]
mod answers;
#[cfg(test)]
mod any_input;
#[cfg(test)]
mod barge_in;
#[cfg(test)]
mod client;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod speech;
#[cfg(test)]
mod tools;
