//! What statements print and assign.

use minijinja::machinery::ast::{CallArg, Expr, ForLoop, IfCond, Set, SetBlock, Stmt};

use super::filters::items;
use super::kinds::Kinds;
use super::lattice::{ListFacts, Property, Shape, Type};
use super::report::Use;
use super::scope::{Fact, Mark};
use super::{
    Inference, MAX_CALLS, SHADOWED_VARIABLE, SPELT_TEXT, Source, Tree, UNBOUNDED_LOOP,
    UNREACHABLE_BRANCH,
};
use crate::jinja::span_of;
use crate::span::Span;
use crate::template::closure::normalise;

/// How a name gets a new meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Assigns {
    Loop,
    With,
    Set,
}

impl<'w> Inference<'w> {
    pub(super) fn body(&mut self, body: &'w [Stmt<'w>]) {
        for statement in body {
            if !self.step() {
                return;
            }
            self.depth += 1;
            self.statement(statement);
            self.depth -= 1;
        }
    }

    fn statement(&mut self, statement: &'w Stmt<'w>) {
        match statement {
            Stmt::Template(s) => self.body(&s.children),
            Stmt::EmitRaw(_) | Stmt::Continue(_) | Stmt::Break(_) => {}
            Stmt::EmitExpr(s) => {
                let of = self.expression(&s.expr, false);
                self.demand(&s.expr, &of, Kinds::ABSENT, Kinds::COLLECTION, Use::Print);
            }
            Stmt::ForLoop(s) => self.for_loop(s),
            Stmt::IfCond(s) => self.if_condition(s),
            Stmt::WithBlock(s) => {
                let mark = self.scope.enter();
                for (target, value) in &s.assignments {
                    let of = self.expression(value, true);
                    self.assign(target, of, Assigns::With, Some(value));
                }
                self.body(&s.body);
                self.scope.leave(mark);
            }
            Stmt::Set(s) => self.set(s),
            Stmt::SetBlock(s) => self.set_block(s, span_of(s.span())),
            Stmt::AutoEscape(s) => {
                self.expression(&s.enabled, true);
                self.body(&s.body);
            }
            Stmt::FilterBlock(s) => {
                self.expression(&s.filter, true);
                self.body(&s.body);
            }
            Stmt::Block(s) => {
                let mark = self.scope.enter();
                self.scope.assign("super", Type::unknown());
                self.body(&s.body);
                self.scope.leave(mark);
            }
            // Its blocks run somewhere in the middle of another template.
            Stmt::Extends(_) => self.steps = super::MAX_STEPS,
            Stmt::Include(s) => self.include(&s.name),
            Stmt::Import(s) => self.assign_unknown(&s.name),
            Stmt::FromImport(s) => {
                for (name, alias) in &s.names {
                    self.assign_unknown(alias.as_ref().unwrap_or(name));
                }
            }
            Stmt::Macro(s) => self.scope.assign_macro(s, self.source),
            Stmt::CallBlock(s) => {
                self.expression_of_call(&s.call.expr, &s.call.args);
                let names = s.macro_decl.args.iter().filter_map(|argument| match argument {
                    Expr::Var(e) => Some((e.id, Type::unknown())),
                    _ => None,
                });
                let parameters = names.collect();
                self.walk_macro(&s.macro_decl, parameters);
            }
            Stmt::Do(s) => drop(self.call(&s.call)),
        }
    }

    /// The call of a `call` block: its macro prints what stands in the block, so it is not followed.
    fn expression_of_call(&mut self, callee: &Expr<'w>, arguments: &[CallArg<'w>]) {
        if !matches!(callee, Expr::Var(_)) {
            self.expression(callee, true);
        }
        self.arguments(arguments);
    }

    fn if_condition(&mut self, s: &'w IfCond<'w>) {
        self.condition(&s.expr);
        let otherwise = s.false_body.iter().any(|statement| match statement {
            Stmt::EmitRaw(s) => !s.raw.trim().is_empty(),
            _ => true,
        });
        self.decided(&s.expr, otherwise);
        let holds = self.facts(&s.expr, true);
        let fails = self.facts(&s.expr, false);
        let mark = self.scope.mark();
        self.conditions += 1;
        let first = self.branch(mark, holds.clone(), &s.true_body);
        let second = self.branch(mark, fails.clone(), &s.false_body);
        self.conditions -= 1;
        // A branch that leaves the loop says that the other one holds from here on.
        match (leaves(&s.true_body), leaves(&s.false_body)) {
            (true, false) => {
                self.scope.know(fails);
                self.assign_all(second);
            }
            (false, true) => {
                self.scope.know(holds);
                self.assign_all(first);
            }
            _ => self.join(&first, &second, &holds, &fails),
        }
    }

    /// Walks a branch, and says what the names that it assigned are at its end.
    fn branch(
        &mut self,
        mark: Mark,
        facts: Vec<Fact>,
        body: &'w [Stmt<'w>],
    ) -> Vec<(String, Type)> {
        self.scope.know(facts);
        self.body(body);
        let names = self.scope.assigned_since(mark);
        let assigned = names.into_iter().map(|name| {
            let of = self.variable(&name);
            (name, of)
        });
        let assigned = assigned.collect();
        self.scope.leave(mark);
        assigned
    }

    /// What names are after an `if`: what either branch leaves them, where a branch that does not assign a name leaves
    /// it as its condition says.
    fn join(
        &mut self,
        first: &[(String, Type)],
        second: &[(String, Type)],
        holds: &[Fact],
        fails: &[Fact],
    ) {
        let mut names: Vec<&String> = first.iter().chain(second).map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        let mut joined = Vec::with_capacity(names.len());
        for name in names {
            let mut end = |branch: &[(String, Type)], facts: &[Fact]| {
                if let Some((_, of)) = branch.iter().find(|(other, _)| other == name) {
                    return of.clone();
                }
                // A name that nobody else assigns is not there, which is said elsewhere.
                if !self.scope.is_assigned(name) && !self.prompt.file.variables.contains_key(name) {
                    return Type::unknown();
                }
                let path = [name.clone()];
                match facts.iter().rev().find(|(other, _)| *other == path) {
                    Some((_, of)) => of.clone(),
                    None => self.variable(name),
                }
            };
            let of = end(first, holds).union(end(second, fails));
            joined.push((name.clone(), of));
        }
        self.assign_all(joined);
    }

    fn assign_all(&mut self, names: Vec<(String, Type)>) {
        for (name, of) in names {
            self.scope.assign(&name, of);
        }
    }

    /// Says that a condition has one outcome only. `otherwise` tells that something stands in the other branch.
    pub(super) fn decided(&mut self, condition: &Expr<'w>, otherwise: bool) {
        let written = matches!(condition, Expr::Const(_));
        if matches!(self.source, Source::Partial(_)) && !written {
            return;
        }
        let compares = matches!(condition, Expr::BinOp(_));
        let (message, help) = match self.constant_truth(condition) {
            // Which comparison is to blame is said there.
            Some(false) if !compares => (
                "the condition is always false, so what stands under it is never used",
                "drop it, or mend the condition",
            ),
            Some(true) if otherwise || written => (
                "the condition is always true here, so what stands under its `else` is never used",
                "drop the `else`, or mend the condition",
            ),
            _ => return,
        };
        let message = if written && !otherwise && message.contains("true") {
            "the condition is always true"
        } else {
            message
        };
        let span = self.span(condition);
        let finding = self.say_of(UNREACHABLE_BRANCH, span, message.to_owned(), condition);
        if let Some(finding) = finding {
            finding.help.push(help.to_owned());
        }
    }

    fn for_loop(&mut self, s: &'w ForLoop<'w>) {
        let of = self.expression(&s.iter, false);
        let fails = Kinds::NUMBER | Kinds::BOOL | Kinds::UNDEFINED;
        self.demand(&s.iter, &of, fails, Kinds::NOTHING, Use::Loop);
        if of.is_known() && of.present() == Kinds::STRING {
            let message =
                format!("{} is a text: the loop runs over its characters", self.subject(&s.iter));
            let span = self.span(&s.iter);
            if let Some(finding) = self.say_of(SPELT_TEXT, span, message, &s.iter) {
                finding.help.push(
                    "split it first, `| lines` or `| split(\", \")`, or declare it as an array"
                        .to_owned(),
                );
            }
        }
        if of.list == ListFacts::Unbounded && of.kinds.meets(Kinds::LIST) {
            let message =
                format!("{} is untrusted and may have any number of items", self.subject(&s.iter));
            let span = self.span(&s.iter);
            if let Some(finding) = self.say_of(UNBOUNDED_LOOP, span, message, &s.iter) {
                finding.help.push("declare `maxItems`, or take the first ones, `[:20]`".to_owned());
            }
        }
        let item = items(&of);
        let mark = self.scope.enter();
        // What the body assigns is still there in the next round.
        for name in assigned_names(&s.body) {
            self.scope.assign(name, Type::unknown());
        }
        self.loop_target(s, &of, &item);
        if let Some(filter) = &s.filter_expr {
            self.condition(filter);
        }
        self.scope.assign("loop", loop_object(&item));
        if let Some(filter) = &s.filter_expr {
            let facts = self.facts(filter, true);
            self.scope.know(facts);
        }
        self.body(&s.body);
        self.scope.leave(mark);
        let mark = self.scope.mark();
        self.conditions += 1;
        let after = self.branch(mark, Vec::new(), &s.else_body);
        self.conditions -= 1;
        self.join(&[], &after, &[], &[]);
    }

    fn loop_target(&mut self, s: &'w ForLoop<'w>, of: &Type, item: &Type) {
        let several = matches!(&s.target, Expr::List(_) | Expr::Tuple(_));
        if several {
            let scalar = Kinds::SCALAR | Kinds::NONE;
            let known = item.is_known() && item.kinds.within(scalar);
            if known && of.present().within(Kinds::COLLECTION) && of.is_known() {
                let message = if of.present() == Kinds::OBJECT {
                    format!(
                        "looping over {} gives its keys, {}",
                        self.subject(&s.iter),
                        Use::Unpack.refusal()
                    )
                } else {
                    format!(
                        "an item of {} is {}, {}",
                        self.subject(&s.iter),
                        item.words(),
                        Use::Unpack.refusal()
                    )
                };
                let span = self.span(&s.iter);
                let pairs = of.present() == Kinds::OBJECT;
                let fix = pairs.then(|| self.edit(Span::at(span.end), " | items")).flatten();
                let say = self.say_of(super::TYPE_MISMATCH, span, message, &s.iter);
                if let Some(finding) = say {
                    finding.help.push(if pairs {
                        "for keys and values write `| items`".to_owned()
                    } else {
                        "give the item one name".to_owned()
                    });
                    finding.fix = fix.map(|edit| crate::diagnostic::Fix {
                        message: "append `| items`".to_owned(),
                        edits: vec![edit],
                        safe: false,
                    });
                }
            }
            self.assign(&s.target, Type::unknown(), Assigns::Loop, None);
        } else {
            self.assign(&s.target, item.clone(), Assigns::Loop, None);
        }
    }

    fn set(&mut self, s: &'w Set<'w>) {
        let of = self.expression(&s.expr, true);
        self.assign(&s.target, of, Assigns::Set, Some(&s.expr));
    }

    fn set_block(&mut self, s: &'w SetBlock<'w>, whole: Span) {
        self.body(&s.body);
        if let Some(filter) = &s.filter {
            self.expression(filter, true);
        }
        if let Expr::Var(target) = &s.target {
            let text = self.text().get(whole.range()).unwrap_or_default();
            let uses_itself = words(text).filter(|word| *word == target.id).count() > 1;
            if !uses_itself {
                self.shadows(target.id, span_of(target.span()), Assigns::Set);
            }
            let of = if s.filter.is_some() { Type::unknown() } else { Type::of(Kinds::STRING) };
            self.scope.assign(target.id, of);
        } else {
            self.assign_unknown(&s.target);
        }
    }

    fn assign(&mut self, target: &Expr<'w>, of: Type, how: Assigns, value: Option<&Expr<'w>>) {
        match target {
            Expr::Var(e) => {
                let text = value.and_then(|value| self.text().get(self.span(value).range()));
                let uses_itself = text.is_some_and(|text| words(text).any(|word| word == e.id));
                if !uses_itself {
                    self.shadows(e.id, span_of(e.span()), how);
                }
                self.scope.assign(e.id, of.assigned());
            }
            Expr::List(e) => {
                e.items.iter().for_each(|item| self.assign(item, Type::unknown(), how, value));
            }
            Expr::Tuple(e) => {
                e.items.iter().for_each(|item| self.assign(item, Type::unknown(), how, value));
            }
            // A namespace, of which nothing is known.
            _ => {}
        }
    }

    fn assign_unknown(&mut self, target: &Expr<'w>) {
        match target {
            Expr::Var(e) => self.scope.assign(e.id, Type::unknown()),
            Expr::List(e) => e.items.iter().for_each(|item| self.assign_unknown(item)),
            Expr::Tuple(e) => e.items.iter().for_each(|item| self.assign_unknown(item)),
            _ => {}
        }
    }

    /// Says that a declared variable goes by another value from here on, where that is not on purpose: a `set` under a
    /// condition overrides it, and one that uses it tidies it up.
    fn shadows(&mut self, name: &str, span: Span, how: Assigns) {
        let conditional = how == Assigns::Set && self.conditions > 0;
        if conditional
            || !self.prompt.file.variables.contains_key(name)
            || self.scope.is_assigned(name)
        {
            return;
        }
        let message = match how {
            Assigns::Loop => {
                format!("the loop's `{name}` hides the variable `{name}` of the prompt")
            }
            Assigns::With => format!("`with` hides the variable `{name}` of the prompt"),
            Assigns::Set => format!(
                "`set` hides the variable `{name}` of the prompt: what a caller gives is lost from here on"
            ),
        };
        let route = crate::document::Route::root().key("variables").key(name);
        let document = std::sync::Arc::clone(&self.prompt.document);
        let Some(finding) = self.say(SHADOWED_VARIABLE, span, message) else { return };
        let label = crate::diagnostic::Label {
            file: std::sync::Arc::clone(&document.file),
            span: document.key_span(&route),
            message: format!("`{name}` is declared here"),
        };
        finding.related.insert(0, label);
        finding.help.push("choose another name".to_owned());
    }

    /// A partial sees what is assigned here, and what it assigns is seen here.
    fn include(&mut self, name: &Expr<'w>) {
        let choices: Vec<&Expr<'w>> = match name {
            Expr::List(e) => e.items.iter().collect(),
            Expr::Tuple(e) => e.items.iter().collect(),
            one => vec![one],
        };
        for choice in choices {
            let Expr::Const(name) = choice else { continue };
            let Some(key) = name.value.as_str().and_then(|name| normalise(name).ok()) else {
                continue;
            };
            let trees = self.trees;
            if !self.closure.partials.contains_key(&key) {
                continue;
            }
            let found = trees.partials.get_key_value(key.as_str());
            if let Some((key, Tree::Text(Stmt::Template(template)))) = found
                && self.calls.len() < MAX_CALLS
                && !self.calls.contains(key)
            {
                let outside = std::mem::replace(&mut self.source, Source::Partial(key));
                self.calls.push(key);
                self.depth += 8;
                self.body(&template.children);
                self.depth -= 8;
                self.calls.pop();
                self.source = outside;
            }
            // The first one that exists is used.
            return;
        }
    }
}

