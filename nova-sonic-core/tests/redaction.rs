//! What is secret, and what people say, never stands in a `Debug` or `Display` text.

use std::fmt::Debug;

use nova_sonic_core::{
    audio::{Pcm, PcmPool, SampleRate},
    codec::{Decoder, Encoder},
    event::{ClientEvent, EventReader, Extra, Role, ServerEvent, ServerIds, ToolChoice, ToolSpec},
    grant::{Grant, GrantMode, TemporaryCredentials},
    id::IdMint,
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
    session::{Event, Input, Message, Output, Session, SessionConfig, SessionError, Stage, TurnId},
    sigv4::{ChunkSigner, Signature, SigningCredentials, SigningKey, SigningKeys, StreamRequest},
    time::{Date, Tick, Timestamp},
    wire::FrameDecoder,
};
use serde_json::json;

/// Stands for whatever must not be printed.
const WORDS: &str = "marigold";
/// A sample that no length, id or time here resembles.
const SAMPLE: i16 = 31_337;
/// A seed byte; printed as a list it would read "173, 173".
const SEED: u8 = 173;

#[track_caller]
fn says_nothing(value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.is_empty());
        assert!(!text.to_lowercase().contains(WORDS), "words in {text}");
        assert!(!text.contains(&SAMPLE.to_string()), "sound in {text}");
        assert!(!text.contains("173,"), "seed in {text}");
        // the words in base64, at each of the three alignments, without the characters that neighbours change
        for encoded in ["bWFyaWdvbG", "1hcmlnb2xk", "tYXJpZ29sZ"] {
            assert!(!text.contains(encoded), "words in base64 in {text}");
        }
    }
}

#[test]
fn secrets_and_seeds_are_unprintable() {
    says_nothing(&SecretText::new(WORDS.to_owned()));
    let mut mint = IdMint::new([SEED; 32]);
    says_nothing(&mint);
    mint.next_uuid();
    says_nothing(&mint);
}

/// Says nothing of words, and nothing of these bytes: neither in decimal, nor in hexadecimal, nor as text.
#[track_caller]
fn keeps(bytes: &[u8], value: &impl Debug) {
    says_nothing(value);
    let hex = hex::encode(bytes.get(..6).unwrap_or(bytes));
    let decimal: Vec<String> = bytes.iter().take(4).map(u8::to_string).collect();
    for text in [format!("{value:?}"), format!("{value:#?}").replace(char::is_whitespace, "")] {
        assert!(!text.to_lowercase().contains(&hex), "{text}");
        assert!(!text.contains(&decimal.join(", ")) && !text.contains(&decimal.join(",")), "{text}");
    }
}

#[test]
fn what_signs_is_unprintable() {
    let now = Timestamp::from_unix_millis(1_795_352_567_281);
    let date = Date::parse("20261122").expect("a date");
    let secret = || SecretText::new(WORDS.to_owned());
    let key = SigningKey::derive(&secret(), date, "us-east-1");
    let bytes = *key.expose();
    keeps(&bytes, &key);
    keeps(&bytes, &SigningKeys::from_derived(vec![key]));
    let keys = SigningKeys::from_secret(secret());
    keeps(&bytes, &keys);
    let credentials =
        SigningCredentials { access_key_id: "AKIDEXAMPLE".to_owned(), session_token: Some(secret()), keys };
    keeps(&bytes, &credentials);
    let url = StreamRequest::new("us-east-1", "amazon.nova-2-sonic-v1:0")
        .presign(&credentials, now)
        .expect("a key that covers every date");
    let seed = *url.signature();
    keeps(seed.as_bytes(), &url);
    keeps(seed.as_bytes(), &seed);
    let mut chain = ChunkSigner::new(credentials.keys, "us-east-1", seed, now);
    keeps(seed.as_bytes(), &chain);
    let signed = chain.sign(b"frame", now).expect("a key that covers every date");
    keeps(signed.signature.as_bytes(), &signed);
    keeps(signed.signature.as_bytes(), &chain);
}

/// Credentials of which everything secret is the words, in one alphabet or another.
fn temporary(expiration: Timestamp) -> TemporaryCredentials {
    TemporaryCredentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: SecretText::new(WORDS.to_owned()),
        session_token: SecretText::new(format!("token-{WORDS}")),
        expiration,
    }
}

