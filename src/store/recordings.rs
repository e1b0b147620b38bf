//! Answers in the repository: `recordings/<suite>.jsonl`, one line a cell.
//!
//! A recording is written to be reviewed: lines are sorted, keys stand in one order, and whatever is not there is left
//! out, so that the diff of a change shows the answers that the change brought and nothing else. The files are read
//! whole; replaying them keeps only what was answered, in parallel and without the requests, which are most of a file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rayon::prelude::*;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::{AnswerKey, answer_key};
use crate::message::{Answer, Request, ToolCall, Usage, redact_value};

/// The version of the format of a line.
const VERSION: u32 = 1;

/// Most of a broken line that its error shows.
const SHOWN: usize = 60;

/// One line: an answer, where it belongs and how it came.
pub type Recording = Line<Value>;

/// A line with its request in one form or another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<R> {
    /// The version of the format.
    pub v: u32,
    /// What the answer is known by.
    pub key: AnswerKey,
    /// The id of the case.
    pub case: String,
    /// The model, as the suite or prompt calls it.
    pub model: String,
    /// Which repeat, from 1.
    pub repeat: u32,
    /// What was asked, for the reader; replaying does not look at it.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub request: Option<R>,
    /// The text of the answer.
    pub output: String,
    /// Tools that the model asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// Tokens, as the provider counted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// How long the answer took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// When it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How it came: the provider that was asked, or by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// serde asks for `R: Default` when a default is derived, although `None` needs none.
fn none<R>() -> Option<R> {
    None
}

/// A line that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct RecordingError {
    /// Which, counted from 1.
    pub line: usize,
    /// What is wrong with it, and what to do.
    pub reason: String,
}

/// Where a cell stands among the cells of its suite.
#[derive(Clone, Copy, Debug)]
pub struct Position<'a> {
    /// The id of the case.
    pub case: &'a str,
    /// The model, as the suite or prompt calls it.
    pub model: &'a str,
    /// Which repeat, from 1.
    pub repeat: u32,
}

impl Recording {
    /// The line of one answer.
    pub fn new(
        at: Position<'_>,
        request: &Request,
        answer: Answer,
        time: Timestamp,
        source: impl Into<String>,
    ) -> Self {
        Self {
            v: VERSION,
            key: answer_key(request, at.repeat),
            case: at.case.to_owned(),
            model: at.model.to_owned(),
            repeat: at.repeat,
            request: Some(
                serde_json::to_value(request)
                    .expect("a request holds no map with keys that are not strings"),
            ),
            output: answer.output,
            tool_calls: answer.tool_calls,
            finish: answer.finish,
            usage: answer.usage,
            latency_ms: answer.latency_ms,
            at: Some(time),
            source: Some(source.into()),
        }
    }

    /// Takes secrets out of all text. The key stays that of the request as it was sent.
    #[must_use]
    pub fn redacted(mut self, redact: &dyn Fn(&str) -> String) -> Self {
        if let Some(request) = &mut self.request {
            redact_value(request, redact);
        }
        for text in [&mut self.case, &mut self.output] {
            *text = redact(text);
        }
        for call in &mut self.tool_calls {
            redact_value(&mut call.arguments, redact);
        }
        self
    }

    fn rank(&self) -> (&str, &str, u32, AnswerKey) {
        (&self.model, &self.case, self.repeat, self.key)
    }
}

impl<R> Line<R> {
    fn into_answer(self) -> Answer {
        Answer {
            output: self.output,
            tool_calls: self.tool_calls,
            finish: self.finish,
            usage: self.usage,
            latency_ms: self.latency_ms,
            ..Answer::default()
        }
    }
}

/// Reads a file of recordings. Blank lines are passed over.
pub fn parse(text: &str) -> Result<Vec<Recording>, RecordingError> {
    let lines = parse_lines(text)?;
    unambiguous(lines.iter().map(|(line, recording)| (*line, recording.key, &recording.output)))?;
    Ok(lines.into_iter().map(|(_, recording)| recording).collect())
}

/// `old` with `new` added: of two with one key the new one stays. The result has the order of the file.
pub fn merge(old: Vec<Recording>, new: Vec<Recording>) -> Vec<Recording> {
    let by_key: BTreeMap<AnswerKey, Recording> =
        old.into_iter().chain(new).map(|recording| (recording.key, recording)).collect();
    let mut merged: Vec<Recording> = by_key.into_values().collect();
    merged.sort_by(|a, b| a.rank().cmp(&b.rank()));
    merged
}

/// The text of a file of recordings, in the order of the file.
pub fn write(recordings: &[Recording]) -> String {
    let mut sorted: Vec<&Recording> = recordings.iter().collect();
    sorted.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let lines: Vec<String> = sorted
        .par_iter()
        .map(|recording| {
            let line = serde_json::to_string(recording);
            line.expect("a recording holds no map with keys that are not strings") + "\n"
        })
        .collect();
    lines.concat()
}