/// What `loop` is in a loop over such items.
fn loop_object(item: &Type) -> Type {
    let numbers = ["index", "index0", "length", "revindex", "revindex0", "depth", "depth0"];
    let numbers = numbers.map(|name| (name, Type::of(Kinds::NUMBER), true));
    let truths = ["first", "last"].map(|name| (name, Type::of(Kinds::BOOL), true));
    let items = ["previtem", "nextitem"].map(|name| (name, item.clone(), false));
    let all = numbers.into_iter().chain(truths).chain(items);
    let properties =
        all.map(|(name, of, required)| (name.to_owned(), Property { of, required })).collect();
    Type::object(Shape { properties, rest: None, methods: &["cycle", "changed"] })
}

/// Whether a branch ends by leaving the round of the loop.
fn leaves(body: &[Stmt<'_>]) -> bool {
    body.iter().any(|statement| matches!(statement, Stmt::Continue(_) | Stmt::Break(_)))
}

/// The names that a body assigns in the scope around it.
fn assigned_names<'a>(body: &'a [Stmt<'a>]) -> Vec<&'a str> {
    fn assigned<'a>(target: &'a Expr<'a>, names: &mut Vec<&'a str>) {
        match target {
            Expr::Var(e) => names.push(e.id),
            Expr::List(e) => e.items.iter().for_each(|item| assigned(item, names)),
            Expr::Tuple(e) => e.items.iter().for_each(|item| assigned(item, names)),
            _ => {}
        }
    }
    fn collect<'a>(body: &'a [Stmt<'a>], names: &mut Vec<&'a str>) {
        for statement in body {
            match statement {
                Stmt::Set(s) => assigned(&s.target, names),
                Stmt::SetBlock(s) => {
                    assigned(&s.target, names);
                    collect(&s.body, names);
                }
                Stmt::IfCond(s) => {
                    collect(&s.true_body, names);
                    collect(&s.false_body, names);
                }
                Stmt::FilterBlock(s) => collect(&s.body, names),
                Stmt::AutoEscape(s) => collect(&s.body, names),
                Stmt::Import(s) => assigned(&s.name, names),
                _ => {}
            }
        }
    }
    let mut names = Vec::new();
    collect(body, &mut names);
    names
}

/// The words of a text that could be names.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
