//! Reading in chunks gives what reading as a whole gives, wherever the chunks end.

use proptest::prelude::*;

use super::*;
use crate::project::Project;
use crate::project::cases::{self, Cases};
use crate::snapshot::Snapshot;
use crate::snapshot::testing::Git;

const SUITE: &str = "prompts: [a]\ndataset: {path: datasets/NAME, columns: {question: q}}\nassert: []\ncases: [{id: inline}]\n";

fn suite(name: &str) -> String {
    SUITE.replace("NAME", name)
}

/// Each case with its place and its row, then what is wrong with other rows.
fn told(cases: &Cases) -> (Vec<String>, Vec<String>) {
    let each = cases.cases.iter().map(|placed| {
        let row = placed.file.slice(placed.span).to_owned();
        format!("{} {row:?} {:?}", placed.file.position(placed.span.start), placed.case)
    });
    let mut found = cases.diagnostics.clone();
    crate::diagnostic::sort(&mut found);
    let found = found.iter().map(|it| format!("{} {} {:?}", it.start(), it.message, it.help));
    (each.collect(), found.collect())
}

fn whole(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let files = [
        (format!("datasets/{name}"), text.as_bytes().to_vec()),
        ("evals/s.yaml".to_owned(), suite(name).into_bytes()),
    ];
    let files = files.map(|(path, text)| (RepoPath::new(&path).unwrap(), text));
    let project = Project::load(&Snapshot::memory(files)).unwrap();
    told(&cases::load(&project, &project.suites["s"]).unwrap())
}

/// A project on disk that reads its dataset in chunks of so many rows and bytes.
fn on_disk(name: &str, text: &[u8], rows: usize, bytes: usize) -> (Git, Project) {
    let folder = Git::none();
    folder.write("pf.yaml", "");
    folder.write(&format!("datasets/{name}"), text);
    folder.write("evals/s.yaml", suite(name));
    let mut project = Project::load(&folder.home().worktree()).unwrap();
    project.chunking = Chunking { from: 0, rows, bytes };
    (folder, project)
}

fn load(project: &Project) -> Cases {
    cases::load(project, &project.suites["s"]).unwrap()
}

fn text(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop::sample::select(pieces);
    let bom = prop::sample::select(&["", "\u{feff}"][..]);
    (bom, prop::collection::vec(piece, 0..40))
        .prop_map(|(bom, all)| format!("{bom}{}", all.concat()))
}

const CSV: &[&str] = &[
    "id,q\n",
    "1,x\n",
    "2,\"a\nb\"\r\n",
    "3,\"a \"\"b\"\"\r\nc\"\n",
    "4,é\r\n",
    "5,x,y\n",
    "\n",
    "\r\n",
    "\r",
    "6,\"\n",
    "\"",
    ",",
    "a",
    "7,a\"b\n",
    "\"8\"x,\"\"\n",
    "weight\n",
    "9,z",
];

const JSONL: &[&str] = &[
    "{\"id\": \"1\", \"q\": \"x\"}\n",
    "{\"q\": \"é\\n\"}\r\n",
    "\n",
    "\r\n",
    "  \n",
    "[1]\n",
    "{\"a\": }\n",
    "{\"id\": [1]}\n",
    "\r",
    "\"",
    "{\"q\": \"a, \\\"b\\\"\"}\n",
    "{\"weight\": -1}\n",
    "{\"id\": 2}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chunks_hold_the_cases_of_the_whole_csv(text in text(CSV), rows in 1usize..5, bytes in 1usize..60) {
        let (_folder, project) = on_disk("d.csv", text.as_bytes(), rows, bytes);
        prop_assert_eq!(told(&load(&project)), whole("d.csv", &text));
    }

    #[test]
    fn chunks_hold_the_cases_of_the_whole_jsonl(text in text(JSONL), rows in 1usize..5, bytes in 1usize..60) {
        let (_folder, project) = on_disk("d.jsonl", text.as_bytes(), rows, bytes);
        prop_assert_eq!(told(&load(&project)), whole("d.jsonl", &text));
    }
}

#[test]
fn a_case_is_found_by_its_place_in_any_order() {
    let rows: String = (0..100).map(|n| format!("{n},x\n")).collect();
    let (_folder, project) = on_disk("d.csv", format!("id,q\n{rows}").as_bytes(), 7, 1000);
    let cases = load(&project).cases;
    assert_eq!((cases.len(), cases.behind_datasets(), cases.is_chunked()), (101, 100, true));
    for place in (0..100).rev().chain([3, 99, 0]) {
        let placed = cases.get(place).unwrap();
        assert_eq!((placed.case.id.clone(), placed.line()), (Some(place.to_string()), place + 2));
    }
    assert_eq!(cases.get(100).unwrap().case.id.as_deref(), Some("inline"));
    assert!(cases.get(101).is_none());
}

#[test]
fn of_a_file_that_is_no_text_nothing_is_used() {
    let (_folder, project) = on_disk("d.csv", b"id,q\n1,x\n2,y\n3,\xff\n", 1, 1000);
    let cases = load(&project);
    assert_eq!(cases.cases.len(), 1);
    assert_eq!(told(&cases).1, ["4:3 the file is not UTF-8 from here on [\"save it as UTF-8\"]"]);
}

#[test]
fn a_thousand_findings_are_enough() {
    let rows = "{\"id\": []}\n".repeat(1500);
    let (_folder, project) = on_disk("d.jsonl", rows.as_bytes(), 64, 1 << 20);
    let found = load(&project).diagnostics;
    assert_eq!(found.len(), MOST_FINDINGS);
    let last = found.last().unwrap();
    assert_eq!(last.help.last().unwrap(), "500 more such rows are not shown");
}

#[test]
fn rows_that_changed_are_lost_and_not_taken_for_others() {
    let rows = |word: &str| (0..40).map(|n| format!("{n},{word}\n")).collect::<String>();
    let (folder, project) = on_disk("d.csv", format!("id,q\n{}", rows("old")).as_bytes(), 2, 1000);
    let cases = load(&project).cases;
    assert_eq!(cases.iter().count(), 41);
    assert_eq!(cases.lost(), None);
    folder.write("datasets/d.csv", format!("id,q\n{}", rows("new")));
    assert_eq!(cases.get(30).unwrap().case.id, None);
    assert_eq!(
        cases.lost(),
        Some("the dataset `datasets/d.csv` is lost: it was changed while it was read")
    );
    assert_eq!(cases.iter().count(), 41);
}
