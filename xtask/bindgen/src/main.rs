//! `bindgen page|worker MODULE.wasm FOLDER`: writes the module and the JavaScript that calls it into a
//! folder.
//!
//! Owns: the options of the two uses. Must not know where modules come from. Invariant: the library
//! has the version of the crate `wasm-bindgen`, because Cargo.toml pins both alike.
//!
//! The library alone is built in half the time of the command-line tool around it, whose other half
//! is a server for tests in browsers.

use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "bindgen page|worker MODULE.wasm FOLDER";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Reads one module and writes what runs it; a text that says what is wrong.
fn run(words: &[String]) -> Result<(), String> {
    let [target, module, folder] = words else { return Err(format!("usage: {USAGE}")) };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).typescript(false);
    let target = match target.as_str() {
        // The module's address stands in the script, where Vite finds it and gives it its name.
        "page" => bindgen.omit_default_module_path(false).web(true),
        // Can be started anew after a panic: worker/js/entry.js does that.
        "worker" => bindgen
            .out_name("index")
            .reset_state_function(true)
            .force_enable_abort_handler(true)
            .module(true),
        other => return Err(format!("`{other}` is neither page nor worker; usage: {USAGE}")),
    };
    target.and_then(|bindgen| bindgen.generate(folder)).map_err(|error| format!("{error:#}"))
}
