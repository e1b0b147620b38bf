//! Results beside commits: what an evaluation came to, one line of JSON for each (suite, version of a prompt, model).
//!
//! The lines lie in a ref of git, [`REF`], beside the commit that was evaluated. They are found by their digests, over all
//! commits: whatever becomes of the commit in a squash, a rebase or a cherry-pick, the text that was measured stays known.
//! Lines that this version of pf cannot read are somebody else's, or those of a later pf: they are kept, and never an error.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::{Digest, canonical_json};
use crate::snapshot::{Home, SnapshotError};

/// The ref in which the notes lie: `git notes --ref pf` reads them.
pub const REF: &str = "refs/notes/pf";

/// The version of a line.
const VERSION: u32 = 1;

/// What a prompt on a model came to in a suite.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Note {
    v: u32,
    /// The name of the suite.
    pub suite: String,
    /// The name of the prompt.
    pub prompt: String,
    /// What was measured, and by which measure.
    #[serde(flatten)]
    pub measured: Measured,
    /// The content digest of the prompt on its own model, by which versions are known, where the suite asks another model.
    #[serde(default, rename = "version", skip_serializing_if = "Option::is_none")]
    on_own_model: Option<Digest>,
    /// Cells that passed or failed.
    pub n: u64,
    /// Cells that passed.
    pub pass: u64,
    /// Cells that failed.
    pub fail: u64,
    /// Clusters of cells, where there are fewer than cells: repeats and groups are not independent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    independent: Option<u64>,
    /// The pass rate as `pass_rate`, and the metrics.
    pub metrics: BTreeMap<String, Figure>,
    /// The version of the keys of answers.
    pub key_format: u32,
    /// When it was measured.
    pub at: Timestamp,
}

/// What two results must have in common to be results of the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Of the assertions, thresholds, repeats and judges.
    pub suite_digest: Digest,
    /// The content digest of the prompt on this model.
    pub digest: Digest,
    /// Of the cases.
    pub dataset_digest: Digest,
    /// The model, as suite or prompt name it.
    pub model: String,
}

/// A measured value with its interval at 95 % confidence.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// The value.
    pub value: f64,
    /// The lower end; none when there is too little to tell.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// How many cells it rests on.
    pub n: u64,
}

/// The counts of a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Cells that passed.
    pub pass: u64,
    /// Cells that failed.
    pub fail: u64,
    /// Clusters of cells among them.
    pub independent: u64,
}

impl Note {
    /// What a suite and a prompt by these names came to. `version` is the content digest of the prompt on its own model.
    pub fn new(
        suite: &str,
        prompt: &str,
        measured: Measured,
        version: Digest,
        counted: Counted,
        metrics: BTreeMap<String, Figure>,
        at: Timestamp,
    ) -> Self {
        let Counted { pass, fail, independent } = counted;
        Self {
            v: VERSION,
            suite: suite.to_owned(),
            prompt: prompt.to_owned(),
            on_own_model: Some(version).filter(|version| *version != measured.digest),
            measured,
            n: pass + fail,
            pass,
            fail,
            independent: Some(independent).filter(|independent| *independent != pass + fail),
            metrics,
            key_format: crate::digest::KEY_FORMAT,
            at,
        }
    }

    /// Reads a line; none where it is of another version, or no note at all, or contradicts itself.
    pub fn parse(line: &str) -> Option<Self> {
        let note: Self = serde_json::from_str(line).ok()?;
        let adds_up = note.pass.checked_add(note.fail) == Some(note.n) && note.n > 0;
        let clustered = (1..=note.n).contains(&note.independent());
        (note.v == VERSION && adds_up && clustered).then_some(note)
    }

    /// The line, with sorted keys, so that the same result is the same line wherever it is written.
    pub fn line(&self) -> String {
        let value = serde_json::to_value(self).expect("texts and finite numbers are JSON");
        canonical_json(&value)
    }

