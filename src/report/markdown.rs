//! An evaluation as Markdown, for the comment on a pull request and the summary of a CI job.
//!
//! It stands in the order in which a reviewer asks: does it pass, which gate fails, on which cases and why, what each
//! prompt came to, what it cost, and at last the answers themselves, folded. A hidden first line tells a later run which
//! comment to replace. What others wrote is kept from acting: it becomes no markup, mentions nobody and links to nothing.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::compare;
use super::evaluation::{described_bound, named, observed, percent, result_counts, shown_metrics};
use super::foreign::{escape, excerpt};
use super::run::RunInfo;
use crate::diagnostic::counted;
use crate::eval::cell::{CellRecord, Place, State};
use crate::eval::plan::Plan;
use crate::eval::run::{ColumnResult, NamedGate, Run};
use crate::template::render::output_text;

/// The longest comment that GitHub takes, in UTF-16 units to be on the safe side.
const LONGEST: usize = 65_536;
/// The share of it that one table may take, so that none crowds out the others.
const LONGEST_TABLE: usize = 14_000;
/// Cells that did not pass and are kept for the table.
const KEPT: usize = 100;
/// Those of them whose answer is shown.
const ANSWERED: usize = 20;
/// Characters of an answer.
const ANSWER: usize = 2_000;
/// Characters of a reason.
const REASON: usize = 300;
/// Characters of a name.
const NAME: usize = 100;

/// Collects the cells that did not pass, a bounded number of them.
#[derive(Debug, Default)]
pub struct Markdown {
    rows: Vec<String>,
    answers: Vec<String>,
    more: u64,
}

impl Markdown {
    /// Looks at a cell.
    pub fn add(&mut self, plan: &Plan, cell: &CellRecord) {
        if cell.state == State::Pass {
            return;
        }
        if self.rows.len() == KEPT {
            self.more += 1;
            return;
        }
        let Place { suite, column, case, .. } = cell.index.place(plan);
        let placed = &case.placed;
        let place = format!("{}:{}", placed.file.path(), placed.line());
        let repeat =
            if suite.repeat > 1 { format!(" #{}", cell.index.repeat) } else { String::new() };
        let case = format!("{}{repeat}", case.id);
        self.rows.push(row(&[
            cell.state.as_str().replace('_', " "),
            inline(&case, NAME),
            inline(&column.prompt, NAME),
            inline(&column.model.label, NAME),
            inline(&cell.why(), REASON),
            inline(&place, NAME),
        ]));
        if let Some(output) = cell.output.as_deref().filter(|_| self.answers.len() < ANSWERED) {
            let mut text = format!(
                "\n**{}** by {} on {}\n\n{}",
                inline(&case, NAME),
                inline(&column.prompt, NAME),
                inline(&column.model.label, NAME),
                fenced(output)
            );
            if let Some(expected) = &placed.case.expected {
                let _ = write!(text, "\nexpected\n\n{}", fenced(&output_text(expected)));
            }
            self.answers.push(text);
        }
    }

    /// Writes it.
    pub fn write(
        &self,
        out: &mut dyn Write,
        plan: &Plan,
        run: &Run,
        info: &RunInfo,
    ) -> io::Result<()> {
        let head = head(plan, run, info);
        let comparison = run.versus.as_ref().and_then(|versus| versus.comparison.as_ref());
        // The note on what was cut needs room too.
        let mut room = LONGEST.saturating_sub(units(&head) + 400);
        let gates = gates(plan, run, &mut room);
        // A part for what flipped, a part for what does not pass: most of the room for the first, who reads it asks about a change.
        let mut for_comparison = room / 4 * 3;
        let before = for_comparison;
        let compared = match comparison {
            Some(comparison) => format!("\n{}", compare::part(comparison, &mut for_comparison)),
            None => String::new(),
        };
        room -= before - for_comparison;
        let results = results(plan, run, &mut room) + &proven(run, &mut room);
        let usage = usage(plan, run, &mut room);
        let cases = self.cases(&mut room);
        let answers = self.answers(&mut room);
        write!(out, "{head}{gates}{compared}{cases}{results}{usage}{answers}")
    }

    fn cases(&self, room: &mut usize) -> String {
        let head = ["state", "case", "prompt", "model", "why", "place"];
        let title = format!(
            "\n#### {} did not pass\n",
            counted(self.rows.len() as u64 + self.more, "cell")
        );
        Table { title: &title, head: &head, rows: &self.rows, more: self.more }.fit(room)
    }

    fn answers(&self, room: &mut usize) -> String {
        let (open, close) =
            ("\n<details><summary>Answers that did not pass</summary>\n", "\n</details>\n");
        let taken: Vec<&str> = fitting(&self.answers, room.saturating_sub(100)).collect();
        if taken.is_empty() {
            return String::new();
        }
        let left = self.rows.len() as u64 + self.more - taken.len() as u64;
        let note = if left > 0 { format!("\n{left} more are not shown.\n") } else { String::new() };
        format!("{open}{}{note}{close}", taken.concat())
    }
}

