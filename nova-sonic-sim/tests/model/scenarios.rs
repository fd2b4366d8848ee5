//! Scenario files, and those that are built in.

use std::{fs, path::Path, sync::Arc};

use nova_sonic_core::{audio::SampleRate, error::ErrorCode, event::Role};
use nova_sonic_sim::model::{ConversationConfig, Scenario};

use crate::client::{AUDIO, Client};

fn refused(json: &str) -> String {
    let error = Scenario::from_json(json).expect_err("a wrong scenario");
    assert_eq!(error.code(), ErrorCode::ConfigurationInvalid, "{json}");
    error.to_string()
}

#[test]
fn a_mistake_is_named_with_the_path_of_its_field() {
    for (json, start) in [
        (r#"{ "turns": [] }"#, ".: missing field `name`"),
        (r#"{ "name": "x", "turn": [] }"#, "turn: unknown field"),
        (r#"{ "name": "x", "turns": [{ "say": [{ "text": 7 }] }] }"#, "turns[0].say[0].text: invalid type"),
        (
            r#"{ "name": "x", "turns": [{}, { "say": [{ "text": " " }] }] }"#,
            "turns[1].say[0].text: a sentence",
        ),
        (
            r#"{ "name": "x", "turns": [{ "then": [{ "text": "So." }] }] }"#,
            "turns[0].then: there are no tools",
        ),
        (
            r#"{ "name": "x", "turns": [{ "fault": { "kind": "explode" } }] }"#,
            "turns[0].fault.kind: unknown variant",
        ),
        (r#"{ "name": "x", "turns": [{ "words": ["good night"] }] }"#, "turns[0].words: a word has letters"),
        (r#"{ "name": "x", "otherwise": "repeat" }"#, "otherwise: there is no turn"),
        (r#"{ "name": "x", "limits": { "idle_seconds": 0 } }"#, "limits: a limit of 0 s"),
        (r#"{ "name": "x" } more"#, ".: trailing characters at line 1"),
        ("", ".: EOF while parsing"),
    ] {
        let text = refused(json);
        assert!(text.starts_with(start), "{text}");
    }
}

#[test]
fn a_file_and_its_recordings_are_read_from_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.json");
    let error = Scenario::from_file(&path).unwrap_err();
    assert_eq!(error.code(), ErrorCode::FileInaccessible);

    fs::write(&path, r#"{ "name": "x", "turns": [{ "say": [{ "text": "So.", "recording": "so.wav" }] }] }"#)
        .unwrap();
    let error = Scenario::from_file(&path).unwrap_err();
    assert_eq!(error.code(), ErrorCode::FileInaccessible);
    assert!(error.to_string().contains("so.wav"));

    fs::write(folder.path().join("so.wav"), "no sound").unwrap();
    let error = Scenario::from_file(&path).unwrap_err();
    assert_eq!(error.code(), ErrorCode::WavInvalid);
    assert!(error.to_string().starts_with("turns[0].say[0].recording: "), "{error}");

    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    fs::copy(recordings.join("fox-night.wav"), folder.path().join("so.wav")).unwrap();
    let scenario = Scenario::from_file(&path).unwrap();
    let mut config = ConversationConfig::default();
    config.scenario = Arc::new(scenario);
    let mut client = Client::talking(config, &[]);
    client.speech(1000);
    client.silence(5000);
    assert_eq!(client.heard_audio().len(), 61 * 960, "2.425 s at 24 kHz, up to whole steps of 40 ms");
}

#[test]
fn the_built_in_files_can_be_read_where_they_lie() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for name in ["story", "storyteller", "weather"] {
        let scenario = Scenario::from_file(&folder.join(format!("{name}.json"))).unwrap();
        assert_eq!(format!("{scenario:?}"), format!("{:?}", Scenario::named(name).unwrap()));
    }
    let error = Scenario::named("opera").unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConfigurationInvalid);
}

#[test]
fn a_scenario_can_begin_again_or_fall_silent() {
    for (otherwise, answers) in [("repeat", 3), ("listen", 1), ("parrot", 1)] {
        let config = crate::client::scenario(&format!(
            r#"{{ "name": "x", "turns": [{{ "say": [{{ "text": "So." }}] }}], "otherwise": "{otherwise}" }}"#
        ));
        let mut client = Client::talking(config, &[]);
        for _ in 0..3 {
            client.speech(1000);
            client.silence(4000);
        }
        let lines = client.lines();
        let said = lines.iter().filter(|line| *line == "textOutput \"So.\"").count();
        assert_eq!(said, answers * 2, "{otherwise}");
        let sounds = lines.iter().filter(|line| line.starts_with("contentStart AUDIO")).count();
        assert_eq!(sounds, if otherwise == "listen" { 1 } else { 3 }, "{otherwise}");
    }
}

#[test]
fn the_story_answers_revises_and_says_good_night() {
    let mut config = ConversationConfig::default();
    config.scenario = Arc::new(Scenario::story());
    let mut client = Client::talking(config, &["revise_story"]);
    client.speech(1500);
    client.silence(9000);
    assert!(
        client
            .lines()
            .contains(&"textOutput \" But the old owl knows every path in the forest.\"".to_owned())
    );
    client.speech(1500);
    client.silence(6000);
    let calls = client.calls();
    let [(call, name, input)] = calls.as_slice() else { panic!("not one call") };
    assert_eq!(
        (name.as_str(), input.as_str()),
        ("revise_story", r#"{"change":"give the little fox a friend"}"#)
    );
    client.lines();
    client.tool_result("r", call, r#"{"title":"The fox and her friend"}"#);
    client.silence(8000);
    let lines = client.lines();
    assert!(lines.contains(&"textOutput \"The story is now called The fox and her friend.\"".to_owned()));
    client.speech(1500);
    client.silence(6000);
    assert!(client.lines().contains(&"textOutput \"And they all slept well. Good night!\"".to_owned()));
    client.speech(1500);
    client.silence(6000);
    assert!(client.lines().contains(&"textOutput \"(speech of 1.5 s)\"".to_owned()));
}

/// A client of the storyteller, whose system prompt has a story.
fn listener_of_stories() -> Client {
    let mut config = ConversationConfig::default();
    config.scenario = Arc::new(Scenario::storyteller());
    let mut client = Client::new(config);
    client.session_start(None);
    client.prompt_start("tiffany", SampleRate::Hz24000, &["revise_story"]);
    client.block(
        "s",
        Role::System,
        false,
        "You tell this story.\n<story>\nThere was a fox.\n</story>\nBe kind.",
    );
    client.audio_block(AUDIO);
    client
}

#[test]
fn the_storyteller_changes_the_story_of_the_prompt_as_the_second_who_speaks_asks_it_to() {
    let mut client = listener_of_stories();
    client.speech(1500);
    client.silence(9000);
    assert_eq!(client.calls(), [], "nobody has asked for anything yet");
    client.speech(1500);
    client.silence(6000);
    let calls = client.calls();
    let [(call, name, input)] = calls.as_slice() else { panic!("not one call") };
    assert_eq!(name, "revise_story");
    let input: serde_json::Value = serde_json::from_str(input).unwrap();
    assert_eq!(input["wish"], "The little fox has a friend.");
    let text = input["text"].as_str().unwrap();
    assert!(text.starts_with("There was a fox.\n\nThat evening"), "{text}");
    client.tool_result("r", call, r#"{"revision":2}"#);
    client.silence(6000);
    let said = "textOutput \"There we are. Now the little fox has a friend.\"".to_owned();
    assert!(client.lines().contains(&said));
}

#[test]
fn the_storyteller_can_be_interrupted_in_its_long_answer_and_goes_on_with_the_next() {
    let mut client = listener_of_stories();
    for _ in 0..2 {
        client.speech(1500);
        client.silence(9000);
    }
    client.speech(1500);
    client.silence(6000);
    client.lines();
    client.speech(1500);
    let lines = client.lines();
    assert!(lines.iter().any(|line| line.contains("interrupted")), "{lines:?}");
    client.silence(6000);
    let lines = client.lines();
    assert!(lines.contains(&"textOutput \"And they all slept well. Good night!\"".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("window of home")), "what nobody heard was not said");
}

#[test]
fn the_storyteller_answers_what_is_typed_by_its_words_and_parrots_what_is_off_script() {
    let mut client = listener_of_stories();
    client.silence(500);
    for (block, typed, answer) in [
        ("t1", "Good night, fox!", "And they all slept well. Good night!"),
        ("t2", "What is seven times seven?", "What is seven times seven?"),
        ("t3", "But why?", "The little fox is sad because she has lost her way home."),
    ] {
        client.block(block, Role::User, true, typed);
        client.silence(9000);
        assert!(client.lines().contains(&format!("textOutput {answer:?}")), "{typed}");
    }
    // what is spoken begins at the beginning all the same
    client.speech(1500);
    client.silence(9000);
    assert!(client.lines().contains(&"textOutput \"Why is the little fox so\"".to_owned()));
    for _ in 0..4 {
        client.speech(1500);
        client.silence(20_000);
    }
    assert!(
        client.lines().contains(&"textOutput \"(speech of 1.5 s)\"".to_owned()),
        "after its script it parrots"
    );
}
