//! A chain of rules, asked one after the other until one ends it. A jump leads forward only, so every chain ends.

use super::action::Action;
use super::condition::Condition;
use super::pattern::{Groups, Pattern};
use super::reply::{Head, Reply};
use super::template::{Facts, Scene, Template};
use super::vars::{Vars, MOST};
use crate::log::Log;
use crate::statics::Statics;

/// What rules have made of a request, until its line is logged.
#[derive(Debug, Default)]
pub struct Routed {
    pub vars: Vars,
    /// Headers for the answer, whoever gives it.
    pub add: Vec<(Vec<u8>, Vec<u8>)>,
    /// Names of headers that the answer loses.
    pub remove: Vec<Vec<u8>>,
    /// Variables of the log.
    pub noted: Vec<(Vec<u8>, Vec<u8>)>,
    /// The request gets no line.
    pub quiet: bool,
    /// The answer is to be compressed.
    pub gzip: bool,
    /// Its socket is one of `http` or `https`.
    pub is_routers: bool,
    /// When it began, in microseconds since the epoch.
    pub began: u64,
}

/// One request before one chain.
pub struct Turn<'a> {
    pub routed: &'a mut Routed,
    pub facts: Facts,
    pub statics: Option<&'a Statics>,
    pub log: &'a Log,
    /// The head of the answer, as far as there is one.
    pub head: Option<Head>,
    /// What rules have sent of a body.
    pub sent: Option<Vec<u8>>,
}

/// How to go on.
pub enum Flow {
    /// With the next rule.
    Next,
    /// With the request, without the rules that follow.
    Done,
    /// With the rule behind a label, or of a number.
    Goto(Vec<u8>, usize),
    /// This is the answer.
    Reply(Reply),
    /// Close the connection without an answer.
    HangUp,
    /// The request makes something of a rule that cannot be sent.
    Fault(&'static str),
}

impl Flow {
    /// That, if there was nothing in the way.
    pub fn then(self, next: Flow) -> Flow {
        match self {
            Flow::Next => next,
            other => other,
        }
    }
}

/// When a rule applies.
#[derive(Debug)]
enum Test {
    Always,
    /// Never: others jump here.
    Label(Vec<u8>),
    /// The expression is found in a variable.
    Matches(Vec<u8>, Pattern),
    Status(u16),
    If(Condition),
    IfNot(Condition),
}

/// One rule.
#[derive(Debug)]
struct Rule {
    test: Test,
    action: Action,
    /// For complaints.
    place: String,
}

/// A rule as the configuration has it.
pub struct Written<'a> {
    pub place: String,
    /// Empty, `label`, `status`, `if`, `if-not`, or the variable that the pattern is looked for in.
    pub test: &'a str,
    pub pattern: &'a [u8],
    pub action: &'a str,
    pub argument: &'a [u8],
}

/// Rules in their order.
#[derive(Debug, Default)]
pub struct Chain(Vec<Rule>);

