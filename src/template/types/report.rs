//! What is said of a value that does not fit its use.

use minijinja::machinery::ast::{CallArg, Expr};

use super::kinds::Kinds;
use super::lattice::{ListFacts, Type};
use super::{
    Inference, MAX_FINDINGS, PRINTED_COLLECTION, Source, TYPE_MISMATCH, UNGUARDED_OPTIONAL,
};
use crate::diagnostic::{Diagnostic, Fix, RuleId, excerpt};
use crate::document::Route;
use crate::jinja::expression_span;
use crate::span::Span;
use crate::template::analysis::condition::path;
use crate::template::closure::Place;

/// The longest piece of a template that is repeated in a message, in characters.
const MAX_SUBJECT: usize = 60;

/// What a template does with a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use<'a> {
    Print,
    /// Prints it and other values, as `~` and `join` do.
    Write(&'a str),
    Truth,
    Loop,
    Unpack,
    Access,
    Slice,
    Contains,
    Operator(&'a str),
    Filter(&'a str),
    Test(&'a str),
    Method(&'a str),
}

impl Use<'_> {
    /// Why a value that is there does not fit.
    pub(super) fn refusal(self) -> String {
        match self {
            Self::Print | Self::Write(_) => "which does not print".to_owned(),
            Self::Truth => "which is neither true nor false".to_owned(),
            Self::Loop => "which cannot be looped over".to_owned(),
            Self::Unpack => "which cannot be taken apart into several names".to_owned(),
            Self::Access => "which has no attributes".to_owned(),
            Self::Slice => "which cannot be sliced".to_owned(),
            Self::Contains => "in which `in` cannot look".to_owned(),
            Self::Operator(name) | Self::Filter(name) | Self::Test(name) => {
                format!("which `{name}` does not take")
            }
            Self::Method(name) => format!("which has no method `{name}`"),
        }
    }

    pub(super) fn help(self, kinds: Kinds) -> Option<String> {
        let text = |s: &str| Some(s.to_owned());
        match self {
            Self::Filter("split" | "lines" | "format") => text("it takes a text"),
            Self::Filter("items" | "dictsort") => text("it takes an object"),
            Self::Filter("abs" | "round") => {
                text("it takes a number: convert with `| float` first")
            }
            Self::Filter("int" | "float") => text("it takes a text or a number"),
            Self::Filter("length" | "count") => text("it takes a text, a list or an object"),
            Self::Loop | Self::Filter(_) if kinds.within(Kinds::NUMBER | Kinds::BOOL) => {
                text("declare the variable as an array, or count with `range(…)`")
            }
            Self::Unpack if kinds == Kinds::STRING => {
                text("looping over an object gives its keys; for pairs write `| items`")
            }
            Self::Operator("+") => text("`~` puts values of any type together as text"),
            Self::Operator(_) if kinds.meets(Kinds::STRING) => {
                text("convert with `| int` or `| float`, or declare the variable as a number")
            }
            Self::Method("append" | "extend" | "insert" | "push") if kinds == Kinds::LIST => {
                text("values do not change: `{% set items = items + [item] %}` makes a new list")
            }
            _ => None,
        }
    }
}

impl<'w> Inference<'w> {
    /// Says what is wrong when a value does not fit: rendering `fails` on some kinds, and writes others out in Python's
    /// notation (`dumps`). Gives whether nothing was to be said, so that no more is said of what follows from it.
    pub(super) fn demand(
        &mut self,
        expression: &Expr<'w>,
        of: &Type,
        fails: Kinds,
        dumps: Kinds,
        used: Use<'_>,
    ) -> bool {
        if !of.is_known() || of.kinds.within(Kinds::ALL - fails - dumps) {
            return true;
        }
        let present = of.present();
        let absent = of.kinds & Kinds::ABSENT;
        if present.is_empty() {
            if absent.within(fails) {
                self.always_absent(expression, absent, used);
            }
        } else if present.within(fails) {
            self.mismatch(expression, of, used);
        } else if present.within(dumps) {
            self.dumped(expression, of, used);
        } else if absent.meets(fails | dumps) && !present.meets(fails | dumps) {
            let failing = absent & (fails | dumps);
            self.unguarded(expression, failing, failing.meets(fails), used);
        } else {
            return true;
        }
        false
    }

    fn mismatch(&mut self, expression: &Expr<'w>, of: &Type, used: Use<'_>) {
        let message = format!("{} is {}, {}", self.subject(expression), of.words(), used.refusal());
        let help = used.help(of.present());
        let span = self.span(expression);
        if let Some(finding) = self.say_of(TYPE_MISMATCH, span, message, expression) {
            finding.help.extend(help);
        }
    }

    fn always_absent(&mut self, expression: &Expr<'w>, absent: Kinds, used: Use<'_>) {
        // A name that is set to none on purpose says so itself.
        let Some(path) = path(expression) else { return };
        if self.scope.is_assigned(&path[0]) {
            return;
        }
        let what = if absent == Kinds::NONE { "none" } else { "missing" };
        let message =
            format!("{} is always {what} here, {}", self.subject(expression), used.refusal());
        let span = self.span(expression);
        if let Some(finding) = self.say_of(TYPE_MISMATCH, span, message, expression) {
            finding
                .help
                .push("the condition around it says so; is it the wrong way round?".to_owned());
        }
    }

    /// A list or an object as text.
    fn dumped(&mut self, expression: &Expr<'w>, of: &Type, used: Use<'_>) {
        let subject = self.subject(expression);
        let form = match of.present() {
            Kinds::OBJECT => "{'name': …}",
            _ => "['…', '…']",
        };
        let verb = if used == Use::Print { "is printed" } else { "becomes text" };
        let message =
            format!("{subject} is {} and {verb} in Python's notation, `{form}`", of.words());
        let span = self.span(expression);
        let list_of_scalars = of.present() == Kinds::LIST
            && of
                .item
                .as_ref()
                .is_some_and(|item| item.is_known() && item.kinds.within(Kinds::SCALAR));
        // The quotes that the file can hold here.
        let filters: &[&'static str] =
            if list_of_scalars { &[" | join(\", \")", " | join(', ')"] } else { &[" | tojson"] };
        let edit = |filter: &&'static str| Some((*filter, self.edit(Span::at(span.end), filter)?));
        let fix = (used == Use::Print && path(expression).is_some())
            .then(|| filters.iter().find_map(edit))
            .flatten()
            .map(|(filter, edit)| Fix {
                message: format!("append `{}`", filter.trim_start()),
                edits: vec![edit],
                safe: false,
            });
        let conversation = of.list == ListFacts::Conversation;
        let Some(finding) = self.say_of(PRINTED_COLLECTION, span, message, expression) else {
            return;
        };
        if conversation {
            finding.help.push(
                "insert its messages with an entry `- insert: NAME` of `messages`".to_owned(),
            );
            return;
        }
        finding.fix = fix;
        finding.help.push(match (list_of_scalars, of.present() == Kinds::LIST) {
            (true, _) => {
                "join its items, `| join(\", \")`, or print it as JSON, `| tojson`".to_owned()
            }
            (false, true) => "loop over it, or print it as JSON, `| tojson`".to_owned(),
            (false, false) => "print its properties one by one, or as JSON, `| tojson`".to_owned(),
        });
    }

    /// What may be absent, and is used without asking.
    fn unguarded(&mut self, expression: &Expr<'w>, absent: Kinds, fails: bool, used: Use<'_>) {
        if let Some(inner) = Self::lenient_default(expression, absent) {
            self.useless_default(expression, inner);
            return;
        }
        let (culprit, kinds) = self.culprit(expression, absent);
        let subject = self.subject(culprit);
        let outcome =
            if fails { "and then rendering fails" } else { "and is then written as `None`" };
        let optional = self.optional_variable(culprit);
        let how = match (kinds.meets(Kinds::NONE), optional) {
            (true, true) => "is none when it is not given",
            (true, false) => "may be none",
            (false, _) => "may be missing",
        };
        let message = format!("{subject} {how}, {outcome}");
        let span = self.span(expression);
        let ask = if kinds.meets(Kinds::NONE) { "" } else { " is defined" };
        let plain = subject.trim_matches('`').to_owned();
        let trusts_defined = self.text().contains("is defined");
        let Some(finding) = self.say_of(UNGUARDED_OPTIONAL, span, message, culprit) else {
            return;
        };
        let lax = if kinds.meets(Kinds::NONE) { ", true" } else { "" };
        finding.help.push(match used {
            Use::Print | Use::Write(_) | Use::Filter(_) => format!(
                "ask first, `{{% if {plain}{ask} %}}`, or name a substitute, `{plain} | default(\"…\"{lax})`"
            ),
            _ => format!("ask first: `{{% if {plain}{ask} %}}`"),
        });
        if trusts_defined && kinds.meets(Kinds::NONE) && optional {
            finding.help.push(
                "`is defined` does not ask for that: a declared variable is always defined"
                    .to_owned(),
            );
        }
        if optional {
            finding.help.push("or give the variable a `default`".to_owned());
        } else if !kinds.meets(Kinds::NONE) {
            finding.help.push("or name the property under `required` in its schema".to_owned());
        }
    }

    /// `x | default("…")` where `x` may be none.
    fn lenient_default<'e>(expression: &'e Expr<'w>, absent: Kinds) -> Option<&'e Expr<'w>> {
        match expression {
            Expr::Filter(e)
                if matches!(e.name, "default" | "d")
                    && e.args.len() < 2
                    && absent == Kinds::NONE =>
            {
                e.expr.as_ref()
            }
            _ => None,
        }
    }

    fn useless_default(&mut self, expression: &Expr<'w>, inner: &Expr<'w>) {
        let subject = self.subject(inner);
        let message =
            format!("{subject} may be none, and `default` only stands in for what is undefined");
        let fix = match expression {
            Expr::Filter(e) => match e.args.as_slice() {
                [CallArg::Pos(argument)] => {
                    self.edit(Span::at(expression_span(argument).end), ", true")
                }
                _ => None,
            },
            _ => None,
        };
        let span = self.span(expression);
        let Some(finding) = self.say_of(UNGUARDED_OPTIONAL, span, message, inner) else { return };
        finding.help.push(
            "write `default(\"…\", true)`, which also stands in for none and an empty text"
                .to_owned(),
        );
        finding.fix = fix.map(|edit| Fix {
            message: "let `default` stand in for none too".to_owned(),
            edits: vec![edit],
            safe: false,
        });
    }

    /// The part of a path that may be absent first.
    fn culprit<'e>(&mut self, expression: &'e Expr<'w>, absent: Kinds) -> (&'e Expr<'w>, Kinds) {
        let base = match expression {
            Expr::GetAttr(e) => &e.expr,
            Expr::GetItem(e) => &e.expr,
            _ => return (expression, absent),
        };
        let of = self.peek(base);
        if of.is_known() && of.kinds.meets(Kinds::ABSENT) {
            return self.culprit(base, of.kinds & Kinds::ABSENT);
        }
        (expression, absent)
    }

    fn optional_variable(&self, expression: &Expr<'_>) -> bool {
        let Expr::Var(e) = expression else { return false };
        let variable = self.prompt.file.variables.get(e.id);
        !self.scope.is_assigned(e.id) && variable.is_some_and(|variable| !variable.required())
    }

    /// The bytes of an expression, with the bracket that opens it.
    pub(super) fn span(&self, expression: &Expr<'_>) -> Span {
        let mut span = expression_span(expression);
        let text = self.text();
        let slice = text.get(span.range()).unwrap_or_default();
        let mut open = slice.matches(')').count().saturating_sub(slice.matches('(').count());
        while open > 0 && span.start > 0 && text.as_bytes()[span.start - 1] == b'(' {
            span.start -= 1;
            open -= 1;
        }
        span
    }

    /// An expression as it stands in the template.
    pub(super) fn subject(&self, expression: &Expr<'_>) -> String {
        let slice = self.text().get(self.span(expression).range()).unwrap_or_default();
        format!("`{}`", excerpt(slice.trim(), MAX_SUBJECT))
    }

    /// A finding, unless the rule has spoken of this place already.
    pub(super) fn say(
        &mut self,
        code: RuleId,
        span: Span,
        message: String,
    ) -> Option<&mut Diagnostic> {
        if self.found.len() >= MAX_FINDINGS || !self.said.insert((self.source, span, code)) {
            return None;
        }
        let place = self.place(span);
        let mut finding = Diagnostic::new(code, &place.file, place.span, message);
        if let Source::Partial(_) = self.source {
            let document = &self.prompt.document;
            let span = document.key_span(&Route::root().key("messages"));
            let text = format!("the prompt `{}` includes it", self.prompt.name);
            finding = finding.related(&document.file, span, text);
        }
        self.found.push(finding);
        self.found.last_mut()
    }

    /// A finding about a path, with the place where its variable is declared.
    pub(super) fn say_of(
        &mut self,
        code: RuleId,
        span: Span,
        message: String,
        about: &Expr<'_>,
    ) -> Option<&mut Diagnostic> {
        let mut root = about;
        while let Expr::GetAttr(_) | Expr::GetItem(_) | Expr::Filter(_) = root {
            root = match root {
                Expr::GetAttr(e) => &e.expr,
                Expr::GetItem(e) => &e.expr,
                Expr::Filter(e) => match &e.expr {
                    Some(inner) => inner,
                    None => break,
                },
                _ => break,
            };
        }
        let declared = match root {
            Expr::Var(e)
                if !self.scope.is_assigned(e.id)
                    && self.prompt.file.variables.contains_key(e.id) =>
            {
                Some(e.id)
            }
            _ => None,
        };
        let place = declared.map(|name| {
            let route = Route::root().key("variables").key(name);
            (name, self.prompt.document.key_span(&route))
        });
        let file = std::sync::Arc::clone(&self.prompt.document.file);
        let finding = self.say(code, span, message)?;
        if let Some((name, span)) = place {
            let label = crate::diagnostic::Label {
                file,
                span,
                message: format!("`{name}` is declared here"),
            };
            finding.related.insert(0, label);
        }
        Some(finding)
    }

    fn place(&self, span: Span) -> Place {
        match self.source {
            Source::Own(index) => self.closure.place(&self.closure.templates[index].route, span),
            Source::Partial(name) => {
                Place { file: std::sync::Arc::clone(&self.closure.partials[name].file), span }
            }
        }
    }

    /// The edit that puts `with` in the place of bytes of the template.
    pub(super) fn edit(&self, span: Span, with: &str) -> Option<(Span, String)> {
        match self.source {
            Source::Own(index) => {
                let route = &self.closure.templates[index].route;
                self.prompt.document.replace_in_scalar(route, span, with)
            }
            Source::Partial(_) => Some((span, with.to_owned())),
        }
    }
}
