//! Opening the database: its folder, its schema, and what to do with one that is broken.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::cells::StoreError;
use super::row::Conflict;
use super::schema::{self, MigrationError};
use super::{runs, salvage};

const FILE: &str = "cells.db";

/// Ends the name of the database that is to take the place of a damaged one.
const REBUILT: &str = ".rebuilt";

/// How long to wait for other processes that write. They hold the lock for milliseconds; a laptop that wakes up may
/// take longer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Databases up to this size are checked as a whole when they are opened, which takes milliseconds.
const CHECKED_SIZE: u64 = 4 << 20;

/// Lies beside a database in which damage was met, so that the next who opens it looks at all of it.
const SUSPECT: &str = "cells.db.suspect";

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
        /// How many answers could be read and are in the new one.
        saved: u64,
    },
    /// Answers that are there are used, new ones are kept in memory only.
    ReadOnly {
        /// The folder of the store.
        folder: PathBuf,
        /// What the system said.
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
            Self::SetAside { to, reason, saved } => write!(
                f,
                "the store of answers was damaged ({reason}): it is now `{}`, and a new one was begun with {}",
                to.display(),
                match saved {
                    0 => "nothing in it, for no answer could be read".to_owned(),
                    1 => "the one answer that could be read".to_owned(),
                    saved => format!("the {saved} answers that could be read"),
                }
            ),
            Self::ReadOnly { folder, reason } => write!(
                f,
                "cannot keep answers in `{}` ({reason}): those that are there are used, new ones will be forgotten at the end",
                folder.display()
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
pub(super) enum Opened {
    /// Two connections to one database, of which only one writes.
    Disk {
        /// The one that writes.
        writer: Connection,
        /// The one that does not.
        reader: Connection,
        /// The database.
        file: PathBuf,
    },
    /// A database that only reads.
    ReadOnly(Connection),
    /// Nothing that could be used; the warnings say why.
    Nothing,
}

/// Opens the database in `folder`.
pub(super) fn open(folder: &Path) -> (Opened, Vec<Warning>) {
    let mut warnings = Vec::new();
    let opened = open_locked(folder, &mut warnings).unwrap_or_else(|warning| match warning {
        Warning::Unusable { folder, reason } => match read_only(&folder.join(FILE)) {
            Some(reader) => {
                warnings.push(Warning::ReadOnly { folder, reason });
                Opened::ReadOnly(reader)
            }
            None => {
                warnings.push(Warning::Unusable { folder, reason });
                Opened::Nothing
            }
        },
        warning => {
            warnings.push(warning);
            Opened::Nothing
        }
    });
    (opened, warnings)
}

/// The database of `folder`, where there is one.
pub(super) fn file(folder: &Path) -> Option<PathBuf> {
    Some(folder.join(FILE)).filter(|file| file.exists())
}

/// Makes sure that whoever opens the database next looks at all of it.
pub(super) fn suspect(file: &Path) {
    // Where this cannot be written, the error that led here is shown all the same.
    let _ = File::create(file.with_file_name(SUSPECT));
}

fn open_locked(folder: &Path, warnings: &mut Vec<Warning>) -> Result<Opened, Warning> {
    let unusable = |error: &dyn fmt::Display| Warning::unusable(folder, error);
    make_folder(folder).map_err(|error| unusable(&error))?;
    // Two processes must not both find the file damaged, or the later one would set the new file of the other aside.
    let lock = File::create(folder.join("lock")).map_err(|error| unusable(&error))?;
    wait_for(&lock).map_err(|reason| unusable(&reason))?;
    let file = folder.join(FILE);
    let rebuilt = with_suffix(&file, REBUILT);
    if !file.exists() && rebuilt.exists() {
        // Whoever set the damaged one aside was stopped before the last step.
        fs::rename(&rebuilt, &file).map_err(|error| unusable(&error))?;
    }
    let suspect = folder.join(SUSPECT);
    let outcome = match connect(&file, suspect.exists()) {
        Err(Failure::Damaged(reason)) => match rebuild(&file, &rebuilt) {
            Ok((to, saved)) => {
                warnings.push(Warning::SetAside { to, reason, saved });
                connect(&file, false)
            }
            Err(failure) => Err(failure),
        },
        outcome => outcome,
    };
    match outcome {
        Ok((writer, reader)) => match fs::remove_file(suspect) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(&error)),
            _ => Ok(Opened::Disk { writer, reader, file }),
        },
        Err(Failure::Newer) => Err(Warning::Newer { file }),
        Err(Failure::Damaged(reason) | Failure::Other(reason)) => Err(unusable(&reason)),
    }
}