#[test]
fn grants_are_unprintable() {
    let now = Timestamp::from_unix_millis(1_795_352_567_281);
    let expiration = Timestamp::from_unix_millis(1_795_353_467_000);
    let policy = ScopePolicy::new(Region::parse("us-east-1").expect("a region"), ModelId::default());
    says_nothing(&temporary(expiration));
    let date = Date::parse("20261122").expect("a date");
    let key = *SigningKey::derive(&SecretText::new(WORDS.to_owned()), date, "us-east-1").expose();
    let key_digits = base64_simd::STANDARD.encode_to_string(key);
    for mode in [GrantMode::SigningKeys, GrantMode::Plain] {
        let issued = Grant::issue(mode, temporary(expiration), &policy, now).expect("a good credential");
        keeps(&key, &issued);
        assert!(format!("{issued:?}").contains("ASIAEXAMPLE"));
        let json = issued.write_json();
        assert!(String::from_utf8_lossy(&json).contains(WORDS), "the serialiser writes what a browser needs");
        let read = Grant::read_json(&json, now).expect("what was written");
        keeps(&key, &read);
        assert!(!format!("{read:#?}").contains(&key_digits));
        keeps(&key, &read.into_signing_credentials());
    }
}

/// Whatever is wrong with credentials or with an answer, the error does not say what stood there.
#[test]
fn errors_of_grants_repeat_nothing() {
    let now = Timestamp::from_unix_millis(1_795_352_567_281);
    let expiration = Timestamp::from_unix_millis(1_795_353_467_000);
    let policy = ScopePolicy::new(Region::parse("us-east-1").expect("a region"), ModelId::default());
    let with = |change: fn(&mut TemporaryCredentials)| {
        let mut credentials = temporary(expiration);
        change(&mut credentials);
        Grant::issue(GrantMode::Plain, credentials, &policy, now).expect_err("a bad credential")
    };
    for error in [
        with(|credentials| credentials.access_key_id = format!("{WORDS}\n")),
        with(|credentials| credentials.secret_access_key = SecretText::new(format!("{WORDS}\n"))),
        with(|credentials| credentials.session_token = SecretText::new(format!("{WORDS}\n"))),
        with(|credentials| credentials.expiration = Timestamp::from_unix_millis(0)),
    ] {
        says_nothing(&error);
        assert!(!error.to_string().contains(WORDS), "{error}");
    }
    let issued =
        Grant::issue(GrantMode::SigningKeys, temporary(expiration), &policy, now).expect("a good one");
    let answer: serde_json::Value = serde_json::from_slice(&issued.write_json()).expect("JSON");
    let mut refused = 0;
    for field in answer.as_object().expect("an object").keys() {
        for value in [json!(format!("{WORDS} \u{e9}")), json!([WORDS]), json!({ WORDS: WORDS }), json!(-7)] {
            let mut changed = answer.clone();
            changed[field] = value;
            let Err(error) = Grant::read_json(changed.to_string().as_bytes(), now) else { continue };
            refused += 1;
            says_nothing(&error);
            assert!(!error.to_string().contains(WORDS), "{error}");
        }
    }
    assert_eq!(refused, answer.as_object().map_or(0, |fields| fields.len() * 4));
    for text in
        [WORDS.to_owned(), format!("{{\"{WORDS}\":"), format!("[\"{WORDS}\"]"), format!("{{\"a\":\"{WORDS}")]
    {
        let error = Grant::read_json(text.as_bytes(), now).expect_err("no grant");
        says_nothing(&error);
        assert!(!error.to_string().contains(WORDS), "{error}");
    }
}

/// Fails to compile if the type has the trait: then the two blankets are both candidates.
macro_rules! assert_lacks {
    ($type:ty: $($bound:path),+) => {$({
        trait Lacks<Which> {
            fn it() {}
        }
        impl<T: ?Sized> Lacks<()> for T {}
        struct Has;
        impl<T: ?Sized + $bound> Lacks<Has> for T {}
        <$type as Lacks<_>>::it();
    })+};
}

