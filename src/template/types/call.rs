//! Filters, tests, methods, functions and macros.

use minijinja::machinery::ast::{Call, CallArg, Expr, Filter, Macro, Test};
use minijinja::value::ValueKind;

use super::filters::{Gives, gives, methods, takes};
use super::kinds::Kinds;
use super::lattice::{ListFacts, Type};
use super::report::Use;
use super::scope::FoundMacro;
use super::{Inference, MAX_CALLS, SPELT_TEXT, TYPE_MISMATCH};
use crate::diagnostic::closest;

impl<'w> Inference<'w> {
    pub(super) fn filter(&mut self, whole: &Expr<'w>, e: &Filter<'w>) -> Type {
        let rule = takes(e.name, !e.args.is_empty());
        let asked = !rule.fails.meets(Kinds::UNDEFINED);
        let Some(inner) = &e.expr else {
            // The body of a `filter` or `set` block.
            self.arguments(&e.args);
            return gives(e.name, &Type::of(Kinds::STRING));
        };
        let of = self.expression(inner, asked);
        self.arguments(&e.args);
        if matches!(e.name, "default" | "d") {
            return self.default(inner, of, &e.args);
        }
        let fits = self.demand(inner, &of, rule.fails, rule.dumps, Use::Filter(e.name));
        if !fits && !of.present().meets(rule.dumps) {
            return match gives(e.name, &Type::unknown()) {
                // What does not depend on the input is known all the same.
                given if given.kinds.within(Kinds::SCALAR) => given,
                _ => Type::unknown(),
            };
        }
        let spelt = rule.spells && of.present() == Kinds::STRING && of.is_known();
        if spelt {
            self.spelt(inner, e.name);
        }
        match e.name {
            "join" => self.joined_items(inner, &of, &e.args),
            "map" if !spelt => return self.map(inner, &of, &e.args),
            "selectattr" | "rejectattr" | "groupby" => {
                if let Some(CallArg::Pos(attribute)) = e.args.first() {
                    self.attribute_of_items(inner, &of, attribute);
                }
            }
            _ => {}
        }
        for argument in &e.args {
            if let CallArg::Kwarg("attribute", attribute) = argument {
                self.attribute_of_items(inner, &of, attribute);
            }
        }
        if e.name == "attr" {
            return match e.args.first() {
                Some(CallArg::Pos(name)) => self.attribute(whole, &of, name),
                _ => Type::unknown(),
            };
        }
        let mut result = gives(e.name, &of);
        if e.name == "int" || e.name == "float" {
            result = if e.args.is_empty() { Type::of(Kinds::NUMBER) } else { Type::unknown() };
        }
        result
    }

