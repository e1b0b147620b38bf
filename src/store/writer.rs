//! The one thread that writes to the database, and the groups in which it commits.
//!
//! A commit costs far more than an insert. While one commit is under way new answers queue up, and the next commit takes
//! them all, so a slow disk makes groups larger and not the run slower.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use jiff::Timestamp;

use super::cells::{Cell, StoreError};
use super::row::Conflict;

/// Most answers in one transaction: bounds what one failed commit makes everyone ask again for.
const LARGEST_GROUP: usize = 256;

/// Runs whose lookups are remembered.
const REMEMBERED: u32 = 20;

/// Something on its way to the disk.
struct Job {
    what: What,
    done: oneshot::Sender<Result<(), StoreError>>,
}

#[expect(clippy::large_enum_variant, reason = "nearly all of them are answers")]
enum What {
    Answer(Cell),
    /// What a run found and did not find.
    Lookup {
        hits: u64,
        misses: u64,
    },
}

/// The queue before the writing thread. Dropping it waits until everything is on disk.
pub(super) struct Writer {
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// `file` is the database of the connection.
    pub(super) fn start(connection: Connection, file: PathBuf) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let thread = std::thread::Builder::new()
            .name("pf-store".into())
            .spawn(move || write_all(connection, &jobs, &file))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(super) fn put(&self, cell: Cell) -> oneshot::Receiver<Result<(), StoreError>> {
        self.send(What::Answer(cell))
    }

    pub(super) fn looked(&self, hits: u64, misses: u64) {
        drop(self.send(What::Lookup { hits, misses }));
    }

    fn send(&self, what: What) -> oneshot::Receiver<Result<(), StoreError>> {
        let (done, receipt) = oneshot::channel();
        if let Some(queue) = &self.queue {
            // Should the thread be gone, the receipt says so: its sender is dropped with the job.
            let _ = queue.send(Job { what, done });
        }
        receipt
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked on anything that a caller has not been told.
            let _ = thread.join();
        }
    }
}

fn write_all(mut connection: Connection, jobs: &Receiver<Job>, file: &Path) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter().take(LARGEST_GROUP - 1));
        let outcome = commit(&mut connection, &group).map_err(|error| StoreError::of(&error));
        if matches!(outcome, Err(StoreError::Damaged(_))) {
            super::open::suspect(file);
        }
        for job in group {
            // Nobody has to wait for the receipt.
            let _ = job.done.send(outcome.clone());
        }
    }
}

fn commit(connection: &mut Connection, group: &[Job]) -> rusqlite::Result<()> {
    // Takes the write lock at once: a transaction that read first could not wait for another process.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert = Conflict::Replace.prepare(&transaction)?;
        for Job { what, .. } in group {
            match what {
                What::Answer(cell) => {
                    cell.row().write(&mut insert)?;
                }
                What::Lookup { hits, misses } => {
                    transaction.execute(
                        "INSERT INTO lookups (at, hits, misses) VALUES (?1, ?2, ?3)",
                        (Timestamp::now().to_string(), hits.cast_signed(), misses.cast_signed()),
                    )?;
                    transaction.execute(
                        "DELETE FROM lookups WHERE id <= (SELECT max(id) FROM lookups) - ?1",
                        [REMEMBERED],
                    )?;
                }
            }
        }
    }
    transaction.commit()
}