    /// The content digest by which the version of the prompt is known.
    pub fn version(&self) -> Digest {
        self.on_own_model.unwrap_or(self.measured.digest)
    }

    /// Clusters of cells among those that passed or failed.
    pub fn independent(&self) -> u64 {
        self.independent.unwrap_or(self.n)
    }

    /// The share of passes.
    pub fn pass_rate(&self) -> f64 {
        self.pass as f64 / self.n as f64
    }

    /// Two suites may ask the same of the same cases; each keeps a line of its own.
    fn place(&self) -> (&str, &Measured) {
        (&self.suite, &self.measured)
    }
}

/// A note and where it lies.
#[derive(Clone, PartialEq, Debug)]
pub struct Noted {
    /// The full id of the commit that it stands beside.
    pub commit: String,
    /// The line as it was written.
    pub line: String,
    /// What it says.
    pub note: Note,
}

impl Noted {
    /// The first digits of the commit.
    pub fn short_commit(&self) -> &str {
        self.commit.get(..7).unwrap_or(&self.commit)
    }

    /// Of two notes on the same, the greater one counts.
    fn age(&self) -> (Timestamp, &str, &str) {
        (self.note.at, &self.line, &self.commit)
    }
}

/// All notes of a repository, by what they are about.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// By commit, then by line.
    all: Vec<Noted>,
    foreign: usize,
    by_version: BTreeMap<Digest, Vec<usize>>,
    newest: BTreeMap<Measured, usize>,
}

impl Notes {
    /// Reads the notes of a repository.
    pub fn read(home: &Home) -> Result<Self, SnapshotError> {
        Ok(Self::of(home.notes(REF)?))
    }

    fn of(lines: BTreeMap<String, Vec<String>>) -> Self {
        let mut notes = Self::default();
        for (commit, lines) in lines {
            for line in lines {
                match Note::parse(&line) {
                    Some(note) => notes.add(Noted { commit: commit.clone(), line, note }),
                    None => notes.foreign += usize::from(!line.trim().is_empty()),
                }
            }
        }
        notes
    }

    fn add(&mut self, noted: Noted) {
        let index = self.all.len();
        self.by_version.entry(noted.note.version()).or_default().push(index);
        let newest = self.newest.entry(noted.note.measured.clone()).or_insert(index);
        if let Some(other) = self.all.get(*newest)
            && other.age() < noted.age()
        {
            *newest = index;
        }
        self.all.push(noted);
    }

    /// Every note, by commit.
    pub fn all(&self) -> &[Noted] {
        &self.all
    }

    /// Lines that are no notes of this version.
    pub fn foreign(&self) -> usize {
        self.foreign
    }

    /// The newest note of each suite and model on a version of a prompt, by suite and model.
    pub fn of_version(&self, digest: Digest) -> Vec<&Noted> {
        let mut newest: BTreeMap<(&str, &str), &Noted> = BTreeMap::new();
        for noted in self.by_version.get(&digest).into_iter().flatten().map(|i| &self.all[*i]) {
            let kept =
                newest.entry((&noted.note.suite, &noted.note.measured.model)).or_insert(noted);
            if kept.age() < noted.age() {
                *kept = noted;
            }
        }
        newest.into_values().collect()
    }

    /// The newest note on exactly this.
    pub fn on(&self, measured: &Measured) -> Option<&Noted> {
        self.newest.get(measured).map(|index| &self.all[*index])
    }

    /// Notes that a newer one on the same makes needless, and those from before a moment.
    pub fn outdated(&self, before: Option<Timestamp>) -> Vec<&Noted> {
        let mut newest: BTreeMap<(&str, &Measured), &Noted> = BTreeMap::new();
        for noted in &self.all {
            let kept = newest.entry(noted.note.place()).or_insert(noted);
            if kept.age() < noted.age() {
                *kept = noted;
            }
        }
        let superseded =
            |noted: &Noted| newest.get(&noted.note.place()).is_some_and(|kept| **kept != *noted);
        let old = |noted: &Noted| before.is_some_and(|before| noted.note.at < before);
        self.all.iter().filter(|noted| superseded(noted) || old(noted)).collect()
    }
}

