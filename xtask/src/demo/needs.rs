//! What the demo needs of the machine: said in one sentence each, before anything is built.

use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use crate::{Done, failure::Failure, python::interpreter, python::interpreter::Interpreter, tools};

/// Where the page is, unless somebody says otherwise.
const PORT: u16 = 8000;
/// What the page's bundler runs on.
const NODE: (u32, u32) = (20, 19);

/// The compilers and interpreters of everything but Rust.
pub(crate) fn programs() -> Result<Interpreter, Failure> {
    tools::need_node_since(NODE)?;
    interpreter::any()
}

/// The port to serve at: the one asked for, or else the usual one, or, where nobody will type it, any.
pub(crate) fn port(asked: Option<u16>, headless: bool) -> Result<u16, Failure> {
    let wanted = asked.unwrap_or(if headless { 0 } else { PORT });
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| objection_to_port(wanted, &error))
}

fn objection_to_port(port: u16, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::AddrInUse {
        let advice = "name another one with `--port`, or any free one with `--port 0`";
        return Failure::new(format!("port {port} is taken by another program"), advice);
    }
    Failure::new(format!("port {port} cannot be listened on ({error})"), "name another one with `--port`")
}

/// What a conversation with AWS needs, as far as it can be seen from here.
pub(crate) fn aws() -> Done {
    let credentials_file = std::env::home_dir().map(|home| home.join(".aws"));
    let has_file = credentials_file
        .is_some_and(|folder| folder.join("credentials").exists() || folder.join("config").exists());
    objection_to_aws(|name| std::env::var_os(name).is_some_and(|value| value != OsStr::new("")), has_file)
        .map_or(Ok(()), Err)
}

/// Variables any of which leads to credentials.
const CREDENTIALS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

fn objection_to_aws(is_set: impl Fn(&str) -> bool, has_file: bool) -> Option<Failure> {
    let mut missing = Vec::new();
    if !has_file && !CREDENTIALS.iter().any(|name| is_set(name)) {
        missing.push(
            "credentials (AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a file in ~/.aws)",
        );
    }
    if !is_set("AWS_REGION") && !is_set("AWS_DEFAULT_REGION") {
        missing.push("a region with Nova Sonic (AWS_REGION, for example us-east-1)");
    }
    if !is_set("VOICE_ROLE_ARN") {
        missing.push("the role that pages are given for their conversations (VOICE_ROLE_ARN)");
    }
    (!missing.is_empty()).then(|| {
        Failure::new(
            format!("`--aws` needs {}", missing.join(", and ")),
            "docs/aws-setup.md makes them in ten minutes",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_named_with_the_way_out() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = other.local_addr().unwrap().port();
        let failure = port(Some(taken), true).unwrap_err().to_string();
        let advice = "name another one with `--port`, or any free one with `--port 0`";
        assert_eq!(failure, format!("port {taken} is taken by another program: {advice}"));
        drop(other);
        assert_eq!(port(Some(taken), false).unwrap(), taken);
    }

    #[test]
    fn without_a_wish_a_run_that_nobody_watches_takes_any_port() {
        assert!(port(None, true).unwrap() > 0);
    }

    #[test]
    fn what_aws_needs_is_said_in_one_sentence() {
        let said = |set: &[&str], has_file| {
            objection_to_aws(|name| set.contains(&name), has_file).map(|failure| failure.to_string())
        };
        assert_eq!(said(&["AWS_PROFILE", "AWS_REGION", "VOICE_ROLE_ARN"], false), None);
        assert_eq!(said(&["AWS_DEFAULT_REGION", "VOICE_ROLE_ARN"], true), None);
        let nothing = said(&[], false).unwrap();
        for part in ["AWS_ACCESS_KEY_ID", "AWS_REGION", "VOICE_ROLE_ARN", "docs/aws-setup.md"] {
            assert!(nothing.contains(part), "{nothing}");
        }
        let region = said(&["AWS_ACCESS_KEY_ID", "VOICE_ROLE_ARN"], false).unwrap();
        assert!(
            region.starts_with("`--aws` needs a region with Nova Sonic") && !region.contains("ROLE"),
            "{region}"
        );
    }
}