    /// `default` replaces what is undefined, and with a true second argument all that counts as false.
    fn default(&mut self, inner: &Expr<'w>, of: Type, arguments: &[CallArg<'w>]) -> Type {
        let other = match arguments.first() {
            None => Type::of(Kinds::STRING),
            Some(CallArg::Pos(other)) => match other {
                Expr::Const(e) => Type::written(&e.value),
                other => self.peek(other),
            },
            Some(_) => Type::unknown(),
        };
        match arguments.get(1) {
            None => {
                let replaces = of.kinds.meets(Kinds::UNDEFINED | Kinds::UNKNOWN);
                let of = of.without(Kinds::UNDEFINED);
                // Nothing to replace: a path to what is always there.
                let plain = matches!(inner, Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_));
                if replaces || !plain { of.union(other) } else { of }
            }
            Some(CallArg::Pos(Expr::Const(lax))) if lax.value.is_true() => of.truthy().union(other),
            Some(_) => Type::unknown(),
        }
    }

    fn spelt(&mut self, expression: &Expr<'w>, filter: &str) {
        let subject = self.subject(expression);
        let message =
            format!("{subject} is a text, which `{filter}` takes apart into its characters");
        let span = self.span(expression);
        if let Some(finding) = self.say_of(SPELT_TEXT, span, message, expression) {
            finding.help.push(
                "split it first, `| lines` or `| split(\", \")`, or declare it as an array"
                    .to_owned(),
            );
        }
    }

    /// What is joined is written as text.
    fn joined_items(&mut self, inner: &Expr<'w>, of: &Type, arguments: &[CallArg<'w>]) {
        let by_attribute = arguments.len() > 1
            || arguments.iter().any(|argument| matches!(argument, CallArg::Kwarg("attribute", _)));
        let items = of.item();
        if by_attribute || of.kinds != Kinds::LIST || !items.is_known() {
            return;
        }
        if items.present().within(Kinds::COLLECTION) && !items.present().is_empty() {
            let message = format!(
                "the items of {} are {}, and are written in Python's notation",
                self.subject(inner),
                match items.present() {
                    Kinds::OBJECT => "objects",
                    Kinds::LIST => "lists",
                    _ => "lists and objects",
                }
            );
            let span = self.span(inner);
            if let Some(finding) = self.say_of(super::PRINTED_COLLECTION, span, message, inner) {
                finding.help.push(
                    "join one property of each, `| map(attribute=\"…\") | join(\", \")`, or print JSON, `| tojson`".to_owned(),
                );
            }
        }
    }

    fn map(&mut self, inner: &Expr<'w>, of: &Type, arguments: &[CallArg<'w>]) -> Type {
        let item = super::filters::items(of);
        let mapped = match arguments {
            [CallArg::Kwarg("attribute", attribute)] => {
                // What is missing becomes an empty item, which is not known to be wrong.
                self.attribute_of_items(inner, of, attribute).without(Kinds::UNDEFINED)
            }
            [CallArg::Pos(Expr::Const(filter)), ..] => match filter.value.as_str() {
                Some(filter) if item.is_known() => {
                    let rule = takes(filter, arguments.len() > 1);
                    let fails = !item.present().is_empty() && item.present().within(rule.fails);
                    if fails {
                        let message = format!(
                            "an item of {} is {}, which `{filter}` does not take",
                            self.subject(inner),
                            item.words()
                        );
                        let span = self.span(inner);
                        self.say_of(TYPE_MISMATCH, span, message, inner);
                        return Type::unknown();
                    }
                    gives(filter, &item)
                }
                _ => Type::unknown(),
            },
            _ => Type::unknown(),
        };
        let mut list = Type::list_of(mapped);
        if of.list == ListFacts::Unbounded {
            list.list = ListFacts::Unbounded;
        }
        list
    }

    fn attribute_of_items(&mut self, base: &Expr<'w>, of: &Type, attribute: &Expr<'w>) -> Type {
        if !of.is_known() || of.present() != Kinds::LIST {
            return Type::unknown();
        }
        let item = of.item();
        self.attribute(base, &item, attribute)
    }

    pub(super) fn test(&mut self, e: &Test<'w>) -> Type {
        // The others ask for a text, and so for a value.
        let asked = !matches!(e.name, "startingwith" | "endingwith");
        let of = self.expression(&e.expr, asked);
        if !asked {
            self.demand(&e.expr, &of, Kinds::UNDEFINED, Kinds::NOTHING, Use::Test(e.name));
        }
        if let [CallArg::Pos(other)] = e.args.as_slice() {
            let of_other = self.expression(other, true);
            let negated = match e.name {
                "eq" | "equalto" | "==" => Some(false),
                "ne" | "!=" => Some(true),
                _ => None,
            };
            if let Some(negated) = negated {
                self.equated((&e.expr, &of), (other, &of_other), (&e.expr, other), negated);
            }
        } else {
            self.arguments(&e.args);
        }
        Type::of(Kinds::BOOL)
    }

    pub(super) fn call(&mut self, e: &Call<'w>) -> Type {
        match &e.expr {
            Expr::Var(function) => {
                self.arguments(&e.args);
                self.function(function.id, e)
            }
            Expr::GetAttr(method) => {
                let of = self.expression(&method.expr, false);
                self.arguments(&e.args);
                self.method(&method.expr, &of, method.name, e)
            }
            callee => {
                self.expression(callee, false);
                self.arguments(&e.args);
                Type::unknown()
            }
        }
    }

    fn function(&mut self, name: &'w str, e: &Call<'w>) -> Type {
        if let Some(found) = self.scope.macro_named(name) {
            self.called_macro(found, &e.args);
            return Type::of(Kinds::STRING);
        }
        let is_variable =
            !self.scope.is_assigned(name) && self.prompt.file.variables.contains_key(name);
        if is_variable {
            let of = self.declared(name);
            if of.is_known() {
                let message =
                    format!("`{name}` is a variable, {}, and cannot be called", of.words());
                let span = self.span(&e.expr);
                if let Some(finding) = self.say_of(TYPE_MISMATCH, span, message, &e.expr) {
                    finding.help.push(if crate::jinja::FUNCTIONS.contains(&name) {
                        format!("it hides the function `{name}`: give the variable another name")
                    } else {
                        format!("print it with `{{{{ {name} }}}}`")
                    });
                }
            }
            return Type::unknown();
        }
        match name {
            "range" if !self.scope.is_assigned(name) => Type::list_of(Type::of(Kinds::NUMBER)),
            _ => Type::unknown(),
        }
    }

    fn method(&mut self, base: &Expr<'w>, of: &Type, name: &str, e: &Call<'w>) -> Type {
        if !of.is_known() {
            return Type::unknown();
        }
        let present = of.present();
        let extra = of.shape.as_ref().map_or(&[][..], |shape| shape.methods);
        if extra.contains(&name) {
            return Type::unknown();
        }
        let known = |kind: Kinds| {
            methods(kind).iter().find(|method| method.0 == name).map(|method| method.1)
        };
        let lacking: Kinds =
            present.each().filter(|kind| known(*kind).is_none()).fold(Kinds::NOTHING, Kinds::or);
        if !present.is_empty() && lacking == present {
            let subject = self.subject(base);
            let message = format!("{subject} is {}, which has no method `{name}`", of.words());
            let span = self.span(&e.expr);
            let all = present.each().flat_map(|kind| methods(kind).iter().map(|method| method.0));
            let best = closest(name, all.chain(extra.iter().copied()));
            let help = Use::Method(name).help(present);
            if let Some(finding) = self.say_of(TYPE_MISMATCH, span, message, base) {
                match best {
                    Some(best) => finding.help.push(format!("did you mean `{best}`?")),
                    None => finding.help.extend(help),
                }
            }
            return Type::unknown();
        }
        self.demand(base, of, Kinds::ABSENT | lacking, Kinds::NOTHING, Use::Method(name));
        match (present, name) {
            (Kinds::OBJECT, "get") => self.get(base, of, &e.args),
            _ => {
                let all =
                    present.each().map(|kind| known(kind).map_or_else(Type::unknown, Gives::of));
                all.fold(Type::of(Kinds::NOTHING), Type::union)
            }
        }
    }

    /// `object.get("name", other)`: none, or the other value, where there is no such property.
    fn get(&mut self, base: &Expr<'w>, of: &Type, arguments: &[CallArg<'w>]) -> Type {
        let Some(CallArg::Pos(key)) = arguments.first() else { return Type::unknown() };
        let is_text = matches!(key, Expr::Const(key) if key.value.kind() == ValueKind::String);
        if !is_text || of.shape.is_none() {
            return Type::unknown();
        }
        let found = self.attribute(base, of, key);
        if !found.kinds.meets(Kinds::UNDEFINED) || found.kinds.meets(Kinds::UNKNOWN) {
            return found;
        }
        let found = found.without(Kinds::UNDEFINED);
        match arguments.get(1) {
            None => found.or_kinds(Kinds::NONE),
            Some(CallArg::Pos(Expr::Const(other))) => found.union(Type::written(&other.value)),
            Some(_) => Type::unknown(),
        }
    }

    /// A macro is walked where it is called, with what is known there.
    fn called_macro(&mut self, found: FoundMacro<'w>, arguments: &[CallArg<'w>]) {
        let FoundMacro { declared, source, scope } = found;
        self.steps += scope.len() / 8;
        if self.calls.len() >= MAX_CALLS || self.calls.contains(&declared.name) || !self.step() {
            return;
        }
        let spread = arguments
            .iter()
            .any(|argument| matches!(argument, CallArg::PosSplat(_) | CallArg::KwargSplat(_)));
        let positional: Vec<&Expr<'w>> = arguments
            .iter()
            .filter_map(|argument| match argument {
                CallArg::Pos(e) => Some(e),
                _ => None,
            })
            .collect();
        let first_default = declared.args.len().saturating_sub(declared.defaults.len());
        let mut parameters = Vec::with_capacity(declared.args.len());
        for (place, parameter) in declared.args.iter().enumerate() {
            let Expr::Var(parameter) = parameter else { continue };
            let named = arguments.iter().find_map(|argument| match argument {
                CallArg::Kwarg(name, e) if *name == parameter.id => Some(e),
                _ => None,
            });
            let of = match (spread, named.or(positional.get(place).copied())) {
                (true, _) => Type::unknown(),
                (false, Some(value)) => match value {
                    Expr::Const(e) => Type::written(&e.value).assigned(),
                    // What has no path was looked at, and its type is not kept.
                    value => self.peek(value).assigned(),
                },
                (false, None) => match declared.defaults.get(place.wrapping_sub(first_default)) {
                    Some(Expr::Const(e)) => Type::written(&e.value).assigned(),
                    _ => Type::unknown(),
                },
            };
            parameters.push((parameter.id, of));
        }
        let outside = std::mem::replace(&mut self.scope, scope);
        let caller = std::mem::replace(&mut self.source, source);
        self.walk_macro(declared, parameters);
        self.source = caller;
        self.scope = outside;
    }

    /// Walks the body of a macro with its parameters.
    pub(super) fn walk_macro(&mut self, declared: &'w Macro<'w>, parameters: Vec<(&str, Type)>) {
        self.calls.push(declared.name);
        self.depth += 8;
        let conditions = std::mem::replace(&mut self.conditions, 1);
        let mark = self.scope.enter();
        self.scope.assign("caller", Type::unknown());
        for (name, of) in parameters {
            self.scope.assign(name, of);
        }
        self.body(&declared.body);
        self.scope.leave(mark);
        self.conditions = conditions;
        self.depth -= 8;
        self.calls.pop();
    }
}
