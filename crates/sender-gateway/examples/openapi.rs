//! Prints the API description as the code has it: `cargo xtask openapi` writes it to `openapi.json`.
#![allow(clippy::print_stdout, reason = "it prints")]

fn main() -> Result<(), serde_json::Error> {
    print!("{}", sender_gateway::describe()?);
    Ok(())
}
