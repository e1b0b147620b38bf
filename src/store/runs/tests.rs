//! Runs through the database and back: alone, beside other processes, pruned, and out of a damaged store.

use super::*;
use crate::store::Store;

fn column(suite: &str, prompt: &str) -> ColumnRecord {
    let mut asked_ms = Sketch::default();
    asked_ms.add(120.5);
    ColumnRecord {
        suite: suite.to_owned(),
        prompt: prompt.to_owned(),
        model: "p/m".to_owned(),
        states: BTreeMap::from([("pass".to_owned(), 3), ("fail".to_owned(), 1)]),
        independent: 4,
        pass_rate: Some(EstimateRecord { value: 0.75, low: Some(0.3), high: Some(0.95), n: 4 }),
        metrics: IndexMap::from([(
            "overlap".to_owned(),
            EstimateRecord { value: 0.1 + 0.2, low: None, high: None, n: 4 },
        )]),
        latency_ms: Some([1.0, 2.5, 1e-7]),
        asked_ms,
        reasons: vec![("equals".to_owned(), 1)],
        failed_gates: vec!["pass_rate is 0.7500, at least 1 wanted (n = 4)".to_owned()],
        ..ColumnRecord::default()
    }
}

fn day(day: i64) -> Timestamp {
    Timestamp::from_second(day * 86_400).unwrap()
}

fn run(on: i64) -> RunRecord {
    RunRecord {
        id: run_id(day(on)),
        started_at: day(on).to_string(),
        status: "complete".to_owned(),
        commit: Some("0123".to_owned()),
        dirty: Some(true),
        spent: Some(SpentRecord { calls: 4, cost_usd: Some(0.1), ..SpentRecord::default() }),
        columns: vec![column("a", "x"), column("b", "y@v2")],
        ..RunRecord::default()
    }
}

fn filled(folder: &Path, days: &[i64]) -> Archive {
    let (mut archive, warnings) = Archive::create(folder).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    for on in days {
        archive.remember(&run(*on)).unwrap();
    }
    archive
}

fn ids(archive: &Archive) -> Vec<String> {
    let found = archive.runs(&Wanted::default()).unwrap();
    assert_eq!(found.unreadable, 0);
    found.runs.into_iter().map(|run| run.id).collect()
}

#[test]
fn a_run_is_read_as_it_was_written_and_the_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let archive = filled(folder.path(), &[2, 1, 3]);
    let found = archive.runs(&Wanted::default()).unwrap();
    assert_eq!(found, Found { runs: vec![run(3), run(2), run(1)], unreadable: 0 });
}

#[test]
fn runs_of_one_moment_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ids(&filled(folder.path(), &[1, 1])).len(), 2);
}

#[test]
fn what_is_wanted_is_found_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let archive = filled(folder.path(), &[1, 2, 3]);
    let found = |wanted: Wanted<'_>| {
        let found = archive.runs(&wanted).unwrap();
        found
            .runs
            .into_iter()
            .map(|run| (run.started_at[8..10].to_owned(), run.columns.len()))
            .collect::<Vec<_>>()
    };
    let pairs = |all: &[(&str, usize)]| -> Vec<(String, usize)> {
        all.iter().map(|(day, columns)| ((*day).to_owned(), *columns)).collect()
    };
    let glob = |text: &str| globset::Glob::new(text).unwrap().compile_matcher();
    assert_eq!(
        found(Wanted { most: Some(2), ..Wanted::default() }),
        pairs(&[("04", 2), ("03", 2)])
    );
    assert_eq!(found(Wanted { since: Some(day(3)), ..Wanted::default() }), pairs(&[("04", 2)]));
    assert_eq!(found(Wanted { id: Some("19700103"), ..Wanted::default() }), pairs(&[("03", 2)]));
    let (a, y, version) = (glob("a"), glob("y"), glob("y@v2"));
    let all = pairs(&[("04", 1), ("03", 1), ("02", 1)]);
    assert_eq!(found(Wanted { suite: Some(&a), ..Wanted::default() }), all);
    assert_eq!(found(Wanted { prompt: Some(&y), ..Wanted::default() }), all);
    assert_eq!(found(Wanted { prompt: Some(&version), ..Wanted::default() }), all);
    assert_eq!(found(Wanted { suite: Some(&a), prompt: Some(&y), ..Wanted::default() }), []);
    let known = archive.known().unwrap();
    assert_eq!(
        (known.runs, known.suites, known.prompts),
        (3, vec!["a".to_owned(), "b".to_owned()], vec!["x".to_owned(), "y@v2".to_owned()],)
    );
}

