//! `pf merge`

use std::path::Path;

use crate::cli::error::Error;

/// Reads a file of the command line.
#[expect(clippy::disallowed_methods, reason = "a file of the command line, which may lie anywhere")]
pub(super) fn read(path: &Path, shown: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::usage(format!("cannot read `{shown}`: {error}")))
}