#[test]
fn secrets_have_no_trait_that_would_let_them_out() {
    assert_lacks!(SecretText: Clone, std::fmt::Display, serde::Serialize, AsRef<str>, std::ops::Deref);
    assert_lacks!(SigningKey: Clone, std::fmt::Display, serde::Serialize, AsRef<[u8]>, std::ops::Deref);
    assert_lacks!(TemporaryCredentials: Clone, std::fmt::Display, serde::Serialize);
    assert_lacks!(Grant: Clone, std::fmt::Display, serde::Serialize, PartialEq);
    assert_lacks!(SigningCredentials: Clone, std::fmt::Display, serde::Serialize);
}

#[test]
fn frames_print_neither_their_signature_nor_their_words() {
    let now = Timestamp::from_unix_millis(1_795_352_567_281);
    let keys = SigningKeys::from_secret(SecretText::new(WORDS.to_owned()));
    let seed = Signature::from_bytes([SEED; 32]);
    let mut encoder = Encoder::new(ChunkSigner::new(keys, "us-east-1", seed, now));
    says_nothing(&encoder);
    for event in client_events() {
        let mut bytes = Vec::new();
        encoder.encode(&event, now, &mut bytes).expect("a small event");
        says_nothing(&encoder);
        let mut frames = FrameDecoder::new();
        let (most, last) = bytes.split_at(bytes.len() - 1);
        frames.push(most);
        says_nothing(&frames);
        frames.push(last);
        let frame = frames.next_frame().expect("a whole frame").expect("a sound frame");
        let signature = frame.headers.iter().find(|header| header.name == ":chunk-signature");
        let signature = format!("{:?}", signature.map(|header| header.value));
        says_nothing(&frame);
        assert!(signature.contains("32 bytes"), "{signature}");
        let mut decoder = Decoder::new();
        decoder.push(most);
        says_nothing(&decoder);
    }
}

#[test]
fn sound_prints_its_length() {
    let pool = PcmPool::default();
    let pcm = pool.filled(&[SAMPLE; 3]);
    says_nothing(&pcm);
    drop(pcm);
    says_nothing(&pool);
    says_nothing(&vec![Pcm::from(vec![SAMPLE; 3])]);
    says_nothing(&Input::Audio(&[SAMPLE; 3]));
    says_nothing(&Event::Audio {
        pcm: vec![SAMPLE; 3].into(),
        rate: SampleRate::Hz24000,
        turn: TurnId::new(1),
    });
}

fn client_events() -> Vec<ClientEvent> {
    let (prompt_name, content_name) = ("prompt".into(), "content".into());
    vec![
        ClientEvent::TextInput { prompt_name, content_name, text: WORDS.to_owned() },
        ClientEvent::AudioInput {
            prompt_name: "prompt".into(),
            content_name: "content".into(),
            pcm: vec![SAMPLE; 3].into(),
        },
        ClientEvent::ToolResult {
            prompt_name: "prompt".into(),
            content_name: "content".into(),
            json: json!({ "said": WORDS }).to_string(),
        },
        ClientEvent::Unknown { name: "futureEvent".to_owned(), body: json!({ "said": WORDS }) },
    ]
}

fn server_events() -> Vec<ServerEvent> {
    let mut extra = Extra::new();
    extra.insert("said".to_owned(), WORDS.into());
    vec![
        ServerEvent::CompletionStart { ids: ServerIds::default(), extra: extra.clone() },
        ServerEvent::TextOutput {
            ids: ServerIds::default(),
            content_id: "c".into(),
            role: Some(Role::User),
            text: WORDS.to_owned(),
            extra: extra.clone(),
        },
        ServerEvent::AudioOutput {
            ids: ServerIds::default(),
            content_id: "c".into(),
            pcm: vec![SAMPLE; 3].into(),
            extra: extra.clone(),
        },
        ServerEvent::ToolUse {
            ids: ServerIds::default(),
            content_id: "c".into(),
            tool_use_id: "t".into(),
            tool_name: "look_up".to_owned(),
            input: json!({ "asked": WORDS }).to_string(),
            extra,
        },
        ServerEvent::Unknown { name: "futureEvent".to_owned(), body: json!({ "said": WORDS }) },
    ]
}

