//! Plays a script.

use nova_sonic_core::{event::EventReader, id::ToolUseId, session::Session, time::Tick};
use serde_json::{Map, Value, json};

use super::{
    describe::{self, Labels},
    inputs,
};

/// The script as it turned out: what it expects is replaced by what came.
pub(crate) fn play(script: &Value) -> Value {
    let mut played = script.clone();
    let seed = u8::try_from(script["seed"].as_u64().expect("a seed")).expect("a seed below 256");
    let started = tick(&script["starts_at_ms"]);
    let session = Session::new(inputs::config(&script["config"]), [seed; 32], started);
    let mut session = match session {
        Ok(session) => session,
        Err(error) => {
            played["error"] = error.code().as_str().into();
            played["message"] = error.to_string().into();
            return played;
        }
    };
    let (mut reader, mut labels) = (EventReader::default(), Labels::default());
    let opening = drained(&mut session, &mut labels);
    if script.get("opening").is_some() {
        played["opening"] = opening;
    }
    for step in played["steps"].as_array_mut().expect("steps") {
        let step = step.as_object_mut().expect("a step");
        let now = tick(&step["at_ms"]);
        play_step(&mut session, &mut reader, &mut labels, now, step);
    }
    played
}

fn tick(value: &Value) -> Tick {
    Tick::from_millis(value.as_u64().unwrap_or(0))
}

fn play_step(
    session: &mut Session,
    reader: &mut EventReader,
    labels: &mut Labels,
    now: Tick,
    step: &mut Map<String, Value>,
) {
    let input = step.get("input").cloned().expect("an input");
    step.remove("error");
    let mut outputs = Vec::new();
    if input.get("deadlines").is_some() {
        // what a driver does that has nothing else to do: keep every deadline
        while let Some(deadline) = session.poll_timeout().filter(|deadline| *deadline <= now) {
            inputs::give(session, reader, deadline, &json!({ "timeout": {} })).expect("no mistake");
            append(&mut outputs, drained(session, labels));
        }
    } else if let Err(error) = inputs::give(session, reader, now, &input) {
        step.insert("error".to_owned(), error.code().as_str().into());
    }
    if step.get("drain") != Some(&Value::Bool(false)) {
        append(&mut outputs, drained(session, labels));
    }
    step.insert("outputs".to_owned(), outputs.into());
    looked_at(session, now, step);
}

/// What a step asks to look at besides its outputs.
fn looked_at(session: &Session, now: Tick, step: &mut Map<String, Value>) {
    for (name, value) in step.iter_mut() {
        match name.as_str() {
            "state" => *value = session.state().as_str().into(),
            "history" => *value = describe::messages(&session.history()),
            "next_timeout_in_ms" => {
                let wait = session.poll_timeout().map(|deadline| deadline.since(now).as_millis());
                *value = json!(wait);
            }
            "handover" => {
                let handover = session.handover();
                let calls: Vec<&str> = handover.pending_calls.iter().map(ToolUseId::as_str).collect();
                let loud = handover.recent_audio.iter().filter(|sample| **sample != 0).count();
                *value = json!({
                    "history": describe::messages(&handover.history),
                    "recent_samples": handover.recent_audio.len(),
                    "recent_samples_not_silent": loud,
                    "pending_calls": calls,
                });
            }
            "at_ms" | "input" | "outputs" | "error" | "drain" => {}
            other => panic!("nothing to look at is called {other}"),
        }
    }
}

fn drained(session: &mut Session, labels: &mut Labels) -> Value {
    let mut outputs = Vec::new();
    while let Some(output) = session.poll_output() {
        append(&mut outputs, json!([describe::output(&output, labels)]));
    }
    outputs.into()
}

/// Appends, and counts sound that repeats itself instead of repeating it.
fn append(outputs: &mut Vec<Value>, more: Value) {
    let Value::Array(more) = more else { panic!("outputs are a list") };
    for mut output in more {
        let times = output.as_object_mut().and_then(|output| output.remove("times"));
        let times = times.and_then(|times| times.as_u64()).unwrap_or(1);
        let mut last = outputs.last().cloned().unwrap_or_default();
        let before = last.as_object_mut().and_then(|last| last.remove("times"));
        let before = before.and_then(|times| times.as_u64()).unwrap_or(1);
        if output["send"] == "audioInput" && last == output {
            output["times"] = (before + times).into();
            outputs.pop();
        } else if times > 1 {
            output["times"] = times.into();
        }
        outputs.push(output);
    }
}

/// Where a script and its performance differ, for people.
pub(crate) fn differences<'script>(
    script: &'script Value,
    played: &'script Value,
) -> impl Iterator<Item = String> + 'script {
    let name = script["name"].as_str().unwrap_or("a script without a name");
    let steps = |script: &'script Value| script["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let same_head = ["opening", "error", "message"].into_iter().filter_map(move |key| {
        let (expected, came) = (&script[key], &played[key]);
        (expected != came).then(|| format!("{name}, {key}:\n  expected {expected}\n  came     {came}"))
    });
    let same_steps =
        steps(script).iter().zip(steps(played)).enumerate().filter_map(move |(index, (expected, came))| {
            let input = &expected["input"];
            (expected != came)
                .then(|| format!("{name}, step {index}, {input}:\n  expected {expected}\n  came     {came}"))
        });
    same_head.chain(same_steps)
}
