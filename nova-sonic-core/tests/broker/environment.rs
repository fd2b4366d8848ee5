//! Endpoint, credentials and profile come from the environment, as with any AWS SDK.
//!
//! The environment belongs to the whole process, so each case runs in one of its own: this test program again.

use std::{path::Path, process::Command};

use nova_sonic_core::{broker::CredentialBroker, secret::SecretText};

use crate::{
    requests::{NOW, success},
    scripted::Scripted,
    stage::{ROLE, scope, subject},
};

#[tokio::test]
#[ignore = "run by the test below, in an environment of its own"]
async fn issues_from_the_environment() {
    let broker = CredentialBroker::builder()
        .scope(scope())
        .assume_role(ROLE)
        .session_name_key(SecretText::new("a key for names of sessions".to_owned()))
        .calendar(|| NOW);
    let broker = broker.build().await.unwrap();
    assert!(broker.issue(&subject("alice")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_environment_says_where_sts_is_and_who_asks() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAFROMENVIRONMENT0"), ("AWS_SECRET_ACCESS_KEY", "a-secret")];
    for place in ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"] {
        let sts = Scripted::start("200 OK", "", success("AssumeRole")).await;
        // what is empty is not set, as an unset variable of a compose file comes out
        let empty = [("AWS_ENDPOINT_URL_STS", ""), ("AWS_ENDPOINT_URL", "")];
        run(folder.path(), empty.into_iter().chain(keys).chain([(place, sts.url.as_str())])).await;
        assert!(sts.requests().iter().any(|request| request.contains("AKIAFROMENVIRONMENT0")), "{place}");
    }

    let sts = Scripted::start("200 OK", "", success("AssumeRole")).await;
    let profile = format!(
        "[profile voice]\nendpoint_url = {}\naws_access_key_id = AKIAFROMPROFILE00000\naws_secret_access_key = s\n",
        sts.url
    );
    std::fs::write(folder.path().join("config"), profile).unwrap();
    run(folder.path(), [("AWS_PROFILE", "voice")].into_iter()).await;
    assert!(sts.requests().iter().any(|request| request.contains("AKIAFROMPROFILE00000")));
}

/// Issues once in a process that has these variables and no others of AWS.
async fn run<'a>(folder: &Path, variables: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "environment::issues_from_the_environment"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_CONFIG_FILE", folder.join("config"));
    command.env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"));
    command.envs(variables);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