/// The hidden line, the verdict, and what ran.
fn head(plan: &Plan, run: &Run, info: &RunInfo) -> String {
    let mut suites: Vec<&str> = plan.suites.iter().map(|suite| suite.name.as_str()).collect();
    // What is proven today is run tomorrow, and is to be found in the same comment.
    suites.extend(run.proven.iter().map(|proven| proven.suite.as_str()));
    suites.sort_unstable();
    suites.dedup();
    let suites = suites.join(", ");
    let marker = in_comment(&suites);
    let failed = run.gates().filter(|gate| !gate.passed).count();
    let all = run.gates().count() as u64;
    let (sign, verdict) = match info.status.as_str() {
        "complete" if info.passed => ("✅", format!("passed: {}", hold(all))),
        "complete" => ("❌", format!("failed: {failed} of {}", counted(all, "gate"))),
        status => ("⚠️", status.to_owned()),
    };
    let mut text = format!(
        "<!-- pf:eval {marker} -->\n### {sign} {} {verdict}\n\n{}",
        inline(&suites, 200),
        result_counts(run)
    );
    if let Some(commit) = &info.commit {
        let dirty = if info.dirty == Some(true) { " with local changes" } else { "" };
        let _ = write!(text, "; commit `{commit:.12}`{dirty}");
    }
    if plan.filtered {
        text += "; only the selected cases ran";
    }
    if let Some(shard) = plan.shard {
        let _ = write!(text, "; shard {shard}, and `pf merge` checks the gates of all");
    }
    if let Some(spent) = &info.spent {
        let _ = write!(text, "; {}", spent.text());
    }
    text + ".\n"
}

/// A text as it may stand in a comment: without `--` and `>`.
pub(in crate::report) fn in_comment(text: &str) -> String {
    excerpt(text, 500).replace("--", "-&#45;").replace('>', "&gt;")
}

fn hold(gates: u64) -> String {
    match gates {
        1 => "the gate holds".to_owned(),
        gates => format!("all {gates} gates hold"),
    }
}

/// The gates that failed; the others are counted in the head.
fn gates(plan: &Plan, run: &Run, room: &mut usize) -> String {
    let rows: Vec<String> = run
        .named_gates(plan)
        .filter(|named| !named.gate.passed)
        .map(|NamedGate { suite, prompt, model, gate }| {
            let interval = gate.interval.map_or(String::new(), |(low, high)| {
                format!("{} to {}", percent(low), percent(high))
            });
            row(&[
                inline(&gate.name, NAME),
                inline(suite, NAME),
                inline(prompt, NAME),
                inline(model, NAME),
                observed(gate),
                described_bound(gate),
                interval,
                gate.n.to_string(),
                inline(gate.note.as_deref().unwrap_or_default(), REASON),
            ])
        })
        .collect();
    let head =
        ["failed gate", "suite", "prompt", "model", "observed", "wanted", "interval", "n", "note"];
    Table { title: "", head: &head, rows: &rows, more: 0 }.fit(room)
}

fn results(plan: &Plan, run: &Run, room: &mut usize) -> String {
    let results: Vec<&ColumnResult> = run.results.iter().collect();
    let metrics = shown_metrics(plan, &results);
    let mut head = vec!["suite", "prompt", "model", "pass", "of", "rate", "95 % interval"];
    let metric_names: Vec<String> = metrics.iter().map(|name| inline(name, NAME)).collect();
    head.extend(metric_names.iter().map(String::as_str));
    let rows: Vec<String> = results
        .iter()
        .map(|result| {
            let (prompt, model) = named(plan, result);
            let pass = result.count(State::Pass);
            let (rate, interval) = result.pass_rate.map_or_else(Default::default, |rate| {
                let interval = rate
                    .interval
                    .map(|(low, high)| format!("{} to {}", percent(low), percent(high)));
                (percent(rate.value), interval.unwrap_or_default())
            });
            let mut cells = vec![
                inline(&plan.suites[result.suite].name, NAME),
                inline(prompt, NAME),
                inline(model, NAME),
                pass.to_string(),
                (pass + result.count(State::Fail)).to_string(),
                rate,
                interval,
            ];
            cells.extend(metrics.iter().map(|name| {
                result
                    .metrics
                    .get(name)
                    .map(|metric| format!("{:.3}", metric.value))
                    .unwrap_or_default()
            }));
            row(&cells)
        })
        .collect();
    Table { title: "\n#### Results\n", head: &head, rows: &rows, more: 0 }.fit(room)
}

