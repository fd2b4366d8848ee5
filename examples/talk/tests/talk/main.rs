//! The program as its users run it: real files, a real process, a simulator or a server that misbehaves.

#[cfg(test)]
mod answers;
#[cfg(all(test, unix))]
mod hang_up;
#[cfg(test)]
mod program;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod service;
#[cfg(test)]
mod sounds;
#[cfg(test)]
mod way_there;