#[test]
fn old_runs_are_forgotten_with_their_columns() {
    use crate::store::archive::Prune;
    let folder = tempfile::tempdir().unwrap();
    let mut archive = filled(folder.path(), &[1, 2, 3]);
    let columns = |archive: &Archive| -> i64 {
        let sql = "SELECT count(*) FROM run_columns";
        archive.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = Prune { before: Some(day(3)), ..Prune::default() };
    assert_eq!(archive.prune(before, true).unwrap().runs, 2);
    assert_eq!((ids(&archive).len(), columns(&archive)), (3, 6));
    // Size and models are about answers.
    let bytes = Prune { max_bytes: Some(0), ..Prune::default() };
    assert_eq!(archive.prune(bytes, false).unwrap().runs, 0);
    assert_eq!(archive.prune(before, false).unwrap().runs, 2);
    assert_eq!((ids(&archive), columns(&archive)), (vec![run_id(day(3))], 2));
    assert_eq!(archive.prune(Prune { all: true, ..Prune::default() }, false).unwrap().runs, 1);
    assert_eq!((ids(&archive).len(), columns(&archive)), (0, 0));
}

#[test]
fn a_record_that_cannot_be_read_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let archive = filled(folder.path(), &[1, 2]);
    archive.connection.execute("UPDATE runs SET record = '{' WHERE id = 1", []).unwrap();
    let found = archive.runs(&Wanted::default()).unwrap();
    assert_eq!((found.runs, found.unreadable), (vec![run(2)], 1));
}

#[test]
fn runs_outlive_a_damaged_store() {
    use std::io::{Seek as _, Write as _};
    let folder = tempfile::tempdir().unwrap();
    let archive = filled(folder.path(), &[1, 2]);
    archive.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let page: i64 = archive
        .connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'lookups'", [], |row| {
            row.get(0)
        })
        .unwrap();
    drop(archive);
    let mut file =
        std::fs::OpenOptions::new().write(true).open(folder.path().join("cells.db")).unwrap();
    file.seek(std::io::SeekFrom::Start((page as u64 - 1) * 4096)).unwrap();
    file.write_all(&[0xAA; 4096]).unwrap();
    drop(file);
    let (store, warnings) = Store::open(folder.path());
    assert!(!warnings.is_empty() && store.is_durable());
    drop(store);
    let (archive, _) = Archive::look(folder.path()).unwrap();
    assert_eq!(ids(&archive.unwrap()).len(), 2);
}

const WRITER: &str = "PF_TEST_RUNS_OF_WRITER";

/// Runs this test again as children that all remember runs in the same store.
#[test]
fn many_processes_may_remember_at_once() {
    #[expect(clippy::disallowed_methods, reason = "tells the child from its parent")]
    if let Some(folder) = std::env::var_os(WRITER) {
        filled(Path::new(&folder), &(0..20).collect::<Vec<_>>());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..3)
        .map(|_| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::runs::tests::many_processes_may_remember_at_once"])
                .env(WRITER, folder.path())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let (archive, _) = Archive::look(folder.path()).unwrap();
    let found = archive.unwrap().runs(&Wanted::default()).unwrap();
    assert_eq!((found.runs.len(), found.unreadable), (60, 0));
    assert!(found.runs.iter().all(|run| run.columns.len() == 2));
}
