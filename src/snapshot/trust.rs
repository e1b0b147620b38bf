//! Whose files these are.
//!
//! A shared folder may hold a `pf.yaml` or a `.git` that someone else put there to be found. As git does, nothing of
//! another user is obeyed unless the folder was declared safe in the user's own configuration.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use super::SnapshotError;

/// Refuses `file` when another user owns it, unless its `folder` was declared safe.
pub(super) fn check_owner(file: &Path, folder: &Path) -> Result<(), SnapshotError> {
    let owned = gix::sec::identity::is_path_owned_by_current_user(file)
        .map_err(|source| SnapshotError::Io { path: file.to_owned(), source })?;
    if owned || is_declared_safe(folder, &safe_directories(), gix::path::env::home_dir().as_deref())
    {
        return Ok(());
    }
    Err(SnapshotError::ForeignOwner { path: file.to_owned(), allow: folder.to_owned() })
}

/// The values of `safe.directory`, which git reads from the user's and the system's configuration alone.
fn safe_directories() -> Vec<String> {
    let Ok(config) = gix::config::File::from_globals() else {
        return Vec::new();
    };
    let values = config.strings("safe.directory").unwrap_or_default();
    values.iter().filter_map(|value| value.to_str().ok().map(str::to_owned)).collect()
}

/// Whether one of `values` means `folder`: the folder itself, `*`, or `PARENT/*`. An empty value takes back those before it.
fn is_declared_safe(folder: &Path, values: &[String], home: Option<&Path>) -> bool {
    let mut safe = false;
    for value in values {
        safe = match value.as_str() {
            "" => false,
            "*" => true,
            value => safe || declares(value, folder, home),
        };
    }
    safe
}

fn declares(value: &str, folder: &Path, home: Option<&Path>) -> bool {
    let named = match (value.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => home.join(below),
        _ => PathBuf::from(value),
    };
    let real = |path: &Path| gix::path::realpath(path).unwrap_or_else(|_| path.to_owned());
    if !named.is_absolute() {
        return false;
    }
    match named.file_name().is_some_and(|name| name == "*").then(|| named.parent()).flatten() {
        Some(parent) => folder.starts_with(real(parent)),
        None => real(&named) == folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_directories_are_read_as_git_reads_them() {
        let home = Path::new("/home/ada");
        let safe = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            is_declared_safe(Path::new("/home/ada/src/repo"), &values, Some(home))
        };
        for values in [
            &["*"][..],
            &["/home/ada/src/repo"],
            &["~/src/repo"],
            &["/home/ada/src/*"],
            &["/home/*"],
            &["", "/elsewhere", "/home/ada/src/repo"],
        ] {
            assert!(safe(values), "{values:?}");
        }
        for values in [
            &[][..],
            &["/home/ada/src"],
            &["/home/ada/src/repo/prompts"],
            &["src/repo"],
            &["*", ""],
            &["/home/ada/src/repo", ""],
            &["/home/ada/sr*"],
        ] {
            assert!(!safe(values), "{values:?}");
        }
    }

    #[test]
    fn own_files_are_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pf.yaml");
        std::fs::File::create(&file).unwrap();
        check_owner(&file, folder.path()).unwrap();
    }
}
