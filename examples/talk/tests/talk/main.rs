//! The program as its users run it: real files, a real process, a simulator or a server that misbehaves.

mod answers;
mod hang_up;
mod program;
mod recordings;
mod service;
mod sounds;
mod way_there;