/// What recordings answer, without anything else that they hold.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Replay {
    answers: BTreeMap<AnswerKey, Answer>,
}

impl Replay {
    /// Reads one file of recordings for replaying.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        let lines = parse_lines::<IgnoredAny>(text)?;
        unambiguous(
            lines.iter().map(|(line, recording)| (*line, recording.key, &recording.output)),
        )?;
        let answers = lines.into_iter().map(|(_, line)| (line.key, line.into_answer())).collect();
        Ok(Self { answers })
    }

    /// The recorded answer, of whichever endpoint it once came.
    pub fn get(&self, key: AnswerKey) -> Option<&Answer> {
        self.answers.get(&key)
    }

    /// Adds answers that are not there yet; how many that are there are other ones.
    pub fn add(&mut self, other: &Self) -> usize {
        let mut different = 0;
        for (key, answer) in &other.answers {
            match self.answers.get(key) {
                Some(known) => different += usize::from(known.output != answer.output),
                None => drop(self.answers.insert(*key, answer.clone())),
            }
        }
        different
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The keys of all answers.
    pub fn keys(&self) -> impl Iterator<Item = AnswerKey> {
        self.answers.keys().copied()
    }
}

/// Every line with its number.
fn parse_lines<R>(text: &str) -> Result<Vec<(usize, Line<R>)>, RecordingError>
where
    R: DeserializeOwned + Send,
{
    // An editor may have put a byte order mark before the first line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let numbered: Vec<(usize, &str)> = text
        .split('\n')
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    let parsed: Vec<Result<(usize, Line<R>), RecordingError>> =
        numbered.par_iter().map(|&(number, line)| parse_line(number, line)).collect();
    // One after the other: the first error is the same for any number of threads.
    parsed.into_iter().collect()
}

fn parse_line<R: DeserializeOwned>(
    number: usize,
    text: &str,
) -> Result<(usize, Line<R>), RecordingError> {
    let error = |reason: String| RecordingError { line: number, reason };
    if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| text.starts_with(mark)) {
        return Err(error("a merge conflict; keep one line of each `key`, or record again".into()));
    }
    let line: Line<R> = serde_json::from_str(text).map_err(|problem| {
        let shown: String = text.chars().take(SHOWN).collect();
        error(format!("{} in `{shown}…`", on_one_line(&problem)))
    })?;
    match line.v {
        VERSION => Ok((number, line)),
        v => Err(error(format!(
            "format {v} is not known; this pf reads format {VERSION}, update it"
        ))),
    }
}

/// serde_json counts lines by itself, and each of these is its first.
fn on_one_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

