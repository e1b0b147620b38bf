//! Names, attributes and subscripts.

use minijinja::machinery::ast::Expr;

use super::kinds::Kinds;
use super::lattice::{Doubt, Found, Shape, Type};
use super::report::Use;
use super::scope::Lookup;
use super::{DOUBTFUL_PROPERTY, Inference, TYPE_MISMATCH, UNKNOWN_PROPERTY};
use crate::diagnostic::{Fix, closest};
use crate::jinja::{expression_span, span_of};
use crate::span::Span;
use crate::template::analysis::condition::path;

/// An attribute, or a subscript.
pub(super) enum Key<'a> {
    /// A name, and where it stands.
    Name(&'a str, Span),
    /// A whole number.
    Place,
    /// What is only known when the template runs.
    Any,
}

impl<'w> Inference<'w> {
    pub(super) fn variable(&mut self, name: &str) -> Type {
        match self.scope.lookup(&[name.to_owned()]) {
            Lookup::Is(of) => of.clone(),
            Lookup::Assigned => Type::unknown(),
            Lookup::Free => self.declared(name),
        }
    }

    /// What a condition said of a path, where it said something.
    fn known(&self, expression: &Expr<'_>) -> Option<Type> {
        match self.scope.lookup(&path(expression)?) {
            Lookup::Is(of) => Some(of.clone()),
            Lookup::Assigned | Lookup::Free => None,
        }
    }

    /// The type of a path, without a word about it; unknown for what is none.
    pub(super) fn peek(&mut self, expression: &Expr<'w>) -> Type {
        match expression {
            Expr::Var(e) => self.variable(e.id),
            Expr::GetAttr(_) | Expr::GetItem(_) => {
                if let Some(of) = self.known(expression) {
                    return of;
                }
                let Some((base, key)) = self.parts(expression) else { return Type::unknown() };
                let base = self.peek(base);
                found(&base, &key).of
            }
            _ => Type::unknown(),
        }
    }

    /// The type of a path without what conditions say.
    pub(super) fn original(&mut self, expression: &Expr<'w>) -> Type {
        match path(expression) {
            Some(path) if !self.scope.is_assigned(&path[0]) => {
                let scope = std::mem::take(&mut self.scope);
                let of = self.peek(expression);
                self.scope = scope;
                of
            }
            _ => self.peek(expression),
        }
    }