/// What was not run, since notes prove it.
fn proven(run: &Run, room: &mut usize) -> String {
    let head = ["suite", "prompt", "model", "pass", "of", "rate", "noted", "beside"];
    let rows = run.proven.iter().map(|proven| {
        let note = &proven.noted.note;
        row(&[
            inline(&proven.suite, NAME),
            inline(&proven.prompt, NAME),
            inline(&note.measured.model, NAME),
            note.pass.to_string(),
            note.n.to_string(),
            percent(note.pass_rate()),
            note.at.strftime("%Y-%m-%d").to_string(),
            format!("`{:.12}`", proven.noted.commit),
        ])
    });
    let rows: Vec<String> = rows.collect();
    Table { title: "\n#### Proven by notes, not run\n", head: &head, rows: &rows, more: 0 }
        .fit(room)
}

fn usage(plan: &Plan, run: &Run, room: &mut usize) -> String {
    let head = ["prompt", "model", "tokens in", "tokens out", "cost", "latency p50", "latency p95"];
    let rows: Vec<String> = run
        .results
        .iter()
        .filter(|result| {
            result.input_tokens + result.output_tokens > 0 || result.latency_ms.is_some()
        })
        .map(|result| {
            let (prompt, model) = named(plan, result);
            let cost = result.cost_usd.map(|cost| format!("&#36;{cost:.4}")).unwrap_or_default();
            let [p50, p95] = result.latency_ms.map_or_else(Default::default, |[p50, p95, _]| {
                [p50, p95].map(|ms| format!("{ms:.0} ms"))
            });
            row(&[
                inline(prompt, NAME),
                inline(model, NAME),
                result.input_tokens.to_string(),
                result.output_tokens.to_string(),
                cost,
                p50,
                p95,
            ])
        })
        .collect();
    Table { title: "\n#### Cost and latency\n", head: &head, rows: &rows, more: 0 }.fit(room)
}

/// A table of which as many rows are shown as there is room for.
pub(super) struct Table<'a> {
    pub(super) title: &'a str,
    pub(super) head: &'a [&'a str],
    pub(super) rows: &'a [String],
    /// Rows that were not even kept.
    pub(super) more: u64,
}

impl Table<'_> {
    pub(super) fn fit(&self, room: &mut usize) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut text =
            format!("{}\n{}{}", self.title, line(self.head), line(&vec!["---"; self.head.len()]));
        let left = (*room).min(LONGEST_TABLE).saturating_sub(units(&text) + 100);
        let taken: Vec<&str> = fitting(self.rows, left).collect();
        text += &taken.concat();
        let omitted = (self.rows.len() - taken.len()) as u64 + self.more;
        if omitted > 0 {
            let _ = write!(text, "\nand {omitted} more, for which there is no room here\n");
        }
        *room = room.saturating_sub(units(&text));
        text
    }
}

/// The first of these texts, as many as there is room for.
pub(super) fn fitting(texts: &[String], mut room: usize) -> impl Iterator<Item = &str> {
    texts.iter().map(String::as_str).take_while(move |text| {
        let fits = units(text) <= room;
        room = room.saturating_sub(units(text));
        fits
    })
}

pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(super) fn row(cells: &[String]) -> String {
    line(&cells.iter().map(String::as_str).collect::<Vec<_>>())
}

fn line(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Foreign text on one line, which is text and nothing else: no markup, no mention, no reference, no link.
pub(super) fn inline(text: &str, longest: usize) -> String {
    let text = excerpt(text, longest);
    let mut shown = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => shown.extend(['\\', character]),
            '&' => shown += "&amp;",
            '<' => shown += "&lt;",
            '>' => shown += "&gt;",
            // Formulas stand between dollars.
            '$' => shown += "&#36;",
            // The zero-width space keeps `@name`, `#1`, `https://…` and `www.…` from becoming links.
            '@' | '#' => shown.extend([&character.to_string(), "&#8203;"]),
            ':' if text[at..].starts_with("://") => shown += ":&#8203;",
            '.' if text[..at].to_ascii_lowercase().ends_with("www") => shown += "&#8203;.",
            character => shown.push(character),
        }
    }
    shown
}

