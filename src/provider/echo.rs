//! `echo`: answers with the last user message. For trying things out without a model; never stored.

use crate::message::{Answer, Request, Role};

/// The answer to `request`; empty when no user speaks in it.
pub(super) fn answer(request: &Request) -> Answer {
    let last = request.messages.iter().rfind(|message| message.role == Role::User);
    Answer {
        output: last.map(|message| message.content.text()).unwrap_or_default(),
        finish: Some("stop".into()),
        latency_ms: Some(0.0),
        ..Answer::default()
    }
}