/// Takes the lock, but not at any price: whoever holds it may hang.
fn wait_for(lock: &File) -> Result<(), String> {
    let until = Instant::now() + BUSY_TIMEOUT;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::Error(error)) => return Err(error.to_string()),
            Err(fs::TryLockError::WouldBlock) if Instant::now() > until => {
                return Err("another process has been opening it for too long".to_owned());
            }
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// A database that cannot be written, as long as its tables are those of today.
fn read_only(file: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let usable = |connection: &Connection| {
        schema::version_of(connection)
            .is_ok_and(|version| version as usize == schema::MIGRATIONS.len())
    };
    let plain = Connection::open_with_flags(file, flags).ok().filter(usable);
    plain.or_else(|| {
        // SQLite keeps its index of the log beside the database, unless it may take the file for unchanging.
        let has_log = fs::metadata(with_suffix(file, "-wal")).is_ok_and(|log| log.len() > 0);
        let path = file.to_str().filter(|_| !has_log)?;
        let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let uri = format!("file:{path}?immutable=1");
        let flags = flags | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(uri, flags).ok().filter(usable)
    })
}

/// Makes a new database of what can be read of a damaged one, and only then sets that aside: at no moment is it gone
/// without being replaced.
fn rebuild(file: &Path, rebuilt: &Path) -> Result<(PathBuf, u64), Failure> {
    for suffix in ["", "-wal", "-shm"] {
        match fs::remove_file(with_suffix(rebuilt, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let (mut writer, reader) = connect(rebuilt, false)?;
    drop(reader);
    let saved = refill(&mut writer, file)?;
    writer.close().map_err(|(_, error)| error)?;
    let to = set_aside(file)?;
    fs::rename(rebuilt, file)?;
    Ok((to, saved))
}

fn refill(writer: &mut Connection, damaged: &Path) -> Result<u64, Failure> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut saved = 0;
    let mut failed = None;
    let mut insert = Conflict::Replace.prepare(&transaction)?;
    salvage::each_row(damaged, &mut |row| match row.write(&mut insert) {
        Ok(_) => saved += 1,
        Err(error) => failed = Some(error),
    });
    drop(insert);
    match failed {
        Some(error) => Err(Failure::Other(error.to_string())),
        None => {
            runs::salvage(damaged, &transaction)?;
            transaction.commit()?;
            Ok(saved)
        }
    }
}

/// Makes the folder with the rights of its owner alone, and keeps git from seeing it: prompts and answers may be
/// confidential.
pub fn make_folder(folder: &Path) -> io::Result<()> {
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

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::Newer => Self::Newer,
            MigrationError::Sqlite(error) => error.into(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

/// Opens a database. One that is suspected of damage is looked at as a whole, and so is a small one.
fn connect(file: &Path, suspected: bool) -> Result<(Connection, Connection), Failure> {
    let mut writer = Connection::open(file)?;
    writer.busy_timeout(BUSY_TIMEOUT)?;
    writer.pragma_update(None, "journal_mode", "WAL")?;
    writer.pragma_update(None, "synchronous", "NORMAL")?;
    if suspected || fs::metadata(file).is_ok_and(|metadata| metadata.len() <= CHECKED_SIZE) {
        let verdict: String = writer.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(Failure::Damaged(verdict));
        }
    }
    schema::migrate(&mut writer)?;
    let reader = Connection::open(file)?;
    reader.busy_timeout(BUSY_TIMEOUT)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok((writer, reader))
}

/// Moves a damaged database with its log out of the way, so that it can still be looked at.
fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S");
    let mut target = with_suffix(file, &format!(".damaged-{time}"));
    let mut count = 1;
    while target.exists() {
        count += 1;
        target = with_suffix(file, &format!(".damaged-{time}-{count}"));
    }
    fs::rename(file, &target)?;
    for suffix in ["-wal", "-shm"] {
        match fs::rename(with_suffix(file, suffix), with_suffix(&target, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(target)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
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
        assert!(names(folder.path()).iter().any(|name| name.starts_with("cells.db.damaged-")));
        drop(store);
        assert!(Store::open(folder.path()).1.is_empty(), "the new one is whole");
    }

    const OLD: [&str; 4] = [
        include_str!("../../tests/fixtures/store/v1.sql"),
        include_str!("../../tests/fixtures/store/v2.sql"),
        include_str!("../../tests/fixtures/store/v3.sql"),
        include_str!("../../tests/fixtures/store/v4.sql"),
    ];

    fn old(folder: &Path, sql: &str) -> PathBuf {
        let file = folder.join(FILE);
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        file
    }

    fn answer_of_old(store: &Store) -> Option<String> {
        let key = "bfef2828b368b6e8018721fb53c1c68bfd588ae109d8194410caaca85a1d3dd7";
        let endpoint = crate::provider::Endpoint::parse("https://api.openai.com/v1").unwrap();
        store.get(key.parse().unwrap(), &endpoint).unwrap().map(|answer| answer.output)
    }

    #[test]
    fn answers_of_every_old_schema_are_found() {
        assert_eq!(OLD.len() + 1, schema::MIGRATIONS.len(), "a released schema has no fixture");
        for sql in OLD {
            let folder = tempfile::tempdir().unwrap();
            let file = old(folder.path(), sql);
            let (store, warnings) = Store::open(folder.path());
            assert!(warnings.is_empty(), "{warnings:?}");
            assert_eq!(answer_of_old(&store).as_deref(), Some("Hello!"));
            drop(store);
            let version = schema::version_of(&Connection::open(&file).unwrap()).unwrap();
            assert_eq!(version as usize, schema::MIGRATIONS.len());
        }
    }

    #[test]
    fn many_may_migrate_at_once() {
        let folder = tempfile::tempdir().unwrap();
        old(folder.path(), OLD[0]);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let (store, warnings) = Store::open(folder.path());
                    assert!(warnings.is_empty(), "{warnings:?}");
                    assert_eq!(answer_of_old(&store).as_deref(), Some("Hello!"));
                });
            }
        });
    }

    /// A store with so many answers, of one page each, and its file.
    fn filled(folder: &Path, rows: usize) -> PathBuf {
        let file = old(folder, OLD[2]);
        let mut connection = Connection::open(&file).unwrap();
        let connection = connection.transaction().unwrap();
        for count in 0..rows {
            let answer = format!("{{\"output\":\"{}\"}}", "a".repeat(3000));
            connection
                .execute(
                    "INSERT INTO answers (key, endpoint, key_format, model, repeat, request, answer, at) \
                     VALUES (?1, 'e', 1, 'm', 1, '{}', ?2, '2026-01-01T00:00:00Z')",
                    (format!("{count:064}"), answer),
                )
                .unwrap();
        }
        connection.commit().unwrap();
        file
    }

    fn bytes(file: &Path) -> Vec<u8> {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut File::open(file).unwrap(), &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_damaged_database_gives_what_can_be_read_to_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = filled(folder.path(), 200);
        let mut damaged = bytes(&file);
        let middle = damaged.len() / 2 / 4096 * 4096;
        damaged[middle..middle + 3 * 4096].fill(0xAA);
        write(&file, &damaged);
        let (store, warnings) = Store::open(folder.path());
        let [Warning::SetAside { to, saved, .. }] = &warnings[..] else { panic!("{warnings:?}") };
        assert!((190..=201).contains(saved), "{saved} of 201");
        assert_eq!(store.len(), Ok(*saved));
        // Opening it has marked its first page as one of a database with a log.
        assert!(bytes(to)[4096..] == damaged[4096..], "what was damaged can still be looked at");
        assert!(answer_of_old(&store).is_some());
        drop(store);
        assert!(Store::open(folder.path()).1.is_empty(), "the new one is whole");
        assert!(!names(folder.path()).iter().any(|name| name.contains(REBUILT)));
    }

    #[test]
    fn a_rebuild_that_was_cut_short_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let file = filled(folder.path(), 3);
        // The damaged one is set aside already, the new one not yet in its place.
        fs::rename(&file, with_suffix(&file, REBUILT)).unwrap();
        let (store, warnings) = Store::open(folder.path());
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(store.len(), Ok(4));
    }

    #[test]
    fn any_page_may_be_damaged_and_nothing_is_lost_unseen() {
        let folder = tempfile::tempdir().unwrap();
        let file = filled(folder.path(), 40);
        let whole = bytes(&file);
        for page in 0..whole.len() / 4096 {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(FILE);
            let mut damaged = whole.clone();
            damaged[page * 4096..(page + 1) * 4096].fill(0x5A);
            write(&file, &damaged);
            let (store, warnings) = Store::open(folder.path());
            assert!(store.is_durable());
            let left = store.len().unwrap();
            // A page that was damaged where nothing stands is no loss.
            assert!(left == 41 || !warnings.is_empty(), "page {page}: {left} are left");
            if let [Warning::SetAside { saved, .. }] = &warnings[..] {
                assert_eq!(left, *saved);
            }
        }
    }

    #[test]
    fn a_large_database_is_looked_at_once_it_is_suspected() {
        let folder = tempfile::tempdir().unwrap();
        let file = filled(folder.path(), 1200);
        let mut damaged = bytes(&file);
        assert!(damaged.len() as u64 > CHECKED_SIZE);
        let middle = damaged.len() / 2 / 4096 * 4096;
        damaged[middle..middle + 8192].fill(0xAA);
        write(&file, &damaged);
        let (store, warnings) = Store::open(folder.path());
        assert!(warnings.is_empty(), "{warnings:?}");
        drop(store);
        suspect(&file);
        let (store, warnings) = Store::open(folder.path());
        assert!(matches!(&warnings[..], [Warning::SetAside { .. }]), "{warnings:?}");
        assert!(store.len().unwrap() > 1100);
        assert!(!names(folder.path()).contains(&SUSPECT.to_owned()));
    }

    #[test]
    fn a_store_that_cannot_be_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        drop(old(folder.path(), OLD[0]));
        drop(Store::open(folder.path()));
        // As good as a folder without the right to write, which root has everywhere.
        fs::remove_file(folder.path().join("lock")).unwrap();
        fs::create_dir(folder.path().join("lock")).unwrap();
        let (store, warnings) = Store::open(folder.path());
        assert!(matches!(&warnings[..], [Warning::ReadOnly { .. }]), "{warnings:?}");
        assert!(!store.is_durable());
        assert_eq!(answer_of_old(&store).as_deref(), Some("Hello!"));
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
        let refused = crate::store::Archive::open(folder.path()).err();
        assert!(refused.is_some_and(|error| error.to_string().contains("newer pf")));
    }
}
