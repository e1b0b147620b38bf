//! O254

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::{after, before, texts};
use crate::diagnostic::{Diagnostic, closest, excerpt};
use crate::document::Route;
use crate::lint::context::{PromptContext, ProseContext};
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// The text of a prompt describes another answer than its output schema.
    ///
    /// ## Why is this bad?
    ///
    /// The model follows the text, and the answer is checked against the schema. Where the provider holds the model to the
    /// schema, it must choose among values that the text does not speak of.
    ///
    /// ## What it does
    ///
    /// It reads JSON objects in the text that share keys with the schema: keys that the schema forbids or that look like
    /// a misspelling, required keys that are left out, and values that are none of an `enum`. Where the text lists the
    /// values of a property (`label: one of refund, bug, other`), they are compared with its `enum`. Placeholders and
    /// objects that are called an input are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Sort the ticket. `label` must be one of refund, bug, praise.
    /// output:
    ///   format: json
    ///   schema: {type: object, properties: {label: {enum: [refund, bug, other]}}}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Sort the ticket. `label` must be one of refund, bug, other.
    /// output:
    ///   format: json
    ///   schema: {type: object, properties: {label: {enum: [refund, bug, other]}}}
    /// ```
    TEXT_CONTRADICTS_SCHEMA: "O254" "text-contradicts-schema" Warning, Check::prompt(check)
}

type Object = Map<String, Value>;

/// Most keys of an object that are looked at.
const MOST_KEYS: usize = 256;

/// Most objects of one text that are looked at. What is no JSON is read to its end, so this bounds the work.
const MOST_OBJECTS: usize = 32;

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let output = context.prompt.file.output.as_ref();
    let Some(schema) = output.and_then(|output| output.schema.as_ref()) else { return };
    let Some((schema, below)) = described(schema) else { return };
    let route = below.iter().fold(Route::root().key("output").key("schema"), |r, key| r.key(*key));
    for text in texts(context) {
        let mut reader = Reader { context, text: &text, findings };
        reader.objects(schema, &route);
        reader.lists(schema, &route);
    }
}

/// The schema of the objects that an answer consists of, and the way to it: a list of objects is described by its items.
fn described(schema: &Object) -> Option<(&Object, &'static [&'static str])> {
    if schema.get("properties").is_some_and(Value::is_object) {
        return Some((schema, &[]));
    }
    let items = schema.get("items")?.as_object()?;
    items.get("properties")?.is_object().then_some((items, &["items"]))
}

struct Reader<'a, 'c> {
    context: &'a PromptContext<'c>,
    text: &'a ProseContext<'a>,
    findings: &'a mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    /// Reports bytes of the text, beside the place in the schema that they contradict.
    fn report(&mut self, span: Span, message: String, schema: &Route, help: Option<String>) {
        let document = &self.context.prompt.document;
        let finding = TEXT_CONTRADICTS_SCHEMA
            .at(self.text.file, self.text.place(span), message)
            .related(&document.file, document.key_span(schema), "the schema says so here");
        self.findings.push(match help {
            Some(help) => finding.help(help),
            None => finding.help("change the one or the other"),
        });
    }

    /// Looks at JSON objects in the text.
    fn objects(&mut self, schema: &Object, route: &Route) {
        let whole = self.text.text;
        for (literal, piece) in self.text.literals() {
            let mut from = 0;
            for _ in 0..MOST_OBJECTS {
                let Some(at) = next_object(piece, from) else { break };
                from = at + 1;
                let mut values =
                    serde_json::Deserializer::from_str(&piece[at..]).into_iter::<Object>();
                let Some(Ok(object)) = values.next() else { continue };
                let end = at + values.byte_offset();
                from = end;
                if is_an_answer(&object, schema) && !is_called_input(&piece[..at]) {
                    let span = Span::new(literal.span.start + at, literal.span.start + end);
                    self.left_out(&object, schema, route, span, whole);
                    self.object(&object, schema, route, span);
                }
            }
        }
    }