/// Writes notes beside a commit, in the place of those that they are newer than. Neither worktree nor index is touched.
pub fn write(home: &Home, commit: &str, notes: &[Note]) -> Result<(), SnapshotError> {
    home.edit_notes(REF, commit, "Note the results of pf eval", |lines| {
        for note in notes {
            let replaced = |line: &str| {
                Note::parse(line)
                    .is_some_and(|old| old.place() == note.place() && old.at <= note.at)
            };
            lines.retain(|line| !replaced(line));
            lines.insert(note.line());
        }
    })
}

/// Takes notes away; what others have written meanwhile stays.
pub fn remove(home: &Home, notes: &[&Noted]) -> Result<(), SnapshotError> {
    let mut by_commit: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for noted in notes {
        by_commit.entry(&noted.commit).or_default().insert(&noted.line);
    }
    for (commit, gone) in by_commit {
        home.edit_notes(REF, commit, "Prune the results of pf eval", |lines| {
            lines.retain(|line| !gone.contains(line.as_str()));
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;
    use crate::snapshot::testing::Git;

    fn note(suite: &str, prompt: &str, model: &str, pass: u64, at: &str) -> Note {
        let measured = Measured {
            suite_digest: sha256("suite"),
            digest: sha256(format!("{prompt} on {model}")),
            dataset_digest: sha256("cases"),
            model: model.to_owned(),
        };
        let counted = Counted { pass, fail: 10 - pass, independent: 10 };
        let rate = Figure { value: pass as f64 / 10.0, low: Some(0.25), high: None, n: 10 };
        let metrics = [("pass_rate".to_owned(), rate)].into();
        let at = at.parse().unwrap();
        Note::new(suite, "greet", measured, sha256(prompt), counted, metrics, at)
    }

    fn notes(lines: &[(&str, &[&Note])]) -> Notes {
        let lines = lines.iter().map(|(commit, notes)| {
            ((*commit).to_owned(), notes.iter().map(|note| note.line()).collect())
        });
        Notes::of(lines.collect())
    }

    const EARLY: &str = "2026-01-01T00:00:00Z";
    const LATE: &str = "2026-02-01T00:00:00Z";

    #[test]
    fn a_line_has_sorted_keys_and_is_read_back() {
        let measured = Measured {
            suite_digest: sha256("suite"),
            digest: sha256("prompt"),
            dataset_digest: sha256("cases"),
            model: "echo/a".to_owned(),
        };
        let counted = Counted { pass: 3, fail: 1, independent: 2 };
        let rate = Figure { value: 0.75, low: None, high: None, n: 4 };
        let metrics = [("pass_rate".to_owned(), rate)].into();
        let at = EARLY.parse().unwrap();
        let note = Note::new("triage", "support", measured, sha256("own"), counted, metrics, at);
        let (suite, prompt, cases, own) =
            (sha256("suite"), sha256("prompt"), sha256("cases"), sha256("own"));
        let line = format!(
            r#"{{"at":"2026-01-01T00:00:00Z","dataset_digest":"{cases}","digest":"{prompt}","fail":1,"independent":2,"key_format":1,"metrics":{{"pass_rate":{{"high":null,"low":null,"n":4,"value":0.75}}}},"model":"echo/a","n":4,"pass":3,"prompt":"support","suite":"triage","suite_digest":"{suite}","v":1,"version":"{own}"}}"#
        );
        assert_eq!(note.line(), line);
        assert_eq!(Note::parse(&line), Some(note));
        let later = line.replace(r#""v":1,"#, r#""unknown":[1],"v":1,"#);
        assert_eq!(Note::parse(&later).unwrap().line(), line, "a later pf may say more");
    }

    #[test]
    fn what_is_no_note_is_skipped_and_counted() {
        let good = note("s", "p", "echo/a", 9, EARLY).line();
        let lines = [
            good.clone(),
            good.replace(r#""v":1"#, r#""v":2"#),
            good.replace(r#""pass":9"#, r#""pass":8"#),
            good.replace(r#""n":10,"pass""#, r#""n":18446744073709551615,"pass""#),
            "Reviewed-by: Ada".to_owned(),
            "{}".to_owned(),
            String::new(),
        ];
        let notes = Notes::of([("c".to_owned(), lines.to_vec())].into());
        assert_eq!(notes.all().iter().map(|noted| &noted.line).collect::<Vec<_>>(), [&good]);
        assert_eq!(notes.foreign(), 5);
    }

    #[test]
    fn a_version_has_the_newest_note_of_each_suite_and_model() {
        let (old, new) = (note("s", "p", "echo/a", 1, EARLY), note("s", "p", "echo/a", 2, LATE));
        let other_model = note("s", "p", "echo/b", 3, EARLY);
        let other_suite = note("r", "p", "echo/a", 4, EARLY);
        let other_version = note("s", "q", "echo/a", 5, LATE);
        let notes =
            notes(&[("a", &[&new, &other_model]), ("b", &[&old, &other_suite, &other_version])]);
        let passed = |digest| -> Vec<u64> {
            notes.of_version(digest).iter().map(|noted| noted.note.pass).collect()
        };
        assert_eq!(passed(sha256("p")), [4, 2, 3]);
        assert_eq!(passed(sha256("q")), [5]);
        assert_eq!(passed(sha256("r")), Vec::<u64>::new());
        assert_eq!(notes.on(&old.measured).unwrap().note, new, "of whichever suite");
    }

    #[test]
    fn outdated_is_what_a_newer_one_replaces_or_what_is_old() {
        let (old, new) = (note("s", "p", "echo/a", 1, EARLY), note("s", "p", "echo/a", 2, LATE));
        let alone = note("s", "q", "echo/a", 3, EARLY);
        let notes = notes(&[("a", &[&new]), ("b", &[&old, &alone])]);
        let outdated = |before: Option<&str>| -> Vec<u64> {
            let before = before.map(|before| before.parse().unwrap());
            notes.outdated(before).iter().map(|noted| noted.note.pass).collect()
        };
        assert_eq!(outdated(None), [1]);
        let mut old = outdated(Some("2026-01-15T00:00:00Z"));
        old.sort_unstable();
        assert_eq!(old, [1, 3]);
        assert_eq!(outdated(Some(EARLY)), [1]);
    }

    #[test]
    fn a_newer_note_replaces_the_older_one_beside_the_same_commit_and_nothing_else() {
        let git = Git::init();
        git.run(&["config", "user.name", "Ada"]);
        git.run(&["config", "user.email", "ada@example.org"]);
        git.write("a", "1");
        let (home, commit) = (git.home(), git.commit("First"));
        git.run(&["notes", "--ref", "pf", "add", "-m", "by hand", &commit]);
        let (old, new) = (note("s", "p", "echo/a", 1, EARLY), note("s", "p", "echo/a", 2, LATE));
        let (twin, other) =
            (note("r", "p", "echo/a", 3, EARLY), note("s", "p", "echo/b", 4, EARLY));
        write(&home, &commit, &[old.clone(), twin.clone(), other.clone()]).unwrap();
        write(&home, &commit, std::slice::from_ref(&new)).unwrap();
        let shown = || -> BTreeSet<String> {
            let text = git.run(&["notes", "--ref", "pf", "show", &commit]);
            text.lines().map(str::to_owned).collect()
        };
        let lines = [&new, &twin, &other].map(Note::line);
        let mut wanted: BTreeSet<String> = lines.into_iter().collect();
        wanted.insert("by hand".to_owned());
        assert_eq!(shown(), wanted);
        let notes = Notes::read(&home).unwrap();
        remove(&home, &notes.all().iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(shown(), ["by hand".to_owned()].into());
        assert_eq!(git.run(&["status", "--porcelain"]), "");
    }
}
