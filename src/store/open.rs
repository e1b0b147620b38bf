//! Opening the database: its folder, its schema, and what to do with one that is broken.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use super::cells::StoreError;

const FILE: &str = "cells.db";

/// How long to wait for other processes that write. They hold the lock for milliseconds; a laptop that wakes up may
/// take longer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Databases up to this size are checked as a whole when they are opened, which takes milliseconds.
const CHECKED_SIZE: u64 = 4 << 20;

/// The steps from an empty file to today's schema. `user_version` counts how many of them a file has seen; a step that
/// was released is never changed.
const MIGRATIONS: [&str; 2] = [
    "CREATE TABLE answers (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        key_format INTEGER NOT NULL,
        model TEXT NOT NULL,
        repeat INTEGER NOT NULL,
        request TEXT NOT NULL,
        answer TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (key, endpoint)
    ) STRICT;",
    // Pruning goes by age.
    "CREATE INDEX answers_by_age ON answers (at);",
];

/// What hindered the store from doing its work in full.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// Answers are kept in memory only.
    Unusable {
        /// The folder of the store.
        folder: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The database was broken; it lies beside the new one now.
    SetAside {
        /// Where it lies.
        to: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// A newer pf has made the database.
    Newer {
        /// The database.
        file: PathBuf,
    },
}

impl Warning {
    pub(super) fn unusable(folder: &Path, error: &dyn fmt::Display) -> Self {
        Self::Unusable { folder: folder.to_owned(), reason: error.to_string() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable { folder, reason } => write!(
                f,
                "cannot keep answers in `{}` ({reason}): they will be forgotten at the end, and asked for again next time",
                folder.display()
            ),
            Self::SetAside { to, reason } => write!(
                f,
                "the store of answers was damaged ({reason}): it is now `{}`, and a new one was begun",
                to.display()
            ),
            Self::Newer { file } => write!(
                f,
                "`{}` was made by a newer pf: answers will be forgotten at the end; update pf",
                file.display()
            ),
        }
    }
}

/// What opening came to.
#[expect(clippy::large_enum_variant, reason = "made once, and taken apart at once")]
pub(super) enum Opened {
    /// Two connections to one database, of which only one writes.
    Disk { writer: Connection, reader: Connection },
    /// Nothing that could be used; the warnings say why.
    Nothing,
}

/// Opens the database in `folder`.
pub(super) fn open(folder: &Path) -> (Opened, Vec<Warning>) {
    let mut warnings = Vec::new();
    let opened = open_locked(folder, &mut warnings).unwrap_or_else(|warning| {
        warnings.push(warning);
        Opened::Nothing
    });
    (opened, warnings)
}

fn open_locked(folder: &Path, warnings: &mut Vec<Warning>) -> Result<Opened, Warning> {
    let unusable = |error: &dyn fmt::Display| Warning::unusable(folder, error);
    make_folder(folder).map_err(|error| unusable(&error))?;
    // Two processes must not both find the file damaged, or the later one would set the new file of the other aside.
    let lock = File::create(folder.join("lock")).map_err(|error| unusable(&error))?;
    lock.lock().map_err(|error| unusable(&error))?;
    let file = folder.join(FILE);
    let outcome = match connect(&file) {
        Err(Failure::Damaged(reason)) => {
            let to = set_aside(&file).map_err(|error| unusable(&error))?;
            warnings.push(Warning::SetAside { to, reason });
            connect(&file)
        }
        outcome => outcome,
    };
    match outcome {
        Ok((writer, reader)) => Ok(Opened::Disk { writer, reader }),
        Err(Failure::Newer) => Err(Warning::Newer { file }),
        Err(Failure::Damaged(reason) | Failure::Other(reason)) => Err(unusable(&reason)),
    }
}

/// Makes the folder with the rights of its owner alone, and keeps git from seeing it: prompts and answers may be
/// confidential.
fn make_folder(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let ignore = folder.join(".gitignore");
    if ignore.exists() {
        return Ok(());
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(b"*\n")?;
    match file.persist_noclobber(&ignore) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

enum Failure {
    Damaged(String),
    Newer,
    Other(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match StoreError::of(&error) {
            StoreError::Damaged(reason) => Self::Damaged(reason),
            _ => Self::Other(error.to_string()),
        }
    }
}

fn connect(file: &Path) -> Result<(Connection, Connection), Failure> {
    let mut writer = Connection::open(file)?;
    writer.busy_timeout(BUSY_TIMEOUT)?;
    writer.pragma_update(None, "journal_mode", "WAL")?;
    writer.pragma_update(None, "synchronous", "NORMAL")?;
    if fs::metadata(file).is_ok_and(|metadata| metadata.len() <= CHECKED_SIZE) {
        let verdict: String = writer.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(Failure::Damaged(verdict));
        }
    }
    migrate(&mut writer)?;
    let reader = Connection::open(file)?;
    reader.busy_timeout(BUSY_TIMEOUT)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok((writer, reader))
}

fn migrate(connection: &mut Connection) -> Result<(), Failure> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Some(missing) = MIGRATIONS.get(version as usize..) else {
        return Err(Failure::Newer);
    };
    for (migration, reached) in missing.iter().zip(version + 1..) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", reached)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Moves a damaged database with its log out of the way, so that it can still be looked at.
fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S");
    let mut target = file.with_file_name(format!("cells.damaged-{time}.db"));
    let mut count = 1;
    while target.exists() {
        count += 1;
        target = file.with_file_name(format!("cells.damaged-{time}-{count}.db"));
    }
    fs::rename(file, &target)?;
    for suffix in ["-wal", "-shm"] {
        let with_suffix = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        match fs::rename(with_suffix(file), with_suffix(&target)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::super::cells::Store;
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn write(file: &Path, bytes: &[u8]) {
        File::create(file).unwrap().write_all(bytes).unwrap();
    }

    #[test]
    fn the_folder_is_private_and_ignored() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(".pf");
        let (store, warnings) = Store::open(&folder);
        assert!(warnings.is_empty() && store.is_durable());
        assert_eq!(
            io::read_to_string(File::open(folder.join(".gitignore")).unwrap()).unwrap(),
            "*\n"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_users_own_ignore_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join(".gitignore"), b"!keep\n");
        drop(Store::open(folder.path()));
        let text =
            io::read_to_string(File::open(folder.path().join(".gitignore")).unwrap()).unwrap();
        assert_eq!(text, "!keep\n");
    }

    #[test]
    fn a_place_that_cannot_be_used_is_a_warning() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        write(&file, b"");
        let (store, warnings) = Store::open(&file.join(".pf"));
        assert!(!store.is_durable());
        assert!(matches!(&warnings[..], [Warning::Unusable { .. }]), "{warnings:?}");
    }

    #[test]
    fn a_damaged_database_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        write(&file, &b"this is no database, not even a little one. ".repeat(100));
        let (store, warnings) = Store::open(folder.path());
        assert!(store.is_durable());
        assert_eq!(store.len(), Ok(0));
        let [Warning::SetAside { to, .. }] = &warnings[..] else { panic!("{warnings:?}") };
        assert!(to.is_file());
        assert!(names(folder.path()).iter().any(|name| name.starts_with("cells.damaged-")));
        drop(store);
        assert!(Store::open(folder.path()).1.is_empty(), "the new one is whole");
    }

    #[test]
    fn a_database_that_lost_its_middle_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()));
        let file = folder.path().join(FILE);
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut File::open(&file).unwrap(), &mut bytes).unwrap();
        bytes[4096..].fill(0xAA);
        write(&file, &bytes);
        let (store, warnings) = Store::open(folder.path());
        assert!(store.is_durable());
        assert!(matches!(&warnings[..], [Warning::SetAside { .. }]), "{warnings:?}");
    }

    #[test]
    fn an_old_schema_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let old = Connection::open(&file).unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        old.execute(
            "INSERT INTO answers (key, endpoint, key_format, model, repeat, request, answer, at) \
             VALUES ('k', 'e', 1, 'm', 1, '{}', '{\"output\":\"a\"}', '2026-01-01T00:00:00Z')",
            [],
        )
        .unwrap();
        drop(old);
        let (store, warnings) = Store::open(folder.path());
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(store.len(), Ok(1));
        drop(store);
        let version: u32 = Connection::open(&file)
            .unwrap()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version as usize, MIGRATIONS.len());
    }

    #[test]
    fn a_newer_schema_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let newer = Connection::open(&file).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        drop(newer);
        let (store, warnings) = Store::open(folder.path());
        assert!(!store.is_durable());
        assert_eq!(warnings, [Warning::Newer { file }]);
    }
}
