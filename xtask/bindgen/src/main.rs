//! `nova-sonic-bindgen <library.wasm> <folder> <name>`: the same library as a module for browsers, with its JavaScript
//! and its types, as `<name>_bg.wasm`, `<name>.js` and `<name>.d.ts`.
//!
//! A package of its own, and not a part of xtask, because what it is built from takes xtask's own time four times over,
//! and only who builds the browser package has to wait for it.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [library, folder, name] = arguments.as_slice() else {
        return complain("give a library, a folder and a name");
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(library)
        .out_name(name)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true);
    let done = bindgen.web(true).and_then(|bindgen| bindgen.generate(folder));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("{error:#}")),
    }
}

#[expect(clippy::print_stderr, reason = "a command line tool tells its caller what is wrong")]
fn complain(what: &str) -> ExitCode {
    eprintln!("error: {what}");
    ExitCode::FAILURE
}
