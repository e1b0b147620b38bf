//! Answers on this machine, in SQLite.
//!
//! Durable means: survives the death of the process. The database is in WAL mode with `synchronous=NORMAL`. A commit
//! then is a write to the log that the operating system holds, so `kill -9` loses nothing that was reported as
//! durable; only a crash of the whole machine may lose the last commits, and even that leaves the database whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tokio::sync::oneshot;

use super::open::{self, Opened, Warning};
use super::row::{self, Row};
use super::writer::Writer;
use crate::digest::{AnswerKey, KEY_FORMAT, answer_key_of, canonical_request};
use crate::message::{Answer, Request};
use crate::provider::Endpoint;

/// An answer that could not be read or kept.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is no database any more.
    #[error(
        "the store of answers is damaged ({0}); run again: it is then set aside, and what can be read of it is kept"
    )]
    Damaged(String),
    /// Another process has held it for too long.
    #[error(
        "the store of answers is locked by another process ({0}); try again when that has ended"
    )]
    Busy(String),
    /// The disk is full, or the file is not writable any more.
    #[error(
        "the store of answers cannot be used ({0}); check the free space and the permissions of the folder `.pf`"
    )]
    Unusable(String),
    /// The database cannot be opened for more than a run.
    #[error("{0}")]
    Unopened(Warning),
    /// A stored answer is not the one that was written.
    #[error("the stored answer {} is damaged ({reason})", key.0.short())]
    Answer {
        /// Its key.
        key: AnswerKey,
        /// What is wrong with it.
        reason: String,
    },
}

impl StoreError {
    pub(super) fn of(error: &rusqlite::Error) -> Self {
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(reason),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(reason),
            _ => Self::Unusable(reason),
        }
    }
}

/// An answer with everything that it is kept with.
#[derive(Clone, Debug)]
pub struct Cell {
    key: AnswerKey,
    endpoint: String,
    model: String,
    repeat: u32,
    request: String,
    answer: Answer,
    at: Timestamp,
    /// Whether the request is not the one that gave the key any more.
    redacted: bool,
}

impl Cell {
    /// The answer of `endpoint` to `request`, asked for the `repeat`th time, at `at`.
    ///
    /// Only a complete answer may come here: an error or a refusal by the network is nothing that was answered.
    pub fn new(
        request: &Request,
        repeat: u32,
        endpoint: &Endpoint,
        answer: Answer,
        at: Timestamp,
    ) -> Self {
        let text = canonical_request(request);
        Self {
            key: answer_key_of(&text, repeat),
            endpoint: endpoint.to_string(),
            model: request.model.id(),
            repeat,
            request: text,
            answer,
            at,
            redacted: false,
        }
    }

    /// What it is known by.
    pub fn key(&self) -> AnswerKey {
        self.key
    }

    /// Takes secrets out of the answer and out of the request that is kept to explain it. The key stays that of the
    /// request as it was sent.
    #[must_use]
    pub fn redacted(mut self, redact: &dyn Fn(&str) -> String) -> Self {
        let request = redact(&self.request);
        self.redacted |= request != self.request;
        self.request = request;
        self.answer = self.answer.redacted(redact);
        self
    }

    /// How it lies in the database.
    pub(super) fn row(&self) -> Row {
        let answer = serde_json::to_string(&self.answer)
            .expect("an answer holds no map with keys that are not strings");
        Row {
            key: self.key.to_string(),
            endpoint: self.endpoint.clone(),
            key_format: KEY_FORMAT,
            model: self.model.clone(),
            repeat: self.repeat,
            request: self.request.clone(),
            answer,
            at: self.at.to_string(),
            redacted: self.redacted,
            sum: None,
        }
        .summed()
    }
}

/// The answers that this machine remembers.
pub struct Store {
    place: Place,
    /// Older answers are not used.
    not_before: Option<String>,
}

type Forgetful = Mutex<BTreeMap<(AnswerKey, String), Answer>>;

enum Place {
    // The writer first: dropping it finishes what is under way.
    Disk { writer: Writer, reader: Mutex<Connection>, file: PathBuf },
    // What is new, then what is there.
    ReadOnly(Forgetful, Mutex<Connection>),
    Memory(Forgetful),
}

