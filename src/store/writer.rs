//! The one thread that writes to the database, and the groups in which it commits.
//!
//! A commit costs far more than an insert. While one commit is under way new answers queue up, and the next commit takes
//! them all, so a slow disk makes groups larger and not the run slower.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::cells::{Cell, StoreError};

/// Most answers in one transaction: bounds what one failed commit makes everyone ask again for.
const LARGEST_GROUP: usize = 256;

/// An answer on its way to the disk.
struct Job {
    cell: Cell,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// The queue before the writing thread. Dropping it waits until everything is on disk.
pub(super) struct Writer {
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let thread = std::thread::Builder::new()
            .name("pf-store".into())
            .spawn(move || write_all(connection, &jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(super) fn put(&self, cell: Cell) -> oneshot::Receiver<Result<(), StoreError>> {
        let (done, receipt) = oneshot::channel();
        if let Some(queue) = &self.queue {
            // Should the thread be gone, the receipt says so: its sender is dropped with the job.
            let _ = queue.send(Job { cell, done });
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

fn write_all(mut connection: Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter().take(LARGEST_GROUP - 1));
        let outcome = commit(&mut connection, &group).map_err(|error| StoreError::of(&error));
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
        let mut insert = transaction.prepare(super::cells::INSERT)?;
        for Job { cell, .. } in group {
            insert.execute(cell.row())?;
        }
    }
    transaction.commit()
}
