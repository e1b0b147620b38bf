//! Comparisons, and which of them have one outcome only.

use minijinja::machinery::ast::{Compare, CompareOpKind, Expr};
use serde_json::Value;

use super::condition::scalar;
use super::kinds::Kinds;
use super::lattice::Type;
use super::report::Use;
use super::{IMPOSSIBLE_COMPARISON, Inference, Source};
use crate::diagnostic::{Fix, closest, excerpt};
use crate::jinja::expression_span;
use crate::span::Span;

/// How many choices a help names.
const MAX_CHOICES: usize = 12;
/// The longest constant that a message repeats, in characters.
const MAX_CONSTANT: usize = 40;

impl<'w> Inference<'w> {
    /// `a < b <= c`.
    pub(super) fn chain(&mut self, e: &Compare<'w>) {
        let mut left = &e.expr;
        let mut of_left = self.expression(left, false);
        for op in &e.ops {
            let of_right = self.expression(&op.expr, false);
            self.compared(op.op, left, &of_left, &op.expr, &of_right);
            left = &op.expr;
            of_left = of_right;
        }
    }

    /// A comparison of two values whose types are known.
    pub(super) fn compared(
        &mut self,
        op: CompareOpKind,
        left: &Expr<'w>,
        of_left: &Type,
        right: &Expr<'w>,
        of_right: &Type,
    ) -> Type {
        let (sign, negated) = match op {
            CompareOpKind::Eq => ("==", false),
            CompareOpKind::Ne => ("!=", true),
            CompareOpKind::Lt => ("<", false),
            CompareOpKind::Lte => ("<=", false),
            CompareOpKind::Gt => (">", false),
            CompareOpKind::Gte => (">=", false),
            CompareOpKind::In => ("in", false),
            CompareOpKind::NotIn => ("not in", true),
        };
        let undefined = Kinds::UNDEFINED;
        self.demand(left, of_left, undefined, Kinds::NOTHING, Use::Operator(sign));
        match op {
            CompareOpKind::In | CompareOpKind::NotIn => {
                let fails = Kinds::NUMBER | Kinds::BOOL | Kinds::ABSENT;
                self.demand(right, of_right, fails, Kinds::NOTHING, Use::Contains);
                self.contained(left, of_left, right, of_right, negated);
            }
            CompareOpKind::Eq | CompareOpKind::Ne => {
                self.demand(right, of_right, undefined, Kinds::NOTHING, Use::Operator(sign));
                self.equated((left, of_left), (right, of_right), (left, right), negated);
            }
            _ => {
                self.demand(right, of_right, undefined, Kinds::NOTHING, Use::Operator(sign));
                self.ordered(left, of_left, right, of_right, sign);
            }
        }
        Type::of(Kinds::BOOL)
    }