    /// The value and what is looked up in it.
    fn parts<'e>(&self, expression: &'e Expr<'w>) -> Option<(&'e Expr<'w>, Key<'e>)> {
        match expression {
            Expr::GetAttr(e) => {
                let span = expression_span(expression);
                let start = span.end.saturating_sub(e.name.len());
                let place = Span::new(start, span.end);
                // The span ends with the name; where it does not, the whole expression is meant.
                let exact = self.text().get(place.range()) == Some(e.name);
                Some((&e.expr, Key::Name(e.name, if exact { place } else { span })))
            }
            Expr::GetItem(e) => {
                let key = match &e.subscript_expr {
                    Expr::Const(key) => match key.value.as_str() {
                        Some(name) => Key::Name(name, span_of(key.span())),
                        None if key.value.is_integer() => Key::Place,
                        None => Key::Any,
                    },
                    Expr::UnaryOp(_) => Key::Place,
                    _ => Key::Any,
                };
                Some((&e.expr, key))
            }
            _ => None,
        }
    }

    /// An attribute or a subscript. `asked` tells that the template can do with what is missing.
    pub(super) fn access(&mut self, expression: &Expr<'w>, asked: bool) -> Type {
        let Some((base, key)) = self.parts(expression) else { return Type::unknown() };
        if let Expr::GetItem(e) = expression
            && !matches!(e.subscript_expr, Expr::Const(_))
        {
            self.expression(&e.subscript_expr, false);
        }
        if let Some(of) = self.known(expression) {
            return of;
        }
        let of_base = self.expression(base, false);
        if !self.demand(base, &of_base, Kinds::UNDEFINED, Kinds::NOTHING, Use::Access) {
            return Type::unknown();
        }
        let Found { of, doubt } = found(&of_base, &key);
        let scalar = Kinds::NUMBER | Kinds::BOOL;
        if matches!(key, Key::Place)
            && !asked
            && of_base.is_known()
            && !of_base.present().is_empty()
            && of_base.present().within(scalar)
        {
            let message =
                format!("{} is {}, which has no items", self.subject(base), of_base.words());
            self.say_of(TYPE_MISMATCH, expression_span(expression), message, base);
            return Type::unknown();
        }
        let Some(doubt) = doubt else { return of };
        let Key::Name(name, span) = key else { return of };
        match doubt {
            Doubt::NoAttributes if !asked => self.no_attributes(base, &of_base, name, span),
            Doubt::NoAttributes => return of,
            Doubt::Excluded(shape) => self.not_declared(base, name, span, &shape, !asked),
            Doubt::Undeclared(shape) => self.not_declared(base, name, span, &shape, false),
        }
        Type::unknown()
    }

    fn no_attributes(&mut self, base: &Expr<'w>, of: &Type, name: &str, span: Span) {
        let subject = self.subject(base);
        let words = of.words();
        let is_method =
            of.kinds.each().any(|kind| super::filters::methods(kind).iter().any(|m| m.0 == name));
        let message = format!("{subject} is {words}, which has no attribute `{name}`");
        let Some(finding) = self.say_of(TYPE_MISMATCH, span, message, base) else { return };
        if is_method {
            finding.help.push(format!("a method is called: write `{name}()`"));
        } else if of.present() == Kinds::LIST {
            finding.help.push(format!(
                "loop over the list, or take one of its items: `[0].{name}`; all of them: `| map(attribute=\"{name}\")`"
            ));
        } else {
            finding.help.push(
                "declare the variable as an object with this property, or drop the attribute"
                    .to_owned(),
            );
        }
    }

    /// A property that the schema does not name. `certain` tells that it cannot be there and is needed.
    pub(super) fn not_declared(
        &mut self,
        base: &Expr<'w>,
        name: &str,
        span: Span,
        shape: &Shape,
        certain: bool,
    ) {
        let names = || shape.properties.keys().map(String::as_str);
        let best = closest(name, names()).map(str::to_owned);
        let subject = self.subject(base);
        let (code, message) = match (certain, &shape.rest, &best) {
            (true, ..) => (UNKNOWN_PROPERTY, format!("{subject} has no property `{name}`")),
            (false, None, _) => {
                (DOUBTFUL_PROPERTY, format!("{subject} never has a property `{name}`"))
            }
            (false, Some(_), Some(_)) => {
                (DOUBTFUL_PROPERTY, format!("{subject} declares no property `{name}`"))
            }
            // An object that may have others has it, until it looks like a slip.
            (false, Some(_), None) => return,
        };
        let fix = best.as_ref().and_then(|best| {
            let old = self.text().get(span.range())?;
            if old.matches(name).count() != 1 {
                return None;
            }
            let new = old.replace(name, best);
            let edit = self.edit(span, &new)?;
            let message = format!("replace `{name}` by `{best}`");
            Some(Fix { message, edits: vec![edit], safe: false })
        });
        let all: Vec<String> = names().take(12).map(|name| format!("`{name}`")).collect();
        let Some(finding) = self.say_of(code, span, message, base) else { return };
        finding.fix = fix;
        match best {
            Some(best) => finding.help.push(format!("did you mean `{best}`?")),
            None if all.is_empty() => {}
            None => finding.help.push(format!("it has {}", all.join(", "))),
        }
    }

    /// A property by a path such as `address.city`, as filters take it.
    pub(super) fn attribute(&mut self, base: &Expr<'w>, of: &Type, argument: &Expr<'w>) -> Type {
        let Expr::Const(constant) = argument else { return Type::unknown() };
        let Some(names) = constant.value.as_str() else { return Type::unknown() };
        let span = span_of(constant.span());
        let mut of = of.clone();
        for name in names.split('.') {
            if name.parse::<usize>().is_ok() {
                return Type::unknown();
            }
            let next = of.property(name);
            match &next.doubt {
                Some(Doubt::Excluded(shape) | Doubt::Undeclared(shape)) => {
                    let start = span.start + 1 + offset_in(names, name);
                    let place = Span::new(start, start + name.len());
                    let exact = self.text().get(place.range()) == Some(name);
                    let place = if exact { place } else { span };
                    self.not_declared(base, name, place, shape, false);
                    return Type::unknown();
                }
                Some(Doubt::NoAttributes) => return Type::unknown(),
                None => {}
            }
            of = next.of;
        }
        of
    }
}

/// Where a part of a text begins in it.
fn offset_in(text: &str, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

/// What a lookup finds.
fn found(base: &Type, key: &Key<'_>) -> Found {
    let unknown = || Found { of: Type::unknown(), doubt: None };
    match key {
        Key::Name(name, _) => base.property(name),
        Key::Place if base.is_known() => {
            let mut of = Type::of(Kinds::NOTHING);
            if base.kinds.meets(Kinds::LIST) {
                of = of.union(base.item());
            }
            if base.kinds.meets(Kinds::STRING) {
                of = of.union(Type::of(Kinds::STRING));
            }
            if base.kinds.meets(Kinds::OBJECT) {
                return unknown();
            }
            if base.kinds.meets(Kinds::NUMBER | Kinds::BOOL | Kinds::ABSENT) {
                of = of.or_kinds(Kinds::UNDEFINED);
            }
            Found { of, doubt: None }
        }
        Key::Place | Key::Any => unknown(),
    }
}
