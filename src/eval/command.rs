//! Runs the commands that the assertion `exec` asks: no shell, bounded in time and output.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::assertion::{CommandQuestion, Reply};

/// Most bytes that a command may print.
const MOST_PRINTED: u64 = 1 << 20;
/// Most bytes of its complaints that are read.
const MOST_COMPLAINED: u64 = 1 << 14;
/// Most characters of its complaints that are shown.
const SHOWN: usize = 300;
/// How long its output may stay open after its end, as where it leaves a process behind.
const GRACE: Duration = Duration::from_secs(1);
/// Longest time between two looks at whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// Runs a command in `folder` and takes what it prints.
pub(super) fn run(question: &CommandQuestion, folder: &Path) -> Reply {
    let Some((program, arguments)) = question.argv.split_first() else {
        return Reply::Failed("the command is empty".to_owned());
    };
    let spawned = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return Reply::Failed(format!("cannot run `{program}`: {error}")),
    };
    let input = question.input.to_string();
    if let Some(mut stdin) = child.stdin.take() {
        // A command that reads nothing breaks the pipe, which is its right.
        thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    }
    let printed = child.stdout.take().map(|pipe| reading(pipe, MOST_PRINTED));
    let complained = child.stderr.take().map(|pipe| reading(pipe, MOST_COMPLAINED));
    let limit = Duration::from_secs_f64(question.timeout_s);
    let status = match ended(&mut child, limit) {
        Ok(Some(status)) => status,
        Ok(None) => {
            let seconds = question.timeout_s;
            return Reply::Undecided(format!(
                "`{program}` took more than {seconds} s and was stopped"
            ));
        }
        Err(error) => return Reply::Undecided(format!("`{program}` was lost: {error}")),
    };
    let printed = printed.map(|pipe| received(&pipe)).unwrap_or_default();
    if !status.success() {
        let complained = complained.map(|pipe| received(&pipe)).unwrap_or_default();
        let said = shortened(&String::from_utf8_lossy(&complained));
        let colon = if said.is_empty() { "" } else { ": " };
        return Reply::Undecided(format!("`{program}` ended with {status}{colon}{said}"));
    }
    if printed.len() as u64 > MOST_PRINTED {
        return Reply::Undecided(format!("`{program}` printed more than {MOST_PRINTED} bytes"));
    }
    match String::from_utf8(printed) {
        Ok(text) => Reply::Printed(text),
        Err(_) => Reply::Undecided(format!("`{program}` printed what is no UTF-8 text")),
    }
}

/// Reads up to a byte more than `most`, and lets the rest go by so that the command does not wait.
fn reading(mut pipe: impl Read + Send + 'static, most: u64) -> Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.by_ref().take(most + 1).read_to_end(&mut bytes);
        let _ = send.send(bytes);
        let _ = io::copy(&mut pipe, &mut io::sink());
    });
    receive
}

fn received(pipe: &Receiver<Vec<u8>>) -> Vec<u8> {
    pipe.recv_timeout(GRACE).unwrap_or_default()
}

/// Waits for the end; a command that takes too long is killed.
fn ended(child: &mut Child, limit: Duration) -> io::Result<Option<std::process::ExitStatus>> {
    let started = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= limit {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LOOK);
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
        run(&CommandQuestion { argv, timeout_s, input: json!({"output": "hi"}) }, Path::new("."))
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
    fn a_program_that_is_not_there_could_not_be_asked() {
        let argv = vec!["/no/such/program".to_owned()];
        let question = CommandQuestion { argv, timeout_s: 1.0, input: json!({}) };
        assert!(matches!(run(&question, Path::new(".")), Reply::Failed(_)));
    }
}
