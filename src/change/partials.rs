//! The files that templates include. A change in one concerns each prompt that reaches it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::messages::text_message;
use super::{Change, ChangeKind};
use crate::span::SourceFile;

pub(super) fn compare(
    before: &BTreeMap<String, Arc<SourceFile>>,
    after: &BTreeMap<String, Arc<SourceFile>>,
    changes: &mut Vec<Change>,
) {
    let added = after.keys().filter(|name| !before.contains_key(*name));
    let mut names: Vec<&String> = before.keys().chain(added).collect();
    names.sort_unstable();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) => {
                let (old_text, new_text) = (included(old), included(new));
                if old_text != new_text {
                    let message = text_message(old_text, new_text);
                    let change = Change::model(ChangeKind::PartialText, path(new), message);
                    changes.push(change.texts(old_text, new_text));
                }
            }
            (None, Some(new)) => {
                let change = Change::model(ChangeKind::PartialAdded, path(new), "included now");
                changes.push(
                    change
                        .texts("", included(new))
                        .values(None, serde_json::Value::from(included(new))),
                );
            }
            (Some(old), None) => {
                let change =
                    Change::model(ChangeKind::PartialRemoved, path(old), "no longer included");
                changes.push(
                    change
                        .texts(included(old), "")
                        .values(serde_json::Value::from(included(old)), None),
                );
            }
            (None, None) => {}
        }
    }
}

fn path(file: &SourceFile) -> String {
    file.path().to_string()
}

/// The text as templates get it: one final line break is dropped.
fn included(file: &SourceFile) -> &str {
    file.text().strip_suffix('\n').unwrap_or(file.text())
}
