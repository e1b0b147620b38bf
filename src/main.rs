//! The `pf` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    pf::cli::main()
}