impl Chain {
    /// Compile one more rule; the error is for people.
    pub fn add(&mut self, rule: Written<'_>, collected: &[Vec<u8>]) -> Result<(), String> {
        let condition = || {
            let colon = rule.pattern.iter().position(|&byte| byte == b':').ok_or("a condition wants a colon")?;
            let (name, arguments) = rule.pattern.split_at(colon);
            Condition::compile(&String::from_utf8_lossy(name), arguments.get(1..).unwrap_or(&[]))
        };
        let test = match rule.test {
            "" => Test::Always,
            "label" => Test::Label(rule.pattern.to_vec()),
            "status" => Test::Status(u16::try_from(super::template::number(rule.pattern)).unwrap_or(0)),
            "if" => Test::If(condition()?),
            "if-not" => Test::IfNot(condition()?),
            variable => Test::Matches(variable.into(), Pattern::new(rule.pattern)?),
        };
        let action = match &test {
            Test::Label(_) => Action::Nothing,
            _ => Action::compile(rule.action, rule.argument, collected)?,
        };
        self.0.push(Rule { test, action, place: rule.place });
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A rule of it looks at a disk or computes for long.
    pub fn is_slow(&self) -> bool {
        self.0.iter().any(|rule| {
            rule.action.is_slow()
                || matches!(&rule.test, Test::If(condition) | Test::IfNot(condition) if condition.is_slow())
        })
    }

    /// Ask the rules. `Next` and `Goto` never come back.
    pub fn run(&self, turn: &mut Turn<'_>) -> Flow {
        let mut at = 0;
        while let Some(rule) = self.0.get(at) {
            at += 1;
            let Some(groups) = rule.applies(turn) else { continue };
            match rule.action.perform(turn, &groups) {
                Flow::Next => {}
                Flow::Goto(label, position) => match self.find(&label, position).filter(|&to| to >= at) {
                    Some(to) => at = to,
                    None => {
                        turn.log.say(&format!(
                            "{}: goto:{} leads to no label behind this rule: the request is answered 500",
                            rule.place,
                            String::from_utf8_lossy(&label)
                        ));
                        return Flow::Reply(Reply::error(500));
                    }
                },
                Flow::Fault(what) => {
                    turn.log.say(&format!("note: {}: {what}: the request is refused [route]", rule.place));
                    return Flow::Fault(what);
                }
                end => return turn.finish(end),
            }
        }
        turn.finish(Flow::Done)
    }

    fn find(&self, label: &[u8], position: usize) -> Option<usize> {
        let named = self.0.iter().position(|rule| matches!(&rule.test, Test::Label(known) if known == label));
        named.or(Some(position).filter(|&position| position > 0))
    }
}

impl Rule {
    fn applies(&self, turn: &Turn<'_>) -> Option<Groups> {
        let none = Groups::default();
        let scene = turn.scene(&none);
        match &self.test {
            Test::Always => Some(Groups::default()),
            Test::Label(_) => None,
            Test::Matches(variable, pattern) => pattern.find(scene.vars.get(variable)),
            Test::Status(status) => (turn.facts.status == *status).then(Groups::default),
            Test::If(condition) => condition.holds(&scene),
            Test::IfNot(condition) => condition.holds(&scene).is_none().then(Groups::default),
        }
    }
}

impl Turn<'_> {
    fn scene<'a>(&'a self, groups: &'a Groups) -> Scene<'a> {
        Scene { vars: &self.routed.vars, groups, facts: &self.facts, statics: self.statics }
    }

    /// The text of a template for this request.
    pub fn render(&self, template: &Template, groups: &Groups) -> Vec<u8> {
        template.render(&self.scene(groups))
    }

    /// How many bytes of that text no client can choose, from the beginning.
    pub fn own(&self, template: &Template, groups: &Groups) -> usize {
        template.own(&self.scene(groups))
    }

    /// Give a variable the value of a template.
    pub fn set_by_rule(&mut self, name: &[u8], template: &Template, groups: &Groups) -> Flow {
        let (value, own) = (self.render(template, groups), self.own(template, groups));
        if value.len() > MOST {
            return Flow::Fault("a variable becomes longer than 64 KiB");
        }
        self.routed.vars.set_by_rule(name, &value, own);
        Flow::Next
    }

    /// Give a variable a value.
    pub fn set(&mut self, name: &[u8], value: &[u8]) -> Flow {
        if value.len() > MOST {
            return Flow::Fault("a variable becomes longer than 64 KiB");
        }
        self.routed.vars.set(name, value);
        Flow::Next
    }

    /// Another header for the answer.
    pub fn add_header(&mut self, name: &[u8], value: &[u8]) -> Flow {
        match wire::check_header(name, value) {
            Ok(()) => self.routed.add.push((name.to_vec(), value.to_vec())),
            // The connection is the server's.
            Err(wire::Flaw::HopByHop) => {}
            Err(_) => return Flow::Fault("a header to add is none, or has a line break in it"),
        }
        Flow::Next
    }

    /// End here, with this status, or with what rules have sent so far.
    pub fn break_off(&mut self, status: &[u8]) -> Flow {
        if status.is_empty() {
            return match (self.head.take(), self.sent.take()) {
                (None, None) => Flow::HangUp,
                (head, sent) => Flow::Reply(answer(head, sent.unwrap_or_default())),
            };
        }
        match super::action::status_line(status.to_vec()) {
            Some(status) => {
                let mut reply = Reply::text(status, "");
                (reply.closes, reply.is_plain) = (true, true);
                Flow::Reply(reply)
            }
            None => Flow::HangUp,
        }
    }

    /// A chain that ends without an answer has one all the same if rules have sent something; where an application has
    /// answered, that stands before its body.
    fn finish(&mut self, flow: Flow) -> Flow {
        match flow {
            Flow::Done | Flow::Next if self.sent.is_some() && !self.facts.is_answered => {
                Flow::Reply(answer(self.head.take(), self.sent.take().unwrap_or_default()))
            }
            other => other,
        }
    }
}

fn answer(head: Option<Head>, body: Vec<u8>) -> Reply {
    let mut head = head.unwrap_or_else(|| Head::new("200 OK"));
    head.remove(b"Content-Length");
    Reply::new(head, body)
}
