//! Every rule of the order, with the service's own words.

use std::time::Duration;

use nova_sonic_core::{
    audio::SampleRate,
    event::{ClientContent, ClientEvent, EndpointingSensitivity, Role},
};
use nova_sonic_sim::model::{ConversationConfig, VOICES};

use crate::client::{AUDIO, Client, PROMPT, scenario, speech};

const GENERAL: &str = "Invalid input request, please fix your input and try again";
const HISTORY_FIRST: &str = "Chat history should be sent completely before streaming audio.";

fn fresh() -> Client {
    Client::new(ConversationConfig::default())
}

fn opened() -> Client {
    let mut client = fresh();
    client.open(&[]);
    client
}

fn talking() -> Client {
    Client::talking(ConversationConfig::default(), &[])
}

#[test]
fn a_session_in_order_is_accepted_and_answered_with_its_end() {
    let mut client = opened();
    client.block("speech", Role::SystemSpeech, false, "Write Hindi in Latin letters.");
    client.block("h1", Role::User, false, "Hello.");
    client.block("h2", Role::Assistant, false, "Good morning.");
    client.audio_block(AUDIO);
    client.silence(1000);
    client.close();
    assert_eq!(client.lines(), ["End"]);
    client.end_input();
    client.send(&ClientEvent::SessionEnd);
    assert_eq!(client.lines(), [""; 0]);
    assert_eq!(client.conversation.poll_timeout(), None);
}

#[test]
fn what_comes_out_of_order_is_refused_and_ends_the_stream() {
    type Start = fn() -> Client;
    type Step = fn(&mut Client);
    let cases: &[(&str, Start, Step)] = &[
        ("promptStart first", fresh, |c| c.prompt_start("amy", SampleRate::Hz24000, &[])),
        ("a block first", fresh, |c| c.start_text("s", Role::System, false)),
        ("a second sessionStart", opened, |c| c.session_start(None)),
        ("a second promptStart", opened, |c| c.prompt_start("amy", SampleRate::Hz24000, &[])),
        ("a second SYSTEM", opened, |c| c.start_text("s2", Role::System, false)),
        ("a second SYSTEM in the middle", talking, |c| c.start_text("s2", Role::System, false)),
        ("SYSTEM_SPEECH after history", opened, |c| {
            c.block("h", Role::User, false, "Hello.");
            c.start_text("x", Role::SystemSpeech, false);
        }),
        ("history that begins with the assistant", opened, |c| c.start_text("h", Role::Assistant, false)),
        ("a name used twice", opened, |c| {
            c.block("h", Role::User, false, "Hello.");
            c.start_text("h", Role::User, false);
        }),
        ("two open texts", opened, |c| {
            c.start_text("h", Role::User, false);
            c.start_text("h2", Role::User, false);
        }),
        ("two open audio blocks", talking, |c| c.audio_block("a2")),
        ("text for an unknown block", opened, |c| c.text("nobody", "Hello.")),
        ("text after the block's end", opened, |c| c.text("s", "More.")),
        ("text for an audio block", talking, |c| c.text(AUDIO, "Hello.")),
        ("audio for an unknown block", talking, |c| c.audio("b", &[0; 512])),
        ("the end of an unknown block", opened, |c| c.end_block("nobody")),
        ("a result for no call", talking, |c| {
            c.start_block("t", ClientContent::ToolResult { tool_use_id: "nobody".into() });
        }),
        ("another prompt's end", opened, |c| c.send(&ClientEvent::PromptEnd { prompt_name: "q".into() })),
        ("an empty name", opened, |c| c.start_text("", Role::User, true)),
        ("an endless name", opened, |c| c.start_text(&"n".repeat(600), Role::User, true)),
        ("a role that does not exist", opened, |c| c.start_text("r", Role::parse("NARRATOR"), false)),
        ("an unknown sensitivity", fresh, |c| {
            c.session_start(Some(EndpointingSensitivity::parse("URGENT")));
        }),
        ("two tools of one name", fresh, |c| {
            c.session_start(None);
            c.prompt_start("amy", SampleRate::Hz24000, &["look", "look"]);
        }),
    ];
    for (name, start, step) in cases {
        let mut client = start();
        assert_eq!(client.lines(), [""; 0], "before {name}");
        step(&mut client);
        assert_eq!(client.refusal(), GENERAL, "{name}");
        client.session_start(None);
        client.end_input();
        client.pass(Duration::from_mins(10));
        assert_eq!(client.lines(), [""; 0], "after {name}");
    }
}

#[test]
fn the_system_block_comes_before_everything() {
    for content in [
        ClientContent::Audio { rate: SampleRate::Hz16000 },
        ClientContent::Text { role: Role::User, interactive: false },
        ClientContent::Text { role: Role::User, interactive: true },
        ClientContent::Text { role: Role::SystemSpeech, interactive: false },
    ] {
        let mut client = fresh();
        client.session_start(None);
        client.prompt_start("amy", SampleRate::Hz24000, &[]);
        client.start_block("x", content.clone());
        assert_eq!(client.refusal(), GENERAL, "{content:?}");
    }
}

