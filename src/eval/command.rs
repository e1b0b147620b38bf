//! Runs the commands that the assertion `exec` asks, and says what came of them in its words.

use std::path::Path;
use std::time::Duration;

use crate::assertion::{CommandQuestion, Reply};
use crate::process::{self, Cancel, Environment, Job, ProcessError};

/// Most bytes that a command may print.
const MOST_PRINTED: usize = 1 << 20;
/// Most characters of its complaints that are shown.
const SHOWN: usize = 300;

/// Runs a command in `folder` and takes what it prints.
pub(super) fn run(question: &CommandQuestion, folder: &Path, cancel: &Cancel) -> Reply {
    let Some(program) = question.argv.first() else {
        return Reply::Failed("the command is empty".to_owned());
    };
    let job = Job {
        command: &question.argv,
        folder,
        environment: Environment::Inherited,
        input: question.input.to_string().into_bytes(),
        timeout: Duration::from_secs_f64(question.timeout_s),
        largest_output: MOST_PRINTED,
    };
    let done = match process::run(job, cancel) {
        Ok(done) => done,
        Err(error @ ProcessError::Start { .. }) => return Reply::Failed(error.to_string()),
        Err(ProcessError::Timeout { .. }) => {
            let seconds = question.timeout_s;
            return Reply::Undecided(format!(
                "`{program}` took more than {seconds} s and was stopped"
            ));
        }
        Err(ProcessError::TooLarge { .. }) => {
            return Reply::Undecided(format!("`{program}` printed more than {MOST_PRINTED} bytes"));
        }
        Err(error @ ProcessError::Cancelled { .. }) => return Reply::Undecided(error.to_string()),
    };
    if !done.status.success() {
        let said = shortened(&done.complaint);
        let colon = if said.is_empty() { "" } else { ": " };
        return Reply::Undecided(format!("`{program}` ended with {}{colon}{said}", done.status));
    }
    match String::from_utf8(done.output) {
        Ok(text) => Reply::Printed(text),
        Err(_) => Reply::Undecided(format!("`{program}` printed what is no UTF-8 text")),
    }
}

/// The last line that says something: programs put what went wrong there.
fn shortened(text: &str) -> String {
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let clean: String = last.chars().filter(|character| !character.is_control()).collect();
    match clean.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &clean[..cut]),
        None => clean,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use serde_json::json;

    use super::*;

    fn sh(script: &str, timeout_s: f64) -> Reply {
        let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
        run(
            &CommandQuestion { argv, timeout_s, input: json!({"output": "hi"}) },
            Path::new("."),
            &Cancel::default(),
        )
    }

    #[test]
    fn a_command_reads_json_and_prints() {
        assert_eq!(sh("cat", 10.0), Reply::Printed(r#"{"output":"hi"}"#.to_owned()));
        assert_eq!(sh("echo noise >&2; echo done", 10.0), Reply::Printed("done\n".to_owned()));
    }

    #[test]
    fn what_goes_wrong_leaves_it_undecided_and_is_said() {
        let undecided = |script: &str, timeout| match sh(script, timeout) {
            Reply::Undecided(reason) => reason,
            other => panic!("{script}: {other:?}"),
        };
        assert_eq!(
            undecided("echo first >&2; echo no such thing >&2; exit 3", 10.0),
            "`sh` ended with exit status: 3: no such thing"
        );
        assert!(undecided("while :; do :; done", 0.05).contains("took more than 0.05 s"));
        assert!(undecided("head -c 2000000 /dev/zero", 10.0).contains("printed more than"));
    }

    #[test]
    fn it_sees_the_variables_that_pf_sees() {
        // What cargo sets for tests stands for what a shell or CI sets for pf.
        let crate_name = format!("{}\n", env!("CARGO_PKG_NAME"));
        assert_eq!(sh("echo $CARGO_PKG_NAME", 10.0), Reply::Printed(crate_name));
    }

    #[test]
    fn what_holds_its_output_open_does_not_hold_the_run() {
        assert_eq!(sh("echo done; sleep 60 &", 10.0), Reply::Printed("done\n".to_owned()));
    }

    #[test]
    fn a_program_that_is_not_there_could_not_be_asked() {
        let argv = vec!["/no/such/program".to_owned()];
        let question = CommandQuestion { argv, timeout_s: 1.0, input: json!({}) };
        assert!(matches!(run(&question, Path::new("."), &Cancel::default()), Reply::Failed(_)));
    }
}
