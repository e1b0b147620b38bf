//! Operators: what they take, and which comparisons have one outcome only.

use minijinja::machinery::ast::{BinOp, BinOpKind, Compare, CompareOpKind, Expr};
use serde_json::Value;

use super::condition::scalar;
use super::kinds::Kinds;
use super::lattice::Type;
use super::report::Use;
use super::{IMPOSSIBLE_COMPARISON, Inference, Source, TYPE_MISMATCH};
use crate::diagnostic::{Fix, closest, excerpt};
use crate::jinja::expression_span;
use crate::span::Span;

/// How many choices a help names.
const MAX_CHOICES: usize = 12;
/// The longest constant that a message repeats, in characters.
const MAX_CONSTANT: usize = 40;

impl<'w> Inference<'w> {
    /// An operator with two operands, other than `and` and `or`.
    pub(super) fn operator(&mut self, whole: &Expr<'w>, e: &BinOp<'w>) -> Type {
        let left = self.expression(&e.left, false);
        let right = self.expression(&e.right, false);
        let sign = match e.op {
            BinOpKind::Concat => {
                for (side, of) in [(&e.left, &left), (&e.right, &right)] {
                    let dumps = Kinds::COLLECTION | Kinds::NONE;
                    self.demand(side, of, Kinds::UNDEFINED, dumps, Use::Write("~"));
                }
                return Type::of(Kinds::STRING);
            }
            BinOpKind::Eq => {
                return self.compared(CompareOpKind::Eq, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Ne => {
                return self.compared(CompareOpKind::Ne, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Lt => {
                return self.compared(CompareOpKind::Lt, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Lte => {
                return self.compared(CompareOpKind::Lte, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Gt => {
                return self.compared(CompareOpKind::Gt, &e.left, &left, &e.right, &right);
            }
            BinOpKind::Gte => {
                return self.compared(CompareOpKind::Gte, &e.left, &left, &e.right, &right);
            }
            BinOpKind::In => {
                return self.compared(CompareOpKind::In, &e.left, &left, &e.right, &right);
            }
            BinOpKind::ScAnd | BinOpKind::ScOr => return Type::unknown(),
            BinOpKind::Add => "+",
            BinOpKind::Sub => "-",
            BinOpKind::Mul => "*",
            BinOpKind::Div => "/",
            BinOpKind::FloorDiv => "//",
            BinOpKind::Rem => "%",
            BinOpKind::Pow => "**",
        };
        if !left.is_known() || !right.is_known() {
            return Type::unknown();
        }
        let mut result = Kinds::NOTHING;
        for a in left.present().each() {
            for b in right.present().each() {
                result = result | of_pair(sign, a, b);
            }
        }
        if left.present().is_empty() || right.present().is_empty() || !result.is_empty() {
            for (side, of) in [(&e.left, &left), (&e.right, &right)] {
                self.demand(side, of, Kinds::ABSENT, Kinds::NOTHING, Use::Operator(sign));
            }
            if result.meets(Kinds::LIST) || result.is_empty() {
                return Type::unknown();
            }
            return Type::of(result);
        }
        self.unsuited(whole, e, &left, &right, sign);
        Type::unknown()
    }

    fn unsuited(&mut self, whole: &Expr<'w>, e: &BinOp<'w>, left: &Type, right: &Type, sign: &str) {
        let message = format!("`{sign}` does not take {} and {}", left.words(), right.words());
        let text = left.present().or(right.present()).meets(Kinds::STRING);
        let fix = (sign == "+" && text).then(|| self.tilde(e)).flatten();
        let span = self.span(whole);
        let about = if matches!(e.left, Expr::Const(_)) { &e.right } else { &e.left };
        let Some(finding) = self.say_of(TYPE_MISMATCH, span, message, about) else { return };
        finding.fix = fix;
        finding.help.push(if sign == "+" && text {
            "`~` puts values of any type together as text".to_owned()
        } else if text {
            "convert with `| int` or `| float`, or declare the variable as a number".to_owned()
        } else {
            "write out what is meant, with a loop or with `| tojson`".to_owned()
        });
    }

    /// Writes `~` for `+`.
    fn tilde(&self, e: &BinOp<'w>) -> Option<Fix> {
        let between = Span::new(expression_span(&e.left).end, expression_span(&e.right).start);
        let text = self.text().get(between.range())?;
        let at = between.start + text.find('+').filter(|_| text.trim() == "+")?;
        let edit = self.edit(Span::new(at, at + 1), "~")?;
        Some(Fix { message: "replace `+` by `~`".to_owned(), edits: vec![edit], safe: false })
    }

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
        let choices: Vec<&str> = subject
            .1
            .constants
            .iter()
            .flat_map(|c| c.values.iter().filter_map(Value::as_str))
            .collect();
        let best = value
            .and_then(Value::as_str)
            .and_then(|text| closest(text, choices.iter().copied()))
            .map(str::to_owned);
        // Other prompts that include a partial may have other choices.
        if best.is_none() && matches!(self.source, Source::Partial(_)) {
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
        let fix = best.as_deref().and_then(|best| self.replace_constant(constant.0, best));
        let span = match value {
            Some(_) => expression_span(constant.0),
            None => Span::new(self.span(whole.0).start, self.span(whole.1).end),
        };
        let all: Vec<String> =
            choices.iter().take(MAX_CHOICES).map(|text| shown(&Value::from(*text))).collect();
        let Some(finding) = self.say_of(IMPOSSIBLE_COMPARISON, span, message, subject.0) else {
            return;
        };
        if taken {
            finding.help.push("an earlier condition has dealt with that value".to_owned());
            return;
        }
        finding.fix = fix;
        match best {
            Some(best) => finding.help.push(format!("did you mean {}?", shown(&Value::from(best)))),
            None if all.is_empty() => {}
            None => finding.help.push(format!("it is one of {}", all.join(", "))),
        }
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
        let choices: Vec<&str> =
            of.constants.iter().flat_map(|c| c.values.iter().filter_map(Value::as_str)).collect();
        let best = value
            .as_str()
            .and_then(|text| closest(text, choices.iter().copied()))
            .map(str::to_owned);
        if best.is_none() && matches!(self.source, Source::Partial(_)) {
            return;
        }
        let all: Vec<String> =
            choices.iter().take(MAX_CHOICES).map(|text| shown(&Value::from(*text))).collect();
        let message = format!("{} is never {}", self.subject(subject), shown(value));
        let fix = best.as_deref().and_then(|best| self.replace_constant(item, best));
        let span = expression_span(item);
        let Some(finding) = self.say_of(IMPOSSIBLE_COMPARISON, span, message, subject) else {
            return;
        };
        finding.fix = fix;
        match best {
            Some(best) => finding.help.push(format!("did you mean {}?", shown(&Value::from(best)))),
            None if all.is_empty() => {}
            None => finding.help.push(format!("it is one of {}", all.join(", "))),
        }
    }
}

/// What an operator gives for two kinds; nothing when it fails.
fn of_pair(sign: &str, a: Kinds, b: Kinds) -> Kinds {
    let number = |kind: Kinds| kind.within(Kinds::NUMBER | Kinds::BOOL);
    let repeats = |kind: Kinds| kind.within(Kinds::STRING | Kinds::LIST);
    match sign {
        _ if number(a) && number(b) => Kinds::NUMBER,
        "+" if a == b && repeats(a) => a,
        "*" if repeats(a) && number(b) => a,
        "*" if number(a) && repeats(b) => b,
        _ => Kinds::NOTHING,
    }
}

/// A constant as a message shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", excerpt(text, MAX_CONSTANT)),
        other => format!("`{other}`"),
    }
}
