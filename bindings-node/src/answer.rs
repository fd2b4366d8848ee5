//! `NativeGathering`: an answer out of the events that a program takes.

use std::{io::Cursor, mem, time::Duration};

use napi::{
    Env, Result,
    bindgen_prelude::{Buffer, BufferSlice, Either},
};
use napi_derive::napi;
use nova_sonic_core::{
    audio::{AudioError, SampleRate, WavWriter},
    event::Role,
    session::{Event, Gathering, Stage, State, TurnId},
};

use crate::{fault::NativeFault, session::samples_of};

/// What of an event an answer may be made of.
#[napi(object, object_to_js = false)]
pub struct NativeHeard<'env> {
    #[napi(js_name = "type")]
    pub kind: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub role: Option<String>,
    pub stage: Option<String>,
    pub text: Option<String>,
    pub pcm: Option<BufferSlice<'env>>,
    pub rate: Option<u32>,
}

/// One answer of the model.
#[napi(object, object_from_js = false)]
pub struct NativeAnswer<'env> {
    pub text: String,
    /// Samples, 16 bits each, the lower byte first.
    pub sound: BufferSlice<'env>,
    /// Their rate, Hz.
    pub rate: u32,
    /// Whether the user spoke before the end.
    pub interrupted: bool,
}

/// An answer that is still being given.
#[napi]
pub struct NativeGathering {
    gathering: Gathering,
}

#[napi]
impl NativeGathering {
    /// Nothing has come yet.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self { gathering: Gathering::default() }
    }

    /// Takes the next event; whether the answer has come to its end with it.
    #[napi]
    pub fn add(&mut self, event: NativeHeard<'_>) -> bool {
        heard(event).is_some_and(|event| self.gathering.add(&event))
    }

    /// What has come so far. Afterwards nothing has.
    #[napi]
    pub fn answer<'env>(&mut self, env: &'env Env) -> Result<NativeAnswer<'env>> {
        let answer = mem::take(&mut self.gathering).into_answer();
        let sound: Vec<u8> = answer.pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        Ok(NativeAnswer {
            text: answer.text,
            sound: BufferSlice::copy_from(env, &sound)?,
            rate: answer.rate.unwrap_or(SampleRate::Hz24000).hertz(),
            interrupted: answer.interrupted,
        })
    }
}

/// The event; nothing for one that is no part of an answer.
fn heard(event: NativeHeard<'_>) -> Option<Event> {
    // an answer does not ask to which turn it belongs, nor how long it was heard
    let (turn, heard) = (TurnId::new(0), Duration::ZERO);
    Some(match event.kind.as_str() {
        "stateChanged" => {
            Event::StateChanged { from: State::from_word(&event.from?)?, to: State::from_word(&event.to?)? }
        }
        "transcript" => {
            let role = if event.role?.eq_ignore_ascii_case(Role::Assistant.as_str()) {
                Role::Assistant
            } else {
                Role::User
            };
            let stage = if event.stage? == Stage::Partial.as_str() { Stage::Partial } else { Stage::Final };
            Event::Transcript { role, stage, text: event.text?, turn }
        }
        "audio" => {
            let pcm: Vec<i16> = samples_of(&event.pcm?).collect();
            Event::Audio { pcm: pcm.into(), rate: SampleRate::from_hertz(event.rate?)?, turn }
        }
        "interrupted" => Event::Interrupted { turn, heard, text: event.text? },
        _ => return None,
    })
}

/// Mono samples, 16 bits each, as a WAV file.
#[napi]
pub fn wav_of(pcm: &[u8], rate: u32) -> Either<Buffer, NativeFault> {
    match written(pcm, rate) {
        Ok(file) => Either::A(file.into()),
        Err(error) => Either::B(NativeFault::new(error.code(), error.to_string())),
    }
}

fn written(pcm: &[u8], rate: u32) -> core::result::Result<Vec<u8>, AudioError> {
    let mut file = Vec::new();
    let mut writer = WavWriter::new(Cursor::new(&mut file), rate)?;
    writer.write(&samples_of(pcm).collect::<Vec<_>>())?;
    writer.finish()?;
    Ok(file)
}