impl Store {
    /// Opens the store in `folder` (the project's `.pf`), which is made when it is missing.
    ///
    /// Never fails: what hinders is a warning, and then answers are kept for as long as this value lives.
    pub fn open(folder: &Path) -> (Self, Vec<Warning>) {
        let (opened, mut warnings) = open::open(folder);
        let place = match opened {
            Opened::Nothing => None,
            Opened::ReadOnly(reader) => Some(Place::ReadOnly(Mutex::default(), Mutex::new(reader))),
            Opened::Disk { writer, reader, file } => match Writer::start(writer, file.clone()) {
                Ok(writer) => Some(Place::Disk { writer, reader: Mutex::new(reader), file }),
                Err(error) => {
                    warnings.push(Warning::unusable(folder, &error));
                    None
                }
            },
        };
        let place = place.unwrap_or_else(|| Place::Memory(Mutex::default()));
        (Self { place, not_before: None }, warnings)
    }

    /// A store that forgets when it is dropped.
    pub fn in_memory() -> Self {
        Self { place: Place::Memory(Mutex::default()), not_before: None }
    }

    /// The same store without the answers that came before `oldest`.
    #[must_use]
    pub fn not_before(mut self, oldest: Option<Timestamp>) -> Self {
        self.not_before = oldest.map(|oldest| oldest.to_string());
        self
    }

    /// Whether answers outlive this value.
    pub fn is_durable(&self) -> bool {
        matches!(self.place, Place::Disk { .. })
    }

    /// The answer of `endpoint` that is known by `key`. Answers of other endpoints are not meant: the same name may be
    /// another model there.
    pub fn get(&self, key: AnswerKey, endpoint: &Endpoint) -> Result<Option<Answer>, StoreError> {
        let place = (key, endpoint.to_string());
        match &self.place {
            Place::Memory(answers) => Ok(lock(answers).get(&place).cloned()),
            Place::ReadOnly(answers, reader) => match lock(answers).get(&place) {
                Some(answer) => Ok(Some(answer.clone())),
                None => self.read(&lock(reader), key, &place.1),
            },
            Place::Disk { reader, file, .. } => {
                let answer = self.read(&lock(reader), key, &place.1);
                if matches!(answer, Err(StoreError::Damaged(_))) {
                    open::suspect(file);
                }
                answer
            }
        }
    }

    fn read(
        &self,
        reader: &Connection,
        key: AnswerKey,
        endpoint: &str,
    ) -> Result<Option<Answer>, StoreError> {
        let known = key.to_string();
        let found: Option<(String, String, Option<String>)> = reader
            .prepare_cached("SELECT answer, at, sum FROM answers WHERE key = ?1 AND endpoint = ?2")
            .and_then(|mut select| {
                select
                    .query_row(params![known, endpoint], |row| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                    })
                    .optional()
            })
            .map_err(|error| StoreError::of(&error))?;
        let Some((answer, at, sum)) = found else { return Ok(None) };
        if self.not_before.as_ref().is_some_and(|oldest| at < *oldest) {
            return Ok(None);
        }
        row::intact(&known, endpoint, &at, &answer, sum.as_deref())
            .map(Some)
            .map_err(|reason| StoreError::Answer { key, reason })
    }

    /// Remembers what a run found here and what it did not find, for those who look at the store later.
    pub fn looked(&self, hits: u64, misses: u64) {
        if let Place::Disk { writer, .. } = &self.place {
            writer.looked(hits, misses);
        }
    }

    /// Hands an answer over for keeping. It is durable when the receipt says so, and no sooner may it count.
    pub fn put(&self, cell: Cell) -> Receipt {
        match &self.place {
            Place::Disk { writer, .. } => Receipt(writer.put(cell)),
            Place::Memory(answers) | Place::ReadOnly(answers, _) => {
                lock(answers).insert((cell.key, cell.endpoint), cell.answer);
                let (done, receipt) = oneshot::channel();
                let _ = done.send(Ok(()));
                Receipt(receipt)
            }
        }
    }

    /// How many answers there are.
    pub fn len(&self) -> Result<u64, StoreError> {
        match &self.place {
            Place::Memory(answers) => Ok(lock(answers).len() as u64),
            Place::Disk { reader, .. } | Place::ReadOnly(_, reader) => lock(reader)
                .query_row("SELECT count(*) FROM answers", [], |row| row.get::<_, i64>(0))
                .map(i64::unsigned_abs)
                .map_err(|error| StoreError::of(&error)),
        }
    }

    /// Whether there is no answer at all.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no code panics while it holds this lock")
}