/// Foreign text of several lines: in a fence that is longer than any in it.
pub(super) fn fenced(text: &str) -> String {
    let text = match text.char_indices().nth(ANSWER) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    let (mut longest, mut run) = (0, 0);
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}text\n{}\n{fence}\n", escape(&text).trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    fn written(markdown: &Markdown, plan: &Plan) -> String {
        testing::text(|out| {
            markdown.write(out, plan, &testing::run(plan), &testing::info()).unwrap();
        })
    }

    #[test]
    fn it_stands_in_the_order_of_a_review_and_nothing_foreign_acts() {
        let plan = testing::plan();
        let mut markdown = Markdown::default();
        for cell in &testing::cells() {
            markdown.add(&plan, cell);
        }
        assert_eq!(
            written(&markdown, &plan),
            r#"<!-- pf:eval greet, other -->
### ❌ greet, other failed: 5 of 12 gates

6 cells: 2 pass, 1 fail, 1 error, 1 unscored, 1 not run; commit `0123456789ab` with local changes.

| failed gate | suite | prompt | model | observed | wanted | interval | n | note |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| pass\_rate | greet | greet | echo/a | 50.0 % | ≥ 100.0 % | 9.5 % to 90.5 % | 2 |  |
| pass\_rate | greet | greet | echo/b | 0.0 % | ≥ 100.0 % | 0.0 % to 100.0 % | 0 | no cell was scored |
| errors | greet | greet | echo/b | 1 | ≤ 0 |  | 2 |  |
| unscored | greet | greet | echo/b | 1 | ≤ 0 |  | 2 |  |
| not\_run | other | greet | echo/echo | 1 | ≤ 0 |  | 2 |  |

#### 4 cells did not pass

| state | case | prompt | model | why | place |
| --- | --- | --- | --- | --- | --- |
| fail | b\|o&lt;b&gt; | greet | echo/a | equals: =1+1&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&lt;!-- \`\|\` @&#8203;org/team #&#8203;12 https:&#8203;//evil.example www&#8203;.evil.example &#36;x&#36; \*\*b\*\* \\u{202e}\\u{1b}\[31m ::error::x \`\`\` 50 %; equals: has none | evals/greet.yaml:5 |
| error | ada | greet | echo/b | 503 from api.example, 4 times | evals/greet.yaml:4 |
| unscored | b\|o&lt;b&gt; | greet | echo/b | equals: no price | evals/greet.yaml:5 |
| not run | c #&#8203;2 | greet | echo/echo | interrupted | evals/other.yaml:3 |

#### Results

| suite | prompt | model | pass | of | rate | 95 % interval | =has a |
| --- | --- | --- | --- | --- | --- | --- | --- |
| greet | greet | echo/a | 1 | 2 | 50.0 % | 9.5 % to 90.5 % | 0.500 |
| greet | greet | echo/b | 0 | 0 |  |  |  |
| other | greet | echo/echo | 1 | 1 | 100.0 % | 20.7 % to 100.0 % |  |

#### Cost and latency

| prompt | model | tokens in | tokens out | cost | latency p50 | latency p95 |
| --- | --- | --- | --- | --- | --- | --- |
| greet | echo/a | 24 | 6 | &#36;0.0002 | 1250 ms | 1250 ms |
| greet | echo/echo | 12 | 3 | &#36;0.0001 | 1250 ms | 1250 ms |

<details><summary>Answers that did not pass</summary>

**b\|o&lt;b&gt;** by greet on echo/a

````text
=1+1</script><img src=x onerror=alert(1)><!-- `|` @org/team #12 https://evil.example www.evil.example $x$ **b** \u{2028}\u{202e}\u{1b}[31m\u{d}
::error::x
```
50 %
````

expected

```text
{"a":1}
```

**b\|o&lt;b&gt;** by greet on echo/b

```text
-5
```

expected

```text
{"a":1}
```

2 more are not shown.

</details>
"#
        );
    }

    #[test]
    fn a_comment_has_room_for_it_however_much_fails() {
        let plan = testing::plan();
        let mut markdown = Markdown::default();
        let mut cell = testing::cells().swap_remove(1);
        cell.output = Some("🦀`".repeat(5_000));
        cell.judgements[0].reason = "@<|>".repeat(500);
        for _ in 0..100_000 {
            markdown.add(&plan, &cell);
        }
        let text = written(&markdown, &plan);
        assert!(text.encode_utf16().count() <= LONGEST, "{}", text.encode_utf16().count());
        assert!(text.contains("more, for which there is no room here"), "{text}");
        assert!(text.ends_with("\n</details>\n"), "{}", &text[text.len() - 200..]);
    }

    #[test]
    fn foreign_text_on_a_line_is_text() {
        assert_eq!(
            inline("a|b `c` <b> @x #1 https://e.x WWW.e.x $y$ [z](u) \\ & \n\u{202e}", 200),
            "a\\|b \\`c\\` &lt;b&gt; @&#8203;x #&#8203;1 https:&#8203;//e.x WWW&#8203;.e.x &#36;y&#36; \\[z\\](u) \\\\ &amp; \\\\u{202e}"
        );
    }

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!(fenced("a"), "```text\na\n```\n");
        assert_eq!(fenced("a ```` b\n"), "`````text\na ```` b\n`````\n");
        assert_eq!(fenced(""), "```text\n\n```\n");
    }
}