    /// `==` and `!=`, also as a test, and for each item of a written list.
    pub(super) fn equated(
        &mut self,
        left: (&Expr<'w>, &Type),
        right: (&Expr<'w>, &Type),
        whole: (&Expr<'w>, &Expr<'w>),
        negated: bool,
    ) {
        // Comparing with none is asking whether it is there, which is never wrong.
        if left.1.kinds == Kinds::NONE || right.1.kinds == Kinds::NONE {
            return;
        }
        // Two constants are the template's own business.
        let written = |e: &Expr<'_>| matches!(e, Expr::Const(_));
        if (written(left.0) && written(right.0)) || !left.1.never_equals(right.1) {
            return;
        }
        let (subject, constant) = if written(left.0) { (right, left) } else { (left, right) };
        let value = scalar(constant.1).filter(|_| written(constant.0));
        let choices = Choices::of(subject.1, value);
        // Other prompts that include a partial may have other choices.
        if choices.best.is_none() && matches!(self.source, Source::Partial(_)) {
            return;
        }
        let name = self.subject(subject.0);
        let always = if negated { "always true" } else { "never true" };
        let taken = !self.original(subject.0).never_equals(constant.1);
        let message = match (value, subject.1.constants.is_some()) {
            (Some(value), true) if taken => {
                format!("{name} is not {} any more here, so this is {always}", shown(value))
            }
            (Some(value), true) => format!("{name} is never {}, so this is {always}", shown(value)),
            _ => format!(
                "{name} is {} and never equals {}, so this is {always}",
                subject.1.words(),
                constant.1.words()
            ),
        };
        let fix = choices.best.and_then(|best| self.replace_constant(constant.0, best));
        let span = match value {
            Some(_) => expression_span(constant.0),
            None => Span::new(self.span(whole.0).start, self.span(whole.1).end),
        };
        let Some(finding) = self.say_of(IMPOSSIBLE_COMPARISON, span, message, subject.0) else {
            return;
        };
        if taken {
            finding.help.push("an earlier condition has dealt with that value".to_owned());
            return;
        }
        finding.fix = fix;
        finding.help.extend(choices.help());
    }

    fn replace_constant(&self, constant: &Expr<'w>, best: &str) -> Option<Fix> {
        let span = expression_span(constant);
        let old = self.text().get(span.range())?;
        let quote = old.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        if best.contains(['"', '\'', '\\', '\n']) {
            return None;
        }
        let edit = self.edit(span, &format!("{quote}{best}{quote}"))?;
        let message = format!("replace it by `{best}`");
        Some(Fix { message, edits: vec![edit], safe: false })
    }

    fn ordered(
        &mut self,
        left: &Expr<'w>,
        of_left: &Type,
        right: &Expr<'w>,
        of_right: &Type,
        sign: &str,
    ) {
        if !of_left.is_known() || !of_right.is_known() || matches!(self.source, Source::Partial(_))
        {
            return;
        }
        let loose = |of: &Type| match of.present() {
            kinds if kinds.meets(Kinds::BOOL) => kinds | Kinds::NUMBER,
            kinds => kinds,
        };
        let (a, b) = (loose(of_left), loose(of_right));
        if a.is_empty() || b.is_empty() || a.meets(b) {
            return;
        }
        let message = format!(
            "`{sign}` compares {} with {}: the outcome does not depend on their values",
            of_left.words(),
            of_right.words()
        );
        let span = Span::new(self.span(left).start, self.span(right).end);
        let about = if matches!(left, Expr::Const(_)) { right } else { left };
        let Some(finding) = self.say_of(IMPOSSIBLE_COMPARISON, span, message, about) else {
            return;
        };
        if (a | b).within(Kinds::NUMBER | Kinds::STRING | Kinds::BOOL) {
            finding.help.push(
                "convert the text with `| int` or `| float`, or leave the quotes away".to_owned(),
            );
        } else if (a | b).meets(Kinds::COLLECTION) {
            finding.help.push("compare how many there are with `| length`".to_owned());
        }
    }

    /// `in`: an item of a list that can never be one.
    fn contained(
        &mut self,
        left: &Expr<'w>,
        of_left: &Type,
        right: &Expr<'w>,
        of_right: &Type,
        negated: bool,
    ) {
        if let Expr::List(list) = right {
            // What earlier conditions have dealt with may stand there again.
            let of_left = self.original(left);
            if of_left.constants.is_none() || matches!(left, Expr::Const(_)) {
                return;
            }
            for item in &list.items {
                if let Expr::Const(constant) = item {
                    self.listed(left, &of_left, item, &Type::written(&constant.value));
                }
            }
            return;
        }
        if of_right.kinds != Kinds::LIST || of_right.item.is_none() {
            return;
        }
        let item = of_right.item();
        if !item.is_known()
            || !of_left.never_equals(&item)
            || matches!(self.source, Source::Partial(_))
        {
            return;
        }
        let always = if negated { "always true" } else { "never true" };
        let value = scalar(of_left).filter(|_| matches!(left, Expr::Const(_)));
        let what = match value {
            Some(value) => format!("never {}", shown(value)),
            None => format!("{}, never {}", item.words(), of_left.words()),
        };
        let message = format!("an item of {} is {what}, so this is {always}", self.subject(right));
        let span = Span::new(self.span(left).start, self.span(right).end);
        let Some(finding) = self.say_of(IMPOSSIBLE_COMPARISON, span, message, right) else {
            return;
        };
        if item.present() == Kinds::OBJECT {
            finding.help.push("look at one property of each: `| map(attribute=\"…\")`".to_owned());
        }
    }

    /// One of the constants that a value is looked for among.
    fn listed(&mut self, subject: &Expr<'w>, of: &Type, item: &Expr<'w>, constant: &Type) {
        if constant.kinds == Kinds::NONE || !of.never_equals(constant) {
            return;
        }
        let Some(value) = scalar(constant) else { return };
        let choices = Choices::of(of, Some(value));
        if choices.best.is_none() && matches!(self.source, Source::Partial(_)) {
            return;
        }
        let message = format!("{} is never {}", self.subject(subject), shown(value));
        let fix = choices.best.and_then(|best| self.replace_constant(item, best));
        let span = expression_span(item);
        let Some(finding) = self.say_of(IMPOSSIBLE_COMPARISON, span, message, subject) else {
            return;
        };
        finding.fix = fix;
        finding.help.extend(choices.help());
    }
}

/// The texts that a value can be, and the one that was probably meant.
struct Choices<'a> {
    all: Vec<&'a str>,
    best: Option<&'a str>,
}

impl<'a> Choices<'a> {
    fn of(of: &'a Type, written: Option<&Value>) -> Self {
        let constants = of.constants.iter().flat_map(|constants| constants.values.iter());
        let all: Vec<&str> = constants.filter_map(Value::as_str).collect();
        let best =
            written.and_then(Value::as_str).and_then(|text| closest(text, all.iter().copied()));
        Self { all, best }
    }

    fn help(&self) -> Option<String> {
        let shown = |text: &&str| shown(&Value::from(*text));
        match self.best {
            Some(best) => Some(format!("did you mean {}?", shown(&best))),
            None if self.all.is_empty() => None,
            None => {
                let all: Vec<String> = self.all.iter().take(MAX_CHOICES).map(shown).collect();
                Some(format!("it is one of {}", all.join(", ")))
            }
        }
    }
}

/// A constant as a message shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", excerpt(text, MAX_CONSTANT)),
        other => format!("`{other}`"),
    }
}
