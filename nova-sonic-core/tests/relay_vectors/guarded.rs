//! Plays one script of the guard.

use std::time::Duration;

use nova_sonic_core::{
    event::{ClientEvent, ServerEvent, ToolSpec},
    relay::{
        Control, Guard, GuardError, GuardLimits, GuardOutput, GuardRules, GuardedTool, PromptRule, ToolRule,
        VoiceRule,
    },
    time::Tick,
};
use serde_json::{Value, json};

use crate::{client_event, list, server_event, text, written};

const MODEL: &str = "amazon.nova-2-sonic-v1:0";

pub(crate) fn play(script: &Value, opening: &[Value]) {
    let name = text(&script["name"]);
    let rules = rules(&script["rules"]);
    if let Some(locks) = script.get("ready") {
        let ready = written(|out| Control::write_json(&rules.ready(), out));
        assert_eq!(
            ready["relay"]["ready"],
            json!({ "version": 1, "model": MODEL, "locks": locks }),
            "{name}"
        );
    }
    let mut guard = Guard::new(rules, Tick::ZERO);
    let mut now = 0;
    for (number, step) in list(&script["steps"]).iter().enumerate() {
        now = step.get("at_ms").map_or(now, |at| at.as_u64().expect("a tick"));
        let place = format!("{name}, step {number}");
        if step.get("opening").is_some() {
            for event in opening {
                let step = json!({ "client": event, "outputs": "same" });
                perform(&mut guard, Tick::from_millis(now), &step, &place);
            }
        } else {
            perform(&mut guard, Tick::from_millis(now), step, &place);
        }
    }
}

fn perform(guard: &mut Guard, now: Tick, step: &Value, place: &str) {
    let mut same = Value::Null;
    if let Some(wanted) = step.get("next_timeout_ms") {
        assert_eq!(&json!(guard.poll_timeout().map(Tick::as_millis)), wanted, "{place}");
        return;
    } else if let Some(event) = step.get("client") {
        same = json!([{ "to_service": event }]);
        judge(guard.handle_client(now, client_event(event)), step, place);
    } else if let Some(event) = step.get("service") {
        same = json!([{ "to_client": event }]);
        guard.handle_service(server_event(event));
    } else if let Some(result) = step.get("tool_result") {
        let given = guard.tool_result(&text(&result["id"]).into(), text(&result["json"]));
        let error = given.err().map(|error| error.code().as_str());
        assert_eq!(error, step["error"].as_str(), "{place}");
    } else if step.get("timeout").is_some() {
        judge(guard.handle_timeout(now), step, place);
    } else if step.get("hang_up").is_some() {
        guard.hang_up();
    } else {
        panic!("{place}: no such step");
    }
    let outputs: Vec<Value> = std::iter::from_fn(|| guard.poll_output()).map(described).collect();
    let wanted = match step.get("outputs") {
        None => json!([]),
        Some(outputs) if outputs == "same" => same,
        Some(outputs) => outputs.clone(),
    };
    assert_eq!(Value::from(outputs), wanted, "{place}");
}

fn judge(judged: Result<(), GuardError>, step: &Value, place: &str) {
    let refused = judged.err().map_or(
        Value::Null,
        |error| json!({ "code": error.code().as_str(), "close": error.close_code().number() }),
    );
    assert_eq!(refused, step["refused"], "{place}");
}

fn described(output: GuardOutput) -> Value {
    match output {
        GuardOutput::ToService(event) => {
            json!({ "to_service": written(|out| ClientEvent::write_json(&event, out)) })
        }
        GuardOutput::EndInput => json!({ "end_input": true }),
        GuardOutput::ToClient(event) => {
            json!({ "to_client": written(|out| ServerEvent::write_json(&event, out)) })
        }
        GuardOutput::CallTool { id, name, input } => {
            json!({ "call_tool": { "id": id.as_str(), "name": name, "input": input } })
        }
        other => panic!("an output without a description: {other:?}"),
    }
}

fn rules(json: &Value) -> GuardRules {
    let mut rules = GuardRules::new(MODEL);
    for (field, value) in json.as_object().into_iter().flatten() {
        let (kind, inner) = value.as_object().and_then(|fields| fields.iter().next()).expect("one rule");
        match (field.as_str(), kind.as_str()) {
            ("system_prompt", "locked") => rules.system_prompt = PromptRule::Locked(text(inner).to_owned()),
            ("system_prompt", "prefixed") => {
                rules.system_prompt = PromptRule::Prefixed(text(inner).to_owned());
            }
            ("voice", "locked") => rules.voice = VoiceRule::Locked(text(inner).to_owned()),
            ("voice", "one_of") => {
                rules.voice =
                    VoiceRule::OneOf(list(inner).iter().map(|voice| text(voice).to_owned()).collect());
            }
            ("tools", "locked") => rules.tools = ToolRule::Locked(tools(inner)),
            ("tools", "merged") => rules.tools = ToolRule::Merged(tools(inner)),
            ("limits", _) => limits(&mut rules.limits, value),
            other => panic!("no such rule: {other:?}"),
        }
    }
    rules
}

fn tools(json: &Value) -> Vec<GuardedTool> {
    let tool = |tool: &Value| {
        let spec = ToolSpec::new(text(&tool["name"]), text(&tool["description"]), r#"{"type":"object"}"#)
            .expect("a tool");
        if tool["on_server"] == true { GuardedTool::on_server(spec) } else { GuardedTool::in_client(spec) }
    };
    list(json).iter().map(tool).collect()
}

fn limits(limits: &mut GuardLimits, json: &Value) {
    for (field, value) in json.as_object().expect("limits") {
        let number = value.as_u64().expect("a number");
        let count = usize::try_from(number).expect("a count");
        let rate = u32::try_from(number).expect("a rate");
        let time = Duration::from_millis(number);
        match field.as_str() {
            "prompt_bytes" => limits.prompt_bytes = count,
            "message_bytes" => limits.message_bytes = count,
            "history_bytes" => limits.history_bytes = count,
            "history_messages" => limits.history_messages = count,
            "tools" => limits.tools = count,
            "answer_tokens" => limits.answer_tokens = Some(rate),
            "events_per_second" => limits.events_per_second = rate,
            "event_burst" => limits.event_burst = rate,
            "sound_percent" => limits.sound_percent = rate,
            "sound_burst_ms" => limits.sound_burst = time,
            "opening_ms" => limits.opening = time,
            "life_ms" => limits.life = Some(time),
            other => panic!("no such limit: {other}"),
        }
    }
}
