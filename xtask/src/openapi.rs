//! `openapi.json`: the API description, written from the types of the agency door.

use anyhow::{Result, bail};

use crate::{
    command::{cargo, output, program, run as act},
    outside::target,
};

/// Text of `cargo xtask openapi --help`.
pub const HELP: &str = "
Usage: cargo xtask openapi [--check]

Writes crates/sender-gateway/openapi.json from the operations and types of the agency door. --check writes nothing and
fails when the file is not what would be written.";

const FILE: &str = "crates/sender-gateway/openapi.json";

/// The task; the same check is a test of the door. xtask itself does not link the door: it would be built each time that a word of the door changes.
pub fn run(arguments: &[String]) -> Result<()> {
    let writes = match arguments {
        [] => true,
        [flag] if flag == "--check" => false,
        _ => bail!("openapi takes --check and nothing else, not {arguments:?}"),
    };
    // The whole workspace is named so that libraries have the features that they have in its tests.
    act(cargo().args(["build", "--quiet", "--locked", "--workspace", "--example", "openapi"]))?;
    let described = output(&mut program(target()?.join("debug/examples/openapi")))?;
    if writes {
        std::fs::write(FILE, &described)?;
        println!("wrote {FILE}");
        return Ok(());
    }
    if std::fs::read_to_string(FILE).is_ok_and(|text| text == described) {
        return Ok(());
    }
    bail!("{FILE} is not what the agency door says; run: cargo xtask openapi")
}