    /// Looks for required keys that an object leaves out.
    fn left_out(
        &mut self,
        object: &Object,
        schema: &Object,
        route: &Route,
        span: Span,
        text: &str,
    ) {
        let known = properties(schema);
        // One key alone explains that key.
        let several =
            object.keys().filter(|key| known.is_some_and(|k| k.contains_key(*key))).count() > 1;
        let required = schema.get("required").and_then(Value::as_array);
        let missing: Vec<String> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|name| {
                !object.contains_key(*name)
                    && closest(name, object.keys().take(MOST_KEYS).map(String::as_str)).is_none()
            })
            .map(|name| format!("`{}`", excerpt(name, 40)))
            .collect();
        if several && !missing.is_empty() && !text[span.range()].contains("...") {
            let brace = Span::new(span.start, span.start + 1);
            let message =
                format!("this object has no {}, which the schema requires", missing.join(", "));
            self.report(brace, message, &route.key("required"), None);
        }
    }

    /// Looks at the keys and values of an object that stands at `span` of the text.
    fn object(&mut self, object: &Object, schema: &Object, route: &Route, span: Span) {
        let Some(known) = properties(schema) else { return };
        // With many foreign keys it is more likely another object than this one with mistakes.
        let foreign = object.keys().filter(|key| !known.contains_key(*key)).count();
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false))
            && foreign * 2 < object.len();
        let mut from = span.start;
        for (key, value) in object.iter().take(MOST_KEYS) {
            let Some(place) = key_place(self.text.text, key, from, span.end) else { continue };
            from = place.end;
            let shown = excerpt(key, 40);
            match known.get(key) {
                None => {
                    let free = known.keys().filter(|name| !object.contains_key(*name));
                    let meant = closest(key, free.map(String::as_str));
                    if closed || meant.is_some() {
                        let message = format!("the output schema has no property `{shown}`");
                        let help = meant.map(|meant| format!("did you mean `{meant}`?"));
                        self.report(place, message, &route.key("properties"), help);
                    }
                }
                Some(Value::Object(inner)) => {
                    let route = route.key("properties").key(key);
                    self.value(value, inner, &route, Span::new(from, span.end));
                }
                Some(_) => {}
            }
        }
    }

    /// Looks at a value of an object; it stands somewhere in `span`.
    fn value(&mut self, value: &Value, schema: &Object, route: &Route, span: Span) {
        match value {
            Value::Object(inner) if properties(schema).is_some() && is_an_answer(inner, schema) => {
                self.object(inner, schema, route, span);
            }
            Value::Array(values) => {
                if let Some(Value::Object(items)) = schema.get("items") {
                    // The first stands for all: examples repeat themselves.
                    if let Some(first) = values.first() {
                        self.value(first, items, &route.key("items"), span);
                    }
                }
            }
            Value::String(text) => {
                let Some(allowed) = texts_of_enum(schema) else { return };
                let Some(at) = self.text.text[span.range()].find(text.as_str()) else { return };
                let start = span.start + at;
                for (offset, option) in foreign_options(text, &allowed) {
                    let place = Span::new(start + offset, start + offset + option.len());
                    self.foreign(option, &allowed, place, route);
                }
            }
            _ => {}
        }
    }

    /// Reports a value that is none of an `enum`.
    fn foreign(&mut self, option: &str, allowed: &[&str], place: Span, route: &Route) {
        let shown = excerpt(option, 40);
        let of = match route.segments().last() {
            Some(crate::document::Segment::Key(name)) if name != "items" => format!("`{name}`"),
            _ => "the items".to_owned(),
        };
        let message = format!("`{shown}` is no value that the schema allows for {of}");
        let help = closest(option, allowed.iter().copied())
            .map(|meant| format!("did you mean `{}`?", excerpt(meant, 40)));
        self.report(place, message, &route.key("enum"), help);
    }

    /// Looks at lists of values behind the names of properties.
    fn lists(&mut self, schema: &Object, route: &Route) {
        for (name, inner) in properties(schema).into_iter().flatten() {
            let Some(inner) = inner.as_object().filter(|_| !name.is_empty()) else { continue };
            let Some(allowed) = texts_of_enum(inner) else { continue };
            let route = route.key("properties").key(name);
            for (literal, piece) in self.text.literals() {
                for (at, _) in piece.match_indices(name.as_str()) {
                    let after = at + name.len();
                    if !is_named(piece, at, after) {
                        continue;
                    }
                    for (span, option) in listed(piece, after, &allowed) {
                        let start = literal.span.start;
                        let place = Span::new(start + span.start, start + span.end);
                        self.foreign(option, &allowed, place, &route);
                    }
                }
            }
        }
    }
}

fn properties(schema: &Object) -> Option<&Object> {
    schema.get("properties")?.as_object()
}

/// The values of an `enum` that holds texts alone.
fn texts_of_enum(schema: &Object) -> Option<Vec<&str>> {
    let values = schema.get("enum")?.as_array()?;
    let texts: Vec<&str> =
        values.iter().filter(|value| !value.is_null()).map(Value::as_str).collect::<Option<_>>()?;
    (!texts.is_empty()).then_some(texts)
}

