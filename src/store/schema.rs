//! The tables of the database, and the steps that brought them to where they are.

use rusqlite::{Connection, TransactionBehavior};

/// The steps from an empty file to today's tables. `user_version` counts how many of them a file has seen; a step that
/// was released is never changed.
pub(super) const MIGRATIONS: [&str; 5] = [
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
    // `sum` is that of `row::sum_of`; rows from before have none. Where secrets were taken out of the request, it
    // does not give the key any more.
    "ALTER TABLE answers ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE answers ADD COLUMN sum TEXT;",
    // What the last runs found here, for `pf cache stats`.
    "CREATE TABLE lookups (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        hits INTEGER NOT NULL,
        misses INTEGER NOT NULL
    ) STRICT;",
    // What past runs came to: `runs::RunRecord` and `runs::ColumnRecord` as JSON beside what is looked for.
    "CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX runs_by_age ON runs (run);
    CREATE TABLE run_columns (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL,
        suite TEXT NOT NULL,
        prompt TEXT NOT NULL,
        model TEXT NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX run_columns_by_run ON run_columns (run_id);",
];

/// Why a database is not of today's form.
pub(super) enum MigrationError {
    /// A newer pf has made it.
    Newer,
    /// The database refused.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for MigrationError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Takes the steps that a database has not seen, each whole or not at all.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrationError> {
    loop {
        let version = version_of(connection)?;
        if version as usize == MIGRATIONS.len() {
            return Ok(());
        }
        let step = MIGRATIONS.get(version as usize).ok_or(MigrationError::Newer)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have taken the step in between.
        if version_of(&transaction)? == version {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", version + 1)?;
            transaction.commit()?;
        }
    }
}

/// How many steps a database has seen.
pub(super) fn version_of(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
