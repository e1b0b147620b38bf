//! Writing files for the user: whole or not at all, and never over something by accident.

use std::fs;
use std::io::{BufWriter, IntoInnerError, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::error::{Error, Exit};

/// Writes a file through a temporary one beside it, so that a reader sees the old or the new text and nothing between.
pub(crate) fn replace(path: &Path, text: &[u8]) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        Error::new(Exit::Provider, format!("cannot write {}: {error}", path.display()))
    };
    let mut file = beside(path).map_err(failed)?;
    file.write_all(text).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A temporary file beside `path`, which may take its place.
pub(crate) fn beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    tempfile::Builder::new().prefix(".pf-").permissions(permissions(path)).tempfile_in(folder)
}

/// Lets a complete file take its place.
pub(crate) fn persist(file: BufWriter<NamedTempFile>, path: &Path) -> std::io::Result<()> {
    let file = file.into_inner().map_err(IntoInnerError::into_error)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A text as bytes, with the byte order mark of the file that it replaces and the line end of its first line. Line ends
/// never reach a model, and a work tree whose git makes them CRLF would otherwise never be clean.
pub(crate) fn in_the_manner_of(old: &[u8], text: &str) -> Vec<u8> {
    let mark = if old.starts_with("\u{feff}".as_bytes()) { "\u{feff}" } else { "" };
    let first_line = old.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = match first_line.ends_with(b"\r\n") {
        true => text.replace('\n', "\r\n"),
        false => text.to_owned(),
    };
    format!("{mark}{text}").into_bytes()
}

/// Those of the file that is replaced, else what a new file usually gets.
fn permissions(path: &Path) -> fs::Permissions {
    if let Ok(metadata) = fs::metadata(path) {
        return metadata.permissions();
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::Permissions::from_mode(0o644)
    }
    #[cfg(not(unix))]
    {
        fs::metadata(".").map(|m| m.permissions()).expect("the current folder exists")
    }
}