/// Where the next `{` stands that a quotation mark follows.
fn next_object(text: &str, from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let at = from + text.get(from..)?.find('{')?;
        if text[at + 1..].trim_start().starts_with('"') {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Whether an object is one that the schema describes: at least half of its keys are those of the schema.
fn is_an_answer(object: &Object, schema: &Object) -> bool {
    let known = properties(schema);
    let shared = object.keys().filter(|key| known.is_some_and(|k| k.contains_key(*key))).count();
    shared > 0 && shared * 2 >= object.len()
}

/// Whether what stands before an object calls it an input, or a wrong answer.
fn is_called_input(text: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:input|inputs|given|receive|received|incoming|request|payload|instead of|not|never|wrong|bad|invalid|incorrect)\b[^\n]{0,60}\n?[^\n]{0,20}$")
            .expect("a constant pattern")
    });
    WORDS.is_match(before(text, text.len()))
}

/// Where a key stands between two places of a text.
fn key_place(text: &str, key: &str, from: usize, to: usize) -> Option<Span> {
    let quoted = format!("\"{key}\"");
    let within = text.get(from..to)?;
    let (at, _) = within
        .match_indices(&quoted)
        .find(|(at, _)| within[at + quoted.len()..].trim_start().starts_with(':'))?;
    Some(Span::new(from + at + 1, from + at + 1 + key.len()))
}

/// The options in the text of a value, such as `refund | bug`, that are none of those allowed; nothing for a placeholder.
fn foreign_options<'t>(text: &'t str, allowed: &[&str]) -> Vec<(usize, &'t str)> {
    let mut options = Vec::new();
    let mut at = 0;
    for option in text.split('|') {
        let start = at + option.len() - option.trim_start().len();
        options.push((start, option.trim()));
        at += option.len() + 1;
    }
    let plain = options.iter().all(|(_, option)| {
        !option.is_empty() && option.chars().all(|c| c.is_alphanumeric() || "_-".contains(c))
    });
    let placeholder = ["string", "str", "text", "enum", "value", "label", "category"];
    let known = options.iter().filter(|(_, option)| allowed.contains(option)).count();
    let alone = options.len() == 1 && !placeholder.contains(&text.to_lowercase().as_str());
    if !plain || !(alone || known > 0) {
        return Vec::new();
    }
    options.retain(|(_, option)| !allowed.contains(option));
    options
}

/// Whether a name at these bytes is marked as one: quoted, in backticks, bold, or at the start of a line before a colon.
fn is_named(text: &str, start: usize, end: usize) -> bool {
    let opening = text[..start].chars().next_back();
    let closing = text[end..].chars().next();
    let marks = ['"', '\'', '`', '*'];
    if opening.is_some_and(|c| marks.contains(&c)) {
        return opening == closing;
    }
    let line = before(text, start).rsplit('\n').next().unwrap_or_default();
    line.trim_matches([' ', '\t', '-', '*', '•']).is_empty() && closing == Some(':')
}

