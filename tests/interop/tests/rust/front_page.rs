//! The example of the front page, word for word, in a process that finds the simulator as it would find AWS.

use std::process::Command;

use nova_sonic_interop::{simulator, utterance};
use nova_sonic_sim::{DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, model::Scenario};

#[expect(clippy::print_stdout, reason = "the reader of a front page wants to see something")]
mod example {
    // begin
    use nova_sonic_core::client::{Client, ClientError};
    use nova_sonic_core::session::SessionConfig;

    async fn ask(question: &[i16]) -> Result<Vec<i16>, ClientError> {
        let client = Client::builder().region("us-east-1").build().await?; // credentials as with any AWS SDK
        let (voice, mut events) = client.open(SessionConfig::default()).await?;
        voice.send_audio(question).await?; // at 16 kHz; silence fills the gaps after it
        let answer = events.answer().await?;
        println!("{}", answer.text);
        Ok(answer.pcm) // at 24 kHz
    }
    // end

    pub(super) async fn run(question: &[i16]) -> Result<Vec<i16>, ClientError> {
        ask(question).await
    }
}

#[test]
fn the_example_is_that_of_the_front_page_and_has_ten_lines() {
    let (_, from) = include_str!("front_page.rs").split_once("// begin\n").expect("the example begins");
    let (example, _) = from.split_once("    // end").expect("the example ends");
    let lines: Vec<&str> = example.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    let example = lines.join("\n");
    assert!(include_str!("../../../../README.md").contains(&example), "not in README.md:\n{example}");
    assert!(lines.iter().filter(|line| !line.is_empty()).count() <= 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_front_page_runs() {
    let simulator = simulator(Scenario::story()).await.expect("a free port");
    let endpoint = simulator.http_url();
    let program = std::env::current_exe().expect("this program");
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(program)
            .args(["--exact", "front_page::asks", "--ignored", "--nocapture"])
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_ACCESS_KEY)
            .output()
    });
    let ran = ran.await.expect("no panic").expect("it starts");
    let printed = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{printed}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(printed.contains("she has lost her way home."), "{printed}");
}

#[tokio::test]
#[ignore = "the other one runs it, with an environment that leads to its simulator"]
async fn asks() {
    let answer = example::run(&utterance(1000)).await.expect("an answer");
    assert!(answer.len() > 24_000, "{} samples", answer.len());
}
