//! Saving what can still be read of a damaged database.
//!
//! Rows lie in pages, and damage hits pages. Reading from the front stops at the first page that is broken, reading from
//! the back at the last; between them every row is tried by itself. A row counts only when its answer reads as one.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::row::Row;

/// Most rows between two broken pages that are tried one by one. Each try is a walk down a tree.
const MOST_TRIES: i64 = 1_000_000;

/// Bytes that a row takes at least: two digests and a time.
const SMALLEST: i64 = 128;

/// Calls `keep` with each row that can be read, once.
pub(super) fn each_row(file: &Path, keep: &mut dyn FnMut(Row)) {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // What cannot be opened holds nothing that could be saved.
    if let Ok(connection) = Connection::open_with_flags(file, flags) {
        let _ = salvage(&connection, keep);
    }
}

fn salvage(connection: &Connection, keep: &mut dyn FnMut(Row)) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cell_size_check", true)?;
    let columns = columns(connection)?;
    let mut whole = |row: Row| {
        if row.intact().is_ok() {
            keep(row);
        }
    };
    let mut low = i64::MIN;
    let forward = format!("SELECT id, {columns} FROM answers NOT INDEXED ORDER BY id");
    let end = walk(connection, &forward, &mut |id, row| {
        // A tree that leads back to itself would go on for ever.
        if id <= low {
            return ControlFlow::Break(());
        }
        low = id;
        whole(row);
        ControlFlow::Continue(())
    });
    if end.is_ok() {
        return Ok(());
    }
    let mut high = i64::MAX;
    let backward = format!("SELECT id, {columns} FROM answers NOT INDEXED ORDER BY id DESC");
    let _ = walk(connection, &backward, &mut |id, row| {
        if id >= high || id <= low {
            return ControlFlow::Break(());
        }
        high = id;
        whole(row);
        ControlFlow::Continue(())
    });
    let first = low.max(0).saturating_add(1);
    let tries = match (low, high) {
        // Whatever way leads to any row is broken.
        (i64::MIN, i64::MAX) => return Ok(()),
        // Nobody knows how many there were, but there is not room for more than these.
        (_, i64::MAX) => size(connection)? / SMALLEST,
        _ => high.saturating_sub(first),
    };
    let mut select =
        connection.prepare(&format!("SELECT {columns} FROM answers NOT INDEXED WHERE id = ?1"))?;
    for id in first..first.saturating_add(tries.min(MOST_TRIES)) {
        let found = select.query_row(params![id], |row| Row::read(row, 0)).optional();
        if let Ok(Some(row)) = found {
            whole(row);
        }
    }
    Ok(())
}

/// Calls `visit` with rows until it has enough; an error of the database ends it.
fn walk(
    connection: &Connection,
    select: &str,
    visit: &mut dyn FnMut(i64, Row) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    let mut select = connection.prepare(select)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        // A single value may be broken although its page is not.
        let Ok(read) = Row::read(row, 1) else { continue };
        if visit(row.get(0)?, read).is_break() {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        }
    }
    Ok(())
}

/// The columns of a row, as far as the database that was damaged has them already.
fn columns(connection: &Connection) -> rusqlite::Result<String> {
    let mut select = connection.prepare("SELECT name FROM pragma_table_info('answers')")?;
    let names: Vec<String> =
        select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let has = |name: &str| names.iter().any(|found| found == name);
    let columns: Vec<&str> = super::row::COLUMNS
        .split(", ")
        .map(|column| match column {
            "redacted" if !has(column) => "0",
            "sum" if !has(column) => "NULL",
            column => column,
        })
        .collect();
    Ok(columns.join(", "))
}

/// Bytes of the database.
fn size(connection: &Connection) -> rusqlite::Result<i64> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    Ok(pragma("page_count")?.saturating_mul(pragma("page_size")?))
}