#[test]
fn events_of_both_sides_print_no_words() {
    for event in client_events() {
        says_nothing(&event);
        says_nothing(&Output::Send(event));
    }
    for event in server_events() {
        says_nothing(&event);
        says_nothing(&Input::Received(event));
    }
}

#[test]
fn what_an_application_gives_and_is_told_prints_no_words() {
    let call = "t".into();
    says_nothing(&Input::Text(WORDS));
    says_nothing(&Input::ToolResult { call: &call, json: WORDS });
    says_nothing(&Input::ToolFailed { call: &call, message: WORDS });
    let turn = TurnId::new(1);
    let told = [
        Event::Transcript { role: Role::User, text: WORDS.to_owned(), stage: Stage::Final, turn },
        Event::Interrupted { turn, heard: std::time::Duration::ZERO, text: WORDS.to_owned() },
        Event::ToolCall { id: "t".into(), name: "look_up".to_owned(), input: WORDS.to_owned() },
        Event::Unknown { name: "futureEvent".to_owned(), body: WORDS.into() },
    ];
    for event in told {
        says_nothing(&event);
        says_nothing(&Output::Emit(event));
    }
    says_nothing(&Message::user(WORDS));
}

fn config() -> SessionConfig {
    SessionConfig::default()
        .system_prompt(WORDS)
        .speech_prompt(WORDS.to_owned())
        .speak_first(WORDS.to_owned())
        .history(vec![Message::user(WORDS), Message::assistant(WORDS)])
}

#[test]
fn a_session_in_full_swing_prints_no_words() {
    says_nothing(&config());
    let mut session = Session::new(config(), [SEED; 32], Tick::ZERO).expect("a legal configuration");
    session.handle_input(Tick::ZERO, Input::Audio(&[SAMPLE; 512])).expect("no mistake");
    says_nothing(&session);
    session.handle_input(Tick::ZERO, Input::Connected).expect("no mistake");
    session.handle_input(Tick::ZERO, Input::Audio(&[SAMPLE; 512])).expect("no mistake");
    session.handle_input(Tick::ZERO, Input::Text(WORDS)).expect("no mistake");
    for event in server_events() {
        session.handle_input(Tick::ZERO, Input::Received(event)).expect("no mistake");
    }
    says_nothing(&session);
    says_nothing(&session.handover());
    assert!(session.handover().recent_audio.contains(&SAMPLE), "the session held sound to print");
    while let Some(output) = session.poll_output() {
        says_nothing(&output);
    }
}

#[test]
fn errors_repeat_nothing_of_what_they_refuse() {
    let garbled = format!(r#"{{"event":{{"textOutput":{{"content":"{WORDS}"#);
    let wrong = format!(r#"{{"event":{{"textOutput":{{"contentId":5,"content":["{WORDS}"]}}}}}}"#);
    let sound = format!(r#"{{"event":{{"audioOutput":{{"contentId":"a","content":"{WORDS}!"}}}}}}"#);
    for json in [garbled, wrong, sound] {
        let error = EventReader::default().read_server(json.as_bytes()).expect_err("a malformed event");
        says_nothing(&error);
        assert!(!error.to_string().contains(WORDS), "{error}");
    }
    for error in [
        ToolSpec::new(format!("{WORDS} {WORDS}"), "", "{}").expect_err("a name with a space"),
        ToolSpec::new("tool", "", &format!("[\"{WORDS}\"]")).expect_err("no object"),
    ] {
        says_nothing(&error);
        assert!(!error.to_string().contains(WORDS), "{error}");
    }
    let refused: [(SessionConfig, &str); 2] = [
        (SessionConfig::default().voice_id(format!("{WORDS}!")), "voice_id"),
        (SessionConfig::default().tool_choice(ToolChoice::Tool(WORDS.to_owned())), "tool_choice"),
    ];
    for (config, setting) in refused {
        let error: SessionError = Session::new(config, [SEED; 32], Tick::ZERO).expect_err("a wrong setting");
        says_nothing(&error);
        assert!(error.to_string().contains(setting) && !error.to_string().contains(WORDS), "{error}");
    }
}