/// The promise that an answer will be durable.
#[must_use = "an answer counts only once it is durable"]
pub struct Receipt(oneshot::Receiver<Result<(), StoreError>>);

impl Receipt {
    /// Waits until the answer is durable, or says why it will not be.
    pub async fn durable(self) -> Result<(), StoreError> {
        self.0.await.unwrap_or_else(|_| Err(writer_gone()))
    }

    /// The same outside of any async runtime, in which it would panic.
    pub fn wait(self) -> Result<(), StoreError> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(writer_gone()))
    }
}

fn writer_gone() -> StoreError {
    StoreError::Unusable("its writer has ended".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, ModelSettings, ResponseFormat, Role};

    fn request(text: &str) -> Request {
        Request {
            model: ModelSettings { provider: "p".into(), name: "m".into(), ..Default::default() },
            messages: vec![Message::text(Role::User, text)],
            tools: Vec::new(),
            response: ResponseFormat::Text,
        }
    }

    fn endpoint(text: &str) -> Endpoint {
        Endpoint::parse(text).unwrap()
    }

    fn here() -> Endpoint {
        endpoint("https://here.example/v1")
    }

    fn cell(text: &str, output: &str) -> Cell {
        let answer = Answer {
            output: output.into(),
            finish: Some("stop".into()),
            latency_ms: Some(12.5),
            ..Answer::default()
        };
        Cell::new(&request(text), 1, &here(), answer, Timestamp::UNIX_EPOCH)
    }

    fn output(store: &Store, text: &str) -> Option<String> {
        store.get(cell(text, "").key(), &here()).unwrap().map(|answer| answer.output)
    }

    fn open(folder: &Path) -> Store {
        let (store, warnings) = Store::open(folder);
        assert!(warnings.is_empty(), "{warnings:?}");
        assert!(store.is_durable());
        store
    }

    #[test]
    fn remembers_the_whole_answer() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let cell = cell("q", "a");
        assert_eq!(store.get(cell.key(), &here()), Ok(None));
        store.put(cell.clone()).wait().unwrap();
        assert_eq!(store.get(cell.key(), &here()), Ok(Some(cell.answer.clone())));
        assert_eq!(store.get(answer_key_of(&cell.request, 2), &here()), Ok(None));
    }

    #[test]
    fn an_answer_is_that_of_one_endpoint() {
        let folder = tempfile::tempdir().unwrap();
        for store in [open(folder.path()), Store::in_memory()] {
            let cell = cell("q", "a");
            let key = cell.key();
            store.put(cell).wait().unwrap();
            for other in
                ["http://here.example/v1", "https://here.example:1/v1", "https://here.example/v2"]
            {
                assert_eq!(store.get(key, &endpoint(other)), Ok(None), "{other}");
            }
            assert!(store.get(key, &endpoint("https://here.example:443/v1/")).unwrap().is_some());
        }
    }

    #[test]
    fn the_newest_answer_counts() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        store.put(cell("q", "old")).wait().unwrap();
        store.put(cell("q", "new")).wait().unwrap();
        assert_eq!(output(&store, "q").as_deref(), Some("new"));
        assert_eq!(store.len(), Ok(1));
    }

    #[test]
    fn what_is_durable_is_there_for_others_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        for count in 0..100 {
            store.put(cell(&format!("q{count}"), "a")).wait().unwrap();
        }
        // The first is still open and has written nothing more: what a killed process leaves behind.
        let other = open(folder.path());
        assert_eq!(other.len(), Ok(100));
        assert_eq!(output(&store, "q99").as_deref(), Some("a"));
    }

    #[test]
    fn survives_without_being_closed() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        store.put(cell("q", "a")).wait().unwrap();
        std::mem::forget(store);
        assert_eq!(output(&open(folder.path()), "q").as_deref(), Some("a"));
    }

    const VICTIM: &str = "PF_TEST_STORE_OF_VICTIM";

    /// Runs this test again as a child, kills it while it writes, and looks for all that it had reported.
    #[test]
    fn what_was_reported_survives_a_kill() {
        use std::io::{BufRead as _, BufReader};

        #[expect(clippy::disallowed_methods, reason = "tells the child from its parent")]
        if let Some(folder) = std::env::var_os(VICTIM) {
            let store = open(Path::new(&folder));
            for count in 0.. {
                store.put(cell(&format!("q{count}"), "a")).wait().unwrap();
                println!("\nreported {count}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::cells::tests::what_was_reported_survives_a_kill",
                "--nocapture",
            ])
            .env(VICTIM, folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line == "reported 50"));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.filter_map(|line| line.strip_prefix("reported ")?.parse().ok()).last();
        let store = open(folder.path());
        for count in 0..=last.unwrap_or(50) {
            assert_eq!(output(&store, &format!("q{count}")).as_deref(), Some("a"), "{count}");
        }
    }

    #[test]
    fn dropping_waits_for_what_is_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let receipts: Vec<Receipt> =
            (0..1000).map(|count| store.put(cell(&format!("q{count}"), "a"))).collect();
        drop(store);
        assert!(receipts.into_iter().all(|receipt| receipt.wait().is_ok()));
        assert_eq!(open(folder.path()).len(), Ok(1000));
    }

    #[test]
    fn many_may_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    let store = open(folder);
                    let receipts: Vec<Receipt> = (0..100)
                        .map(|count| store.put(cell(&format!("{writer}-{count}"), "a")))
                        .collect();
                    for receipt in receipts {
                        receipt.wait().unwrap();
                    }
                });
            }
        });
        assert_eq!(open(folder.path()).len(), Ok(400));
    }

    #[test]
    fn receipts_can_be_awaited() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.put(cell("q", "a")).durable()).unwrap();
        assert_eq!(output(&store, "q").as_deref(), Some("a"));
    }

    #[test]
    fn secrets_do_not_reach_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let sent = cell("the word is xyzzy", "xyzzy it is");
        let key = sent.key();
        let kept = sent.redacted(&|text| text.replace("xyzzy", "****"));
        assert!(!kept.request.contains("xyzzy"));
        store.put(kept).wait().unwrap();
        assert_eq!(store.get(key, &here()).unwrap().unwrap().output, "**** it is");
    }

    #[test]
    fn an_answer_that_rotted_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let cell = cell("q", "the answer is 41");
        let key = cell.key();
        store.put(cell.clone()).wait().unwrap();
        let file = Connection::open(folder.path().join("cells.db")).unwrap();
        for (column, from, to) in [("answer", "41", "47"), ("at", "1970", "2070")] {
            let change = |from: &str, to: &str| {
                let sql = format!("UPDATE answers SET {column} = replace({column}, ?1, ?2)");
                assert_eq!(file.execute(&sql, (from, to)), Ok(1));
            };
            change(from, to);
            let found = store.get(key, &here());
            assert!(matches!(found, Err(StoreError::Answer { .. })), "{column}: {found:?}");
            change(to, from);
            assert!(store.get(key, &here()).unwrap().is_some());
        }
        file.execute("UPDATE answers SET answer = '{'", ()).unwrap();
        // Asking again mends it.
        store.put(cell).wait().unwrap();
        assert_eq!(output(&store, "q").as_deref(), Some("the answer is 41"));
    }

    #[test]
    fn an_answer_that_is_too_old_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        store.put(cell("q", "a")).wait().unwrap();
        let after = Timestamp::from_second(1).unwrap();
        let store = store.not_before(Some(Timestamp::UNIX_EPOCH));
        assert_eq!(output(&store, "q").as_deref(), Some("a"));
        let store = store.not_before(Some(after));
        assert_eq!(output(&store, "q"), None);
    }

    #[test]
    fn a_full_disk_is_said_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let (opened, _) = open::open(folder.path());
        let Opened::Disk { writer, file, .. } = opened else { panic!("a new folder") };
        // SQLite says the same when the file system has no room.
        writer.pragma_update(None, "max_page_count", 12).unwrap();
        let writer = Writer::start(writer, file).unwrap();
        assert_eq!(Receipt(writer.put(cell("q", "a"))).wait(), Ok(()));
        let large = writer.put(cell("large", &"a".repeat(100_000)));
        let error = Receipt(large).wait().unwrap_err();
        assert!(matches!(&error, StoreError::Unusable(_)), "{error}");
        assert!(error.to_string().contains("check the free space"), "{error}");
        drop(writer);
        assert_eq!(output(&open(folder.path()), "q").as_deref(), Some("a"));
    }
}