/// Refuses two answers under one key: which of them counts would be chance. The same answer twice does no harm; a
/// merge of two branches may leave it.
fn unambiguous<'a>(
    lines: impl Iterator<Item = (usize, AnswerKey, &'a String)>,
) -> Result<(), RecordingError> {
    let mut seen: BTreeMap<AnswerKey, (usize, &String)> = BTreeMap::new();
    for (line, key, output) in lines {
        if let Some((first, other)) = seen.insert(key, (line, output))
            && other != output
        {
            let reason = format!(
                "another answer for the `key` of line {first} ({}); keep one of the two lines",
                key.0.short()
            );
            return Err(RecordingError { line, reason });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::digest::sha256;
    use crate::message::{Message, ModelSettings, ResponseFormat, Role};

    fn recording(model: &str, case: &str, output: &str) -> Recording {
        let request = Request {
            model: ModelSettings {
                provider: "p".into(),
                name: model.into(),
                ..ModelSettings::default()
            },
            messages: vec![Message::text(Role::User, case)],
            tools: Vec::new(),
            response: ResponseFormat::Text,
        };
        let answer = Answer { output: output.into(), ..Answer::default() };
        let time = "2026-11-20T12:00:00Z".parse().unwrap();
        Recording::new(Position { case, model, repeat: 1 }, &request, answer, time, "p")
    }

    #[test]
    fn a_line_has_its_keys_in_one_order() {
        let mut full = recording("m", "c", "out");
        full.tool_calls = vec![ToolCall { id: "1".into(), name: "t".into(), arguments: json!({}) }];
        full.finish = Some("stop".into());
        full.usage = Some(Usage { input_tokens: 3, output_tokens: 1, ..Usage::default() });
        full.latency_ms = Some(12.5);
        let key = full.key;
        assert_eq!(
            write(&[full]),
            format!(
                r#"{{"v":1,"key":"{key}","case":"c","model":"m","repeat":1,"request":{{"model":{{"provider":"p","name":"m"}},"messages":[{{"role":"user","content":"c"}}]}},"output":"out","tool_calls":[{{"id":"1","name":"t","arguments":{{}}}}],"finish":"stop","usage":{{"input_tokens":3,"output_tokens":1}},"latency_ms":12.5,"at":"2026-11-20T12:00:00Z","source":"p"}}"#
            ) + "\n"
        );
    }

    #[test]
    fn a_line_by_hand_may_be_short() {
        let key = sha256("x");
        let text = format!(
            "\u{feff}\r\n{{\"v\":1,\"key\":\"{key}\",\"case\":\"c\",\"model\":\"m\",\"repeat\":1,\"output\":\"o\"}}\r\n\n"
        );
        let replay = Replay::parse(&text).unwrap();
        let answer = Answer { output: "o".into(), ..Answer::default() };
        assert_eq!(replay.get(AnswerKey(key)), Some(&answer));
        assert_eq!(parse(&text).unwrap().len(), 1);
    }

    #[test]
    fn errors_say_the_line() {
        let good = write(&[recording("m", "c", "o")]);
        let error = |line: &str| {
            let error = parse(&format!("{good}\n{line}\n{line}")).unwrap_err();
            assert_eq!(Replay::parse(&format!("{good}\n{line}")).unwrap_err(), error);
            assert_eq!(error.line, 3);
            error.reason
        };
        assert_eq!(error("{\"v\":1"), "EOF while parsing an object at column 6 in `{\"v\":1…`");
        assert!(
            error(&good.trim().replace("\"source\"", "\"sauce\""))
                .starts_with("unknown field `sauce`")
        );
        assert!(
            error(&good.trim().replace("\"v\":1", "\"v\":2")).starts_with("format 2 is not known")
        );
        assert!(error("<<<<<<< HEAD").starts_with("a merge conflict"));
        assert!(error(&good.trim().replace("\"key\":\"", "\"key\":\"Z")).contains("hexadecimal"));
        assert!(
            error(&good.trim().replace("\"output\":\"o\"", "\"output\":\"p\""))
                .starts_with("another answer for the `key` of line 1")
        );
    }

    #[test]
    fn the_same_line_twice_is_one_answer() {
        let line = write(&[recording("m", "c", "o")]);
        assert_eq!(Replay::parse(&(line.clone() + &line)).unwrap().len(), 1);
    }

    #[test]
    fn lines_are_sorted_by_model_case_repeat() {
        let [a, b, c] = [recording("a", "2", ""), recording("b", "1", ""), recording("b", "2", "")];
        let sorted = write(&[a.clone(), b.clone(), c.clone()]);
        assert_eq!(write(&[c.clone(), a.clone(), b.clone()]), sorted);
        assert_eq!(parse(&sorted).unwrap(), [a, b, c]);
    }

    #[test]
    fn new_answers_replace_old_ones_of_the_same_key() {
        let (old, new) = (recording("m", "c", "old"), recording("m", "c", "new"));
        let other = recording("a", "c", "other");
        assert_eq!(merge(vec![old, other.clone()], vec![new.clone()]), [other, new]);
    }

    #[test]
    fn secrets_are_taken_out_of_every_text() {
        let mut secret = recording("m", "xyzzy", "say xyzzy");
        secret.tool_calls = vec![ToolCall {
            id: String::new(),
            name: "t".into(),
            arguments: json!({"a": ["xyzzy"]}),
        }];
        let key = secret.key;
        let kept = secret.redacted(&|text| text.replace("xyzzy", "****"));
        assert!(!write(std::slice::from_ref(&kept)).contains("xyzzy"));
        assert_eq!(kept.key, key);
    }

    fn any_recording() -> impl Strategy<Value = Recording> {
        let texts = (".{0,20}", ".{0,8}", "[a-z/]{1,8}", proptest::option::of(".{0,8}"));
        let numbers = (
            1..9_u32,
            proptest::option::of((0..u32::MAX).prop_map(|us| f64::from(us) / 1e3)),
            any::<[u64; 2]>(),
        );
        (texts, numbers).prop_map(
            |((output, case, model, finish), (repeat, latency_ms, tokens))| Recording {
                repeat,
                finish,
                latency_ms,
                usage: Some(Usage {
                    input_tokens: tokens[0],
                    output_tokens: tokens[1],
                    ..Usage::default()
                }),
                key: AnswerKey(sha256(format!("{output}{case}{model}{repeat}"))),
                ..recording(&model, &case, &output)
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(recordings in prop::collection::vec(any_recording(), 0..8)) {
            let merged = merge(Vec::new(), recordings);
            let text = write(&merged);
            let read = parse(&text).unwrap();
            prop_assert_eq!(&read, &merged);
            let replay = Replay::parse(&text).unwrap();
            prop_assert_eq!(replay.len(), merged.len());
            for recording in merged {
                prop_assert_eq!(replay.get(recording.key), Some(&recording.clone().into_answer()));
            }
        }
    }
}