/// The values of a list behind a name that are none of those allowed. What shares less than half of its values with
/// them is no list of values.
fn listed<'t>(text: &'t str, from: usize, allowed: &[&str]) -> Vec<(Span, &'t str)> {
    static LIST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?x)
            ^["'`*]{0,3} \s* (?:\([^)\n]{0,30}\)\s*)?
            (?:(?:(?:must|should|can|may|has\ to|shall)\s+(?:only\s+)?be|is|are|takes|in|:|=|–|—|->|→)\s*){0,2}
            (?:(?:exactly|strictly|always)\s+)?
            (?:(?:one\s+of|either|any\s+of)\s*)?
            (?:(?:the\s+following|these)(?:\s+values)?\s*)? :? \s* [\[({]? \s*
            (?P<list>["'`]?[\w-]+["'`]?(?:\s*(?:,\s*or\b|,\s*and\b|,|\||/|\bor\b)\s*["'`]?[\w-]+["'`]?)+)
            "#,
        )
        .expect("a constant pattern")
    });
    static ITEM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[\w-]+").expect("a constant pattern"));

    let line = after(text, from).split('\n').next().unwrap_or_default();
    let Some(list) = LIST.captures(line).and_then(|captures| captures.name("list")) else {
        return Vec::new();
    };
    // `refund or a bug`: a word that goes on is no value.
    let goes_on = line[list.end()..].trim_start().starts_with(char::is_alphanumeric);
    if goes_on && list.as_str().ends_with(|c: char| c.is_alphanumeric()) {
        return Vec::new();
    }
    let joins = ["or", "and"];
    let mut items: Vec<(Span, &str)> = ITEM
        .find_iter(list.as_str())
        .filter(|item| !joins.contains(&item.as_str()) || allowed.contains(&item.as_str()))
        .map(|item| {
            let start = from + list.start() + item.start();
            (Span::new(start, start + item.len()), item.as_str())
        })
        .collect();
    // In a JSON object, the next key.
    if line[list.end()..].trim_start().starts_with(':') {
        items.pop();
    }
    let (right, wrong): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|(_, item)| allowed.contains(item));
    if right.len() < wrong.len() || right.is_empty() { Vec::new() } else { wrong }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    const CLOSED: &str = "{type: object, additionalProperties: false, required: [label, score], properties: {label: {enum: [refund, bug, other]}, score: {type: number}, tags: {type: array, items: {enum: [new, old]}}}}";
    const OPEN: &str = "{type: object, properties: {label: {enum: [refund, bug, other]}, score: {type: number}, detail: {type: object, properties: {urgency: {enum: [low, high]}}}}}";

    fn of(content: &str, schema: &str) -> Vec<String> {
        let indented = content.replace('\n', "\n      ");
        let prompt = format!(
            "messages:\n  - role: system\n    content: |\n      {indented}\noutput:\n  format: json\n  schema: {schema}\n"
        );
        let found = findings("O254", &[("prompts/a.yaml", prompt.as_str())]);
        let short = |line: &String| line.trim_start_matches("prompts/a.yaml:").to_owned();
        found.iter().map(short).collect()
    }

    #[test]
    fn objects_in_the_text_are_compared() {
        assert_eq!(
            of(r#"Answer like {"label": "refund", "score": 1, "why": "late"}."#, CLOSED),
            ["4:52 O254 the output schema has no property `why`"]
        );
        assert_eq!(
            of("```json\n{\"lable\": \"bug\", \"score\": 0.5}\n```", OPEN),
            ["5:9 O254 the output schema has no property `lable`"]
        );
        assert_eq!(
            of(r#"{"label": "refund | praise", "tags": ["fresh"], "score": 1}"#, CLOSED),
            [
                "4:27 O254 `praise` is no value that the schema allows for `label`",
                "4:46 O254 `fresh` is no value that the schema allows for the items",
            ]
        );
        assert_eq!(
            of(r#"{"label": "bug", "tags": ["new"]}"#, CLOSED),
            ["4:7 O254 this object has no `score`, which the schema requires"]
        );
        assert_eq!(
            of(r#"{"label": "bug", "detail": {"urgency": "medium"}}"#, OPEN),
            ["4:47 O254 `medium` is no value that the schema allows for `urgency`"]
        );
        let list = format!("{{type: array, items: {CLOSED}}}");
        assert_eq!(
            of(r#"[{"label": "praise", "score": 1}]"#, &list),
            ["4:19 O254 `praise` is no value that the schema allows for `label`"]
        );
    }

    #[test]
    fn lists_of_values_are_compared() {
        for (text, column) in [
            ("`label` must be one of: refund, bug, praise.", "4:44"),
            ("- label: refund | bug | praise", "4:31"),
            ("\"label\": one of [\"refund\", \"bug\", \"praise\"]", "4:42"),
            ("**label** (text): either refund, bug or praise", "4:47"),
        ] {
            let message =
                format!("{column} O254 `praise` is no value that the schema allows for `label`");
            assert_eq!(of(text, OPEN), [message], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        for text in [
            r#"You get the input {"label": "x", "body": "y"}."#,
            r#"{"label": "<one of the labels>", "score": 0.0}"#,
            r#"{"label": "string", "score": 1}"#,
            r#"{"label": "...", "score": 1}"#,
            r#"Set {"label": "bug"} when it crashes."#,
            r#"{"id": 7, "customer": "Ann", "body": "Hi", "label": "x"}"#,
            r#"{"label": "refund", "score": 1"#,
            r#"Tools answer {"label": "bug", "code": 4}."#,
            "{\"label\": {{ x }}, \"score\": 1}",
            "`label` is refund or a bug report.",
            "`label`: short, clear, one word.",
            "The label says refund, bug, or praise.",
            "`label` must be one of: refund, bug, other, or the case is lost.",
            "{{ '{' }}",
            "{\"{\"{\"{\"",
        ] {
            assert_eq!(of(text, CLOSED), [""; 0], "{text}");
        }
    }

    #[test]
    fn many_braces_cost_no_more_than_one_reading_each() {
        for piece in [r#"{"label": "#, r#""label" "#, r#"{"label": "bug", "score": 1}"#] {
            assert_eq!(of(&piece.repeat(20_000), CLOSED), [""; 0], "{piece}");
        }
    }
}
