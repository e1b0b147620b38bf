//! Statements, text, and the marks before each piece of output.

use minijinja::machinery::ast::{Expr, Macro, Stmt};

use super::expression::{ANY, OR, wants_guard};
use super::{BranchKind, Jump, MarkKind, Writer, expression_span, guards, span_of};
use crate::jinja::SyntaxProblem;
use crate::span::Span;

type Step = Result<(), SyntaxProblem>;

/// What declaring a macro costs: it keeps the names that it uses.
const MACRO: usize = 1024;
/// What a block costs when its template is included, whether it runs or not.
const BLOCK: usize = 256;

/// The text that a body prints by itself when it runs once, and what it declares. Loops, macros and blocks run on their
/// own account.
fn text_length(body: &[Stmt<'_>]) -> usize {
    body.iter()
        .map(|statement| match statement {
            Stmt::EmitRaw(s) => s.raw.len(),
            Stmt::IfCond(s) => text_length(&s.true_body) + text_length(&s.false_body),
            Stmt::WithBlock(s) => text_length(&s.body),
            Stmt::SetBlock(s) => text_length(&s.body),
            Stmt::AutoEscape(s) => text_length(&s.body),
            Stmt::FilterBlock(s) => text_length(&s.body),
            Stmt::ForLoop(s) => text_length(&s.else_body),
            Stmt::Macro(_) | Stmt::CallBlock(_) => MACRO,
            Stmt::Block(_) => BLOCK,
            _ => 0,
        })
        .sum()
}

impl Writer<'_, '_> {
    /// A body that is charged for its text each time it begins.
    pub(super) fn body(&mut self, body: &[Stmt<'_>]) -> Step {
        let length = text_length(body);
        if length > 0 {
            self.call(length, guards::CHARGE);
        }
        self.statements(body)
    }

    fn statements(&mut self, body: &[Stmt<'_>]) -> Step {
        body.iter().try_for_each(|statement| self.one(statement))
    }

    /// A body whose output is captured: what happens in it does not reach the output where it happens.
    fn captured(&mut self, body: &[Stmt<'_>], block: &'static str) -> Step {
        let jump = self.through(block);
        if self.notes_pieces() {
            self.call(1, guards::PAUSE);
        }
        self.statements(body)?;
        if self.notes_pieces() {
            self.call(0, guards::PAUSE);
        }
        self.jump = jump;
        Ok(())
    }

    fn through(&mut self, block: &'static str) -> Jump {
        let before = self.jump;
        if before == Jump::Loop {
            self.jump = Jump::Through(block);
        }
        before
    }

    fn one(&mut self, statement: &Stmt<'_>) -> Step {
        let top = self.top;
        self.top = matches!(statement, Stmt::Template(_)) && top;
        let done = self.any(statement, top);
        self.top = top;
        done
    }

    fn any(&mut self, statement: &Stmt<'_>, top: bool) -> Step {
        match statement {
            Stmt::Template(s) => self.body(&s.children)?,
            Stmt::EmitRaw(s) => {
                self.mark(MarkKind::Literal, span_of(s.span()));
                self.put(s.raw);
            }
            Stmt::EmitExpr(s) => {
                self.mark(MarkKind::Expression, self.between_tags(span_of(s.span())));
                self.delimiter('v');
                self.expression(&s.expr, ANY)?;
                self.delimiter('w');
            }
            Stmt::ForLoop(s) => {
                self.tag(|w| {
                    w.put("for ");
                    w.target(&s.target);
                    w.put(" in ");
                    w.operand(&s.iter, OR, wants_guard(&s.iter).then_some(guards::FLAT))?;
                    if let Some(filter) = &s.filter_expr {
                        w.put(" if ");
                        w.expression(filter, OR)?;
                    }
                    w.put(if s.recursive { " recursive" } else { "" });
                    Ok(())
                })?;
                self.branch(BranchKind::Runs, &s.iter);
                let jump = std::mem::replace(&mut self.jump, Jump::Loop);
                self.body(&s.body)?;
                self.jump = jump;
                if !s.else_body.is_empty() || self.notes_branches() {
                    self.statement("else");
                    self.branch(BranchKind::Empty, &s.iter);
                    self.statements(&s.else_body)?;
                }
                self.statement("endfor");
            }
            Stmt::IfCond(s) => {
                self.tag(|w| {
                    w.put("if ");
                    w.expression(&s.expr, OR)
                })?;
                self.branch(BranchKind::Holds, &s.expr);
                self.statements(&s.true_body)?;
                self.otherwise(&s.expr, &s.false_body)?;
                self.statement("endif");
            }
            Stmt::WithBlock(s) => {
                self.tag(|w| {
                    w.put("with ");
                    for (place, (target, value)) in s.assignments.iter().enumerate() {
                        if place > 0 {
                            w.put(", ");
                        }
                        w.target(target);
                        w.put(" = ");
                        w.expression(value, ANY)?;
                    }
                    Ok(())
                })?;
                let jump = self.through("with");
                self.statements(&s.body)?;
                self.jump = jump;
                self.statement("endwith");
            }
            Stmt::Set(s) => self.tag(|w| {
                w.put("set ");
                w.target(&s.target);
                w.put(" = ");
                w.assigned(&s.target, &s.expr)
            })?,
            Stmt::SetBlock(s) => {
                self.tag(|w| {
                    w.put("set ");
                    w.target(&s.target);
                    if let Some(filter) = &s.filter {
                        w.put(" | ");
                        w.expression(filter, ANY)?;
                    }
                    Ok(())
                })?;
                self.captured(&s.body, "set")?;
                self.statement("endset");
            }
            Stmt::AutoEscape(s) => {
                self.tag(|w| {
                    w.put("autoescape ");
                    w.expression(&s.enabled, ANY)
                })?;
                let jump = self.through("autoescape");
                self.statements(&s.body)?;
                self.jump = jump;
                self.statement("endautoescape");
            }
            Stmt::FilterBlock(s) => {
                self.mark(MarkKind::Expression, expression_span(&s.filter));
                self.tag(|w| {
                    w.put("filter ");
                    w.expression(&s.filter, ANY)
                })?;
                self.captured(&s.body, "filter")?;
                self.statement("endfilter");
            }
            Stmt::Block(s) => {
                self.tag(|w| {
                    w.put("block ");
                    w.put(s.name);
                    w.put(if s.required { " required" } else { "" });
                    Ok(())
                })?;
                if !s.required {
                    self.call(1, guards::BLOCK);
                    self.body(&s.body)?;
                    self.call(0, guards::BLOCK);
                }
                self.statement("endblock");
            }
            Stmt::Extends(s) => {
                if !top {
                    return Self::problem(
                        span_of(s.span()),
                        "`extends` stands inside another block".to_owned(),
                        "move it to the top of the text",
                    );
                }
                let start = self.out.text.len();
                self.tag(|w| {
                    w.put("extends ");
                    w.expression(&s.name, ANY)
                })?;
                self.place(start, span_of(s.span()));
            }
            Stmt::Include(s) => {
                let start = self.out.text.len();
                self.tag(|w| {
                    w.put("include ");
                    w.expression(&s.name, ANY)?;
                    w.put(if s.ignore_missing { " ignore missing" } else { "" });
                    Ok(())
                })?;
                self.place(start, span_of(s.span()));
            }
            Stmt::Import(s) => {
                let start = self.out.text.len();
                self.tag(|w| {
                    w.put("import ");
                    w.expression(&s.expr, OR)?;
                    w.put(" as ");
                    w.expression(&s.name, ANY)
                })?;
                self.place(start, span_of(s.span()));
            }
            Stmt::FromImport(s) => {
                let start = self.out.text.len();
                self.tag(|w| {
                    w.put("from ");
                    w.expression(&s.expr, OR)?;
                    w.put(" import ");
                    for (place, (name, alias)) in s.names.iter().enumerate() {
                        if place > 0 {
                            w.put(", ");
                        }
                        w.target(name);
                        if let Some(alias) = alias {
                            w.put(" as ");
                            w.target(alias);
                        }
                    }
                    Ok(())
                })?;
                self.place(start, span_of(s.span()));
            }
            Stmt::Macro(s) => {
                self.tag(|w| {
                    w.put("macro ");
                    w.put(s.name);
                    w.parameters(s)
                })?;
                self.macro_body(&s.body)?;
                self.statement("endmacro");
            }
            Stmt::CallBlock(s) => {
                self.mark(MarkKind::Expression, span_of(s.call.span()));
                self.tag(|w| {
                    w.put("call");
                    w.parameters(&s.macro_decl)?;
                    w.put(" ");
                    w.expression(&s.call.expr, 10)?;
                    w.arguments(&s.call.args)
                })?;
                self.macro_body(&s.macro_decl.body)?;
                self.statement("endcall");
            }
            Stmt::Continue(s) => self.jumps("continue", span_of(s.span()))?,
            Stmt::Break(s) => self.jumps("break", span_of(s.span()))?,
            Stmt::Do(s) => self.tag(|w| {
                w.put("do ");
                w.expression(&s.call.expr, 10)?;
                w.arguments(&s.call.args)
            })?,
        }
        Ok(())
    }

    /// The `else` of an `if` with this condition; an `elif` is written as one, so that long chains do not nest.
    fn otherwise(&mut self, condition: &Expr<'_>, body: &[Stmt<'_>]) -> Step {
        let mut condition = condition;
        let mut body = body;
        while let [Stmt::IfCond(next)] = body {
            self.tag(|w| {
                w.put("elif ");
                w.expression(&next.expr, OR)
            })?;
            self.branch(BranchKind::Holds, &next.expr);
            self.statements(&next.true_body)?;
            condition = &next.expr;
            body = &next.false_body;
        }
        if !body.is_empty() || self.notes_branches() {
            self.statement("else");
            self.branch(BranchKind::Fails, condition);
            self.statements(body)?;
        }
        Ok(())
    }

    fn macro_body(&mut self, body: &[Stmt<'_>]) -> Step {
        let jump = std::mem::replace(&mut self.jump, Jump::Nowhere);
        let length = text_length(body);
        if length > 0 {
            self.call(length, guards::CHARGE);
        }
        self.captured(body, "macro")?;
        self.jump = jump;
        Ok(())
    }

    fn parameters(&mut self, declaration: &Macro<'_>) -> Step {
        self.put("(");
        let required = declaration.args.len() - declaration.defaults.len();
        for (place, argument) in declaration.args.iter().enumerate() {
            if place > 0 {
                self.put(", ");
            }
            self.target(argument);
            if let Some(default) =
                place.checked_sub(required).and_then(|d| declaration.defaults.get(d))
            {
                self.put("=");
                self.expression(default, ANY)?;
            }
        }
        self.put(")");
        Ok(())
    }

    /// What is assigned to: names, attributes of namespaces, or several of them.
    fn target(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(e) => self.put(e.id),
            Expr::GetAttr(e) => {
                self.target(&e.expr);
                self.put(".");
                self.put(e.name);
            }
            Expr::List(e) => {
                self.put("(");
                for item in &e.items {
                    self.target(item);
                    self.put(", ");
                }
                self.put(")");
            }
            // The parser makes nothing else.
            _ => {}
        }
    }

    /// What `set` assigns. Several values are taken apart at once, so they need no weighing as a tuple; what goes into
    /// a namespace must not be one.
    fn assigned(&mut self, target: &Expr<'_>, value: &Expr<'_>) -> Step {
        match (target, value) {
            (Expr::List(targets), Expr::Tuple(values))
                if targets.items.len() == values.items.len() =>
            {
                self.put("(");
                for (target, value) in targets.items.iter().zip(&values.items) {
                    self.assigned(target, value)?;
                    self.put(", ");
                }
                self.put(")");
                Ok(())
            }
            (Expr::GetAttr(_), value) => {
                let start = self.out.text.len();
                self.expression(value, 9)?;
                self.put("|");
                self.put(guards::ASSIGNED);
                self.place(start, expression_span(value));
                Ok(())
            }
            (Expr::List(_), value) => {
                self.expression(value, 9)?;
                self.put("|");
                self.put(guards::ASSIGNED);
                Ok(())
            }
            (_, value) => self.expression(value, ANY),
        }
    }

    fn jumps(&mut self, keyword: &str, span: Span) -> Step {
        if let Jump::Through(block) = self.jump {
            return Self::problem(
                span,
                format!("`{keyword}` cannot leave a `{block}` block"),
                "test the condition outside of the block, or filter the loop: `{% for x in y if … %}`",
            );
        }
        self.statement(keyword);
        Ok(())
    }

    /// The expression of an output tag: its bytes without the delimiter and a sign for white space.
    fn between_tags(&self, span: Span) -> Span {
        let text = &self.source[span.range()];
        let inner = text.trim_start_matches("{{").trim_start_matches(['-', '+']);
        let start = span.end - inner.trim_start().len();
        Span::new(start, span.end)
    }
}