#[test]
fn audio_waits_for_open_text_and_history_comes_before_audio() {
    let mut client = opened();
    client.audio_block(AUDIO);
    client.start_text("typed", Role::User, true);
    client.audio(AUDIO, &[0; 512]);
    assert_eq!(client.refusal(), HISTORY_FIRST);

    let mut client = opened();
    client.start_text("h", Role::User, false);
    client.audio_block(AUDIO);
    client.audio(AUDIO, &[0; 512]);
    assert_eq!(client.refusal(), HISTORY_FIRST);

    let mut client = talking();
    client.start_text("h", Role::User, false);
    assert_eq!(client.refusal(), HISTORY_FIRST);
}

#[test]
fn history_has_limits_for_one_message_and_for_all() {
    let mut client = opened();
    client.start_text("h", Role::User, false);
    client.text("h", &"x".repeat(50 * 1024));
    assert_eq!(client.lines(), [""; 0]);
    client.text("h", "x");
    assert_eq!(client.refusal(), "Chat history over max limit");

    let mut client = opened();
    for index in 0..4 {
        client.block(&format!("h{index}"), Role::User, false, &"x".repeat(50 * 1024));
    }
    assert_eq!(client.lines(), [""; 0]);
    client.start_text("h", Role::Assistant, false);
    client.text("h", "x");
    assert_eq!(client.refusal(), "Chat history over max limit");

    let mut client =
        Client::new(scenario(r#"{ "name": "small", "limits": { "history_message_bytes": 3 } }"#));
    client.open(&[]);
    client.start_text("h", Role::User, false);
    client.text("h", "four");
    assert_eq!(client.refusal(), "Chat history over max limit");
}

#[test]
fn the_system_prompt_is_no_history() {
    let mut client = fresh();
    client.session_start(None);
    client.prompt_start("amy", SampleRate::Hz24000, &[]);
    client.block("s", Role::System, false, &"x".repeat(300 * 1024));
    assert_eq!(client.lines(), [""; 0]);
}

#[test]
fn only_the_voices_of_the_model_are_taken() {
    for voice in VOICES {
        let mut client = fresh();
        client.session_start(None);
        client.prompt_start(voice, SampleRate::Hz24000, &[]);
        assert_eq!(client.lines(), [""; 0], "{voice}");
    }
    for voice in ["greta", "Tiffany", ""] {
        let mut client = fresh();
        client.session_start(None);
        client.prompt_start(voice, SampleRate::Hz24000, &[]);
        assert_eq!(client.refusal(), "Received invalid voiceId", "{voice}");
    }
}

#[test]
fn shapes_that_the_service_does_not_take_are_refused() {
    let start = r#"{"event":{"sessionStart":{"inferenceConfiguration":{}}}}"#;
    let prompt = |rate: u32, bits: u32, channels: u32, encoding: &str| {
        format!(
            r#"{{"event":{{"promptStart":{{"promptName":"p","audioOutputConfiguration":{{"mediaType":"audio/lpcm","sampleRateHertz":{rate},"sampleSizeBits":{bits},"channelCount":{channels},"voiceId":"amy","encoding":"{encoding}","audioType":"SPEECH"}}}}}}}}"#
        )
    };
    let mut client = fresh();
    client.send_json(start.as_bytes());
    client.send_json(prompt(24_000, 16, 1, "base64").as_bytes());
    assert_eq!(client.lines(), [""; 0]);
    for wrong in [
        prompt(44_100, 16, 1, "base64"),
        prompt(24_000, 8, 1, "base64"),
        prompt(24_000, 16, 2, "base64"),
        prompt(24_000, 16, 1, "hex"),
        r#"{"event":{"connectionEnd":{}}}"#.to_owned(),
        r#"{"event":{}}"#.to_owned(),
        "no JSON".to_owned(),
        String::new(),
        start.to_owned(),
    ] {
        let mut client = fresh();
        client.send_json(start.as_bytes());
        client.send_json(wrong.as_bytes());
        assert_eq!(client.refusal(), GENERAL, "{wrong}");
    }
    let flat = br#"{"event":{"sessionStart":{"inferenceConfiguration":{},"endpointingSensitivity":"HIGH"}}}"#;
    let mut client = fresh();
    client.send_json(flat);
    assert_eq!(client.refusal(), GENERAL);
}

#[test]
fn audio_has_the_announced_shape() {
    let start = |rate: u32, media_type: &str| {
        format!(
            r#"{{"event":{{"contentStart":{{"promptName":"p","contentName":"x","type":"AUDIO","interactive":true,"role":"USER","audioInputConfiguration":{{"mediaType":"{media_type}","sampleRateHertz":{rate},"sampleSizeBits":16,"channelCount":1,"audioType":"SPEECH","encoding":"base64"}}}}}}}}"#
        )
    };
    let audio = |content: &str| {
        format!(
            r#"{{"event":{{"audioInput":{{"promptName":"p","contentName":"x","content":"{content}"}}}}}}"#
        )
    };
    for rate in [8_000, 16_000, 24_000] {
        let mut client = opened();
        client.send_json(start(rate, "audio/lpcm").as_bytes());
        client.send_json(audio("AAECAw==").as_bytes());
        assert_eq!(client.lines(), [""; 0], "{rate}");
    }
    for wrong in [start(48_000, "audio/lpcm"), start(16_000, "audio/mulaw")] {
        let mut client = opened();
        client.send_json(wrong.as_bytes());
        assert_eq!(client.refusal(), GENERAL, "{wrong}");
    }
    for wrong in ["AAEC", "not base64!", "AAE"] {
        let mut client = opened();
        client.send_json(start(16_000, "audio/lpcm").as_bytes());
        client.send_json(audio(wrong).as_bytes());
        assert_eq!(client.refusal(), GENERAL, "{wrong}");
    }
}

#[test]
fn an_event_has_at_most_a_million_bytes() {
    let mut json = br#"{"event":{"sessionStart":{"inferenceConfiguration":{}}}}"#.to_vec();
    json.resize(1_000_000, b' ');
    let mut client = fresh();
    client.send_json(&json);
    assert_eq!(client.lines(), [""; 0]);
    json.push(b' ');
    let mut client = fresh();
    client.send_json(&json);
    assert_eq!(client.refusal(), GENERAL);
}

#[test]
fn the_audio_block_may_be_closed_and_opened_again() {
    let mut client = talking();
    client.silence(200);
    client.end_block(AUDIO);
    client.audio_block("second");
    client.audio("second", &speech(SampleRate::Hz16000, 100));
    assert_eq!(client.lines(), [""; 0]);
    client.audio(AUDIO, &[0; 512]);
    assert_eq!(client.refusal(), GENERAL);

    let mut client = talking();
    client.end_block(AUDIO);
    client.audio_block(AUDIO);
    assert_eq!(client.refusal(), GENERAL, "a block's name is used once");
}

#[test]
fn closing_out_of_order_is_named() {
    let end_prompt = ClientEvent::PromptEnd { prompt_name: PROMPT.into() };
    let mut client = talking();
    client.send(&end_prompt);
    assert_eq!(client.refusal(), "All contents must be closed before ending prompt");

    let mut client = talking();
    client.end_block(AUDIO);
    client.send(&ClientEvent::SessionEnd);
    assert_eq!(client.refusal(), "The following prompts were not closed: [p]");

    let mut client = talking();
    client.end_input();
    assert_eq!(client.refusal(), "The following prompts were not closed: [p]");

    let mut client = talking();
    client.end_block(AUDIO);
    client.send(&end_prompt);
    client.end_input();
    assert_eq!(client.lines(), ["End"], "a missing sessionEnd is forgiven at the end of input");

    let mut client = talking();
    client.end_block(AUDIO);
    client.send(&end_prompt);
    client.audio_block("late");
    assert_eq!(client.refusal(), GENERAL);

    let mut client = fresh();
    client.end_input();
    assert_eq!(client.refusal(), GENERAL);
}

#[test]
fn an_idle_stream_ends_after_its_limit_and_silence_keeps_it_alive() {
    let idle = "Timed out waiting for audio bytes or interactive content. Please ensure gaps between audio bytes and \
                interactive content are less than 55 seconds";
    let mut client = talking();
    client.silence(1000);
    client.pass(Duration::from_millis(54_999));
    assert_eq!(client.lines(), [""; 0]);
    client.pass(Duration::from_millis(1));
    assert_eq!(client.refusal(), idle);

    let mut client = opened();
    client.pass(Duration::from_secs(54));
    client.block("typed", Role::User, true, "Are you there?");
    client.pass(Duration::from_secs(54));
    assert_eq!(client.lines(), [""; 0]);
    client.block("more", Role::User, true, "Hello?");
    client.pass(Duration::from_secs(55));
    assert_eq!(client.refusal(), idle);

    let mut client =
        Client::talking(scenario(r#"{ "name": "short", "limits": { "idle_seconds": 2 } }"#), &[]);
    client.pass(Duration::from_secs(2));
    assert_eq!(client.refusal(), idle.replace("55", "2"));
}

#[test]
fn a_stream_lives_eight_minutes_or_what_is_asked_for() {
    let over =
        "ModelTimeoutException: Model has timed out in processing the request. Try your request again.";
    let mut client = talking();
    for _ in 0..16 {
        client.pass(Duration::from_secs(29));
        client.silence(1000);
    }
    assert_eq!(client.refusal(), over);
    let mut client =
        Client::talking(scenario(r#"{ "name": "short", "limits": { "life_seconds": 3 } }"#), &[]);
    client.silence(2_990);
    assert_eq!(client.lines(), [""; 0]);
    client.silence(64);
    assert_eq!(client.refusal(), over);
}
