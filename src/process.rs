//! Runs a program that the user allowed: no shell, bounds on time and output, and no child of it left behind.
//!
//! It knows nothing of models and assertions, which both need it. It blocks; a caller that waits for many at once gives
//! each a thread. On Unix the program leads a process group of its own, so that an interrupt of the terminal does not
//! reach it and what it started ends with it.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Variables that programs are given without asking: where programs are, and where their user is.
pub const ALWAYS: [&str; 2] = ["PATH", "HOME"];

/// Without these no program starts on Windows, or it has no place for temporary files.
#[cfg(windows)]
const SYSTEM: [&str; 6] = ["SystemRoot", "SystemDrive", "TEMP", "TMP", "PATHEXT", "USERPROFILE"];
#[cfg(not(windows))]
const SYSTEM: [&str; 0] = [];

/// Most bytes that are kept of what a program says about its failure: the last ones.
const LARGEST_COMPLAINT: usize = 16 << 10;

/// How often a program that runs is asked whether it was cancelled.
const TICK: Duration = Duration::from_millis(25);

/// How long pipes are read after the program has ended: a child of it may hold them open.
const GRACE: Duration = Duration::from_secs(1);

/// A program with all that it is given.
#[derive(Debug)]
pub struct Job<'a> {
    /// The program, then its arguments.
    pub command: &'a [String],
    /// The folder in which it runs.
    pub folder: &'a Path,
    /// The variables that it sees.
    pub environment: Environment<'a>,
    /// What it reads from its standard input.
    pub input: Vec<u8>,
    /// The time that it has.
    pub timeout: Duration,
    /// Most bytes that it may write to its standard output.
    pub largest_output: usize,
}

/// The variables that a program sees.
#[derive(Clone, Copy, Debug)]
pub enum Environment<'a> {
    /// Those of pf itself.
    Inherited,
    /// These alone; see [`environment`].
    Only(&'a [(OsString, OsString)]),
}

/// A program that ended by itself.
#[derive(Debug)]
pub struct Done {
    /// How.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub output: Vec<u8>,
    /// The end of what it wrote to its standard error.
    pub complaint: String,
    /// How long it ran.
    pub took: Duration,
}

/// A program that did not end by itself.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It did not start.
    #[error("cannot run `{program}`: {}", reason(.source))]
    Start {
        /// The program as it was written.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long and was killed.
    #[error("`{program}` did not end within {limit:?}")]
    Timeout {
        /// The program as it was written.
        program: String,
        /// The time that it had.
        limit: Duration,
    },
    /// It wrote too much and was killed.
    #[error("`{program}` wrote more than {limit} bytes")]
    TooLarge {
        /// The program as it was written.
        program: String,
        /// What it may write.
        limit: usize,
    },
    /// The user did not want it any more, and it was killed.
    #[error("`{program}` was stopped")]
    Cancelled {
        /// The program as it was written.
        program: String,
    },
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such program".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be executed".to_owned(),
        _ => error.to_string(),
    }
}

/// Ends a program from outside. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Kills the program, now or as soon as it starts.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The variables for a program: [`ALWAYS`], what the system needs, and those of `allowed` that are set.
pub fn environment(
    allowed: &[String],
    read: &dyn Fn(&str) -> Option<String>,
) -> Vec<(OsString, OsString)> {
    let mut names: Vec<&str> = ALWAYS.into_iter().chain(SYSTEM).collect();
    names.extend(allowed.iter().map(String::as_str));
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(|name| Some((name.into(), read(name)?.into()))).collect()
}

enum Event {
    Output(io::Result<Vec<u8>>),
    TooLarge,
    Complaint(String),
    Ended(io::Result<ExitStatus>),
}

/// Runs a program to its end.
pub fn run(job: Job<'_>, cancel: &Cancel) -> Result<Done, ProcessError> {
    let started = Instant::now();
    let program = job.command.first().cloned().unwrap_or_default();
    let cannot = |source: io::Error| ProcessError::Start { program: program.clone(), source };
    let mut child = start(&job, &program).map_err(cannot)?;
    let group = Group(child.id());
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(cannot(io::Error::other("it has no pipes")));
    };
    let (tell, events) = channel();
    let (input, largest) = (job.input, job.largest_output);
    std::thread::spawn(move || feed(stdin, &input));
    let to = tell.clone();
    std::thread::spawn(move || drop(to.send(read_output(stdout, largest))));
    let to = tell.clone();
    std::thread::spawn(move || drop(to.send(Event::Complaint(read_complaint(stderr)))));
    std::thread::spawn(move || wait(child, &tell));

    let mut watch = Watch::default();
    let ended = watch.until(&events, started + job.timeout, cancel);
    let error = match ended {
        Ended::Itself(status) => {
            // The group still holds someone who keeps the pipes open, so its number is not another's.
            if !watch.is_complete() {
                group.kill();
                watch.rest(&events);
            }
            return match status {
                Ok(status) => Ok(Done {
                    status,
                    output: watch.output.unwrap_or_default(),
                    complaint: watch.complaint.unwrap_or_default(),
                    took: started.elapsed(),
                }),
                Err(source) => Err(cannot(source)),
            };
        }
        Ended::Late => ProcessError::Timeout { program, limit: job.timeout },
        Ended::Large => ProcessError::TooLarge { program, limit: largest },
        Ended::Cancelled => ProcessError::Cancelled { program },
    };
    group.kill();
    watch.rest(&events);
    Err(error)
}

fn start(job: &Job<'_>, program: &str) -> io::Result<Child> {
    // What a relative path with a folder in it is relative to differs between systems, so it is made absolute here.
    let is_relative =
        Path::new(program).is_relative() && Path::new(program).components().count() > 1;
    let path = if is_relative { job.folder.join(program) } else { PathBuf::from(program) };
    let mut command = Command::new(path);
    command
        .args(job.command.get(1..).unwrap_or_default())
        .current_dir(job.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Environment::Only(variables) = job.environment {
        command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// A program need not read what it is given.
fn feed(mut stdin: impl Write, input: &[u8]) {
    let _ = stdin.write_all(input);
}

fn read_output(stdout: impl Read, largest: usize) -> Event {
    let mut output = Vec::new();
    let read = stdout.take(largest as u64 + 1).read_to_end(&mut output);
    match read {
        Ok(_) if output.len() > largest => Event::TooLarge,
        Ok(_) => Event::Output(Ok(output)),
        Err(error) => Event::Output(Err(error)),
    }
}

/// The last bytes: what a program says last is why it failed.
fn read_complaint(mut stderr: impl Read) -> String {
    let mut kept = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = stderr.read(&mut piece) {
        kept.extend_from_slice(&piece[..count]);
        let surplus = kept.len().saturating_sub(LARGEST_COMPLAINT);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn wait(mut child: Child, tell: &Sender<Event>) {
    let _ = tell.send(Event::Ended(child.wait()));
}

enum Ended {
    Itself(io::Result<ExitStatus>),
    Late,
    Large,
    Cancelled,
}

/// What was heard of a program so far.
#[derive(Default)]
struct Watch {
    output: Option<Vec<u8>>,
    complaint: Option<String>,
    status: Option<io::Result<ExitStatus>>,
}

impl Watch {
    fn is_complete(&self) -> bool {
        self.output.is_some() && self.complaint.is_some()
    }

    /// Listens until the program has ended, and its pipes with it or a little later.
    fn until(&mut self, events: &Receiver<Event>, mut deadline: Instant, cancel: &Cancel) -> Ended {
        loop {
            if cancel.is_cancelled() {
                return Ended::Cancelled;
            }
            let now = Instant::now();
            if now >= deadline {
                return self.status.take().map_or(Ended::Late, Ended::Itself);
            }
            match events.recv_timeout(TICK.min(deadline - now)) {
                Ok(Event::TooLarge) => return Ended::Large,
                Ok(event) => self.note(event),
                Err(RecvTimeoutError::Timeout) => continue,
                // All threads are gone, so all has been said.
                Err(RecvTimeoutError::Disconnected) => deadline = now,
            }
            if self.status.is_some() {
                if self.is_complete() {
                    deadline = now;
                }
                deadline = deadline.min(now + GRACE);
            }
        }
    }

    /// Waits a moment for what a killed program leaves, so that no process of it stays unreaped.
    fn rest(&mut self, events: &Receiver<Event>) {
        let deadline = Instant::now() + GRACE;
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            match events.recv_timeout(left) {
                Ok(event) => self.note(event),
                Err(_) => return,
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Output(Ok(output)) => self.output = Some(output),
            Event::Output(Err(_)) | Event::TooLarge => self.output = Some(Vec::new()),
            Event::Complaint(text) => self.complaint = Some(text),
            Event::Ended(status) => self.status = Some(status),
        }
    }
}

/// The processes that a program is made of, by the number of the first.
struct Group(u32);

impl Group {
    #[cfg(unix)]
    fn kill(&self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = i32::try_from(self.0).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Windows has no such groups; its own tool walks the tree.
    #[cfg(windows)]
    fn kill(&self) {
        let _ = Command::new("taskkill")
            .args(["/T", "/F", "/PID", &self.0.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration, largest_output: usize) -> Result<Done, ProcessError> {
        let command = ["sh", "-c", script].map(str::to_owned);
        let environment = environment(&["GIVEN".to_owned()], &|name| match name {
            "PATH" => Some("/usr/local/bin:/usr/bin:/bin".to_owned()),
            "HOME" => None,
            other => Some(format!("value of {other}")),
        });
        let job = Job {
            command: &command,
            folder: Path::new("/"),
            environment: Environment::Only(&environment),
            input: b"input".to_vec(),
            timeout,
            largest_output,
        };
        run(job, &Cancel::default())
    }

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn gives_input_and_takes_output_status_and_complaint() {
        let done = shell("cat; echo why >&2; exit 3", LONG, 100).unwrap();
        assert_eq!((done.output.as_slice(), done.complaint.as_str()), (&b"input"[..], "why\n"));
        assert_eq!(done.status.code(), Some(3));
    }

    #[test]
    fn sees_nothing_of_the_callers_environment_but_what_is_allowed() {
        let done =
            shell("env | grep -v -e '^PWD=' -e '^SHLVL=' -e '^_=' | sort", LONG, 1000).unwrap();
        assert_eq!(
            String::from_utf8(done.output).unwrap(),
            "GIVEN=value of GIVEN\nPATH=/usr/local/bin:/usr/bin:/bin\n"
        );
    }

    #[test]
    fn what_takes_too_long_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("alive");
        let script = format!("(sleep 1; : >{}) & sleep 60", mark.display());
        let started = Instant::now();
        let error = shell(&script, Duration::from_millis(200), 100).unwrap_err();
        assert!(matches!(error, ProcessError::Timeout { .. }), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20));
        // Longer than the child would have needed.
        let _ = shell("sleep 1.5", LONG, 100);
        assert!(!mark.exists(), "a child went on");
    }

    #[test]
    fn what_writes_too_much_is_killed() {
        let error = shell("yes", LONG, 100_000).unwrap_err();
        assert_eq!(error.to_string(), "`sh` wrote more than 100000 bytes");
    }

    #[test]
    fn a_child_that_holds_the_pipes_does_not_hold_the_caller() {
        let started = Instant::now();
        let done = shell("echo done; sleep 60 &", LONG, 100).unwrap();
        assert_eq!(done.status.code(), Some(0));
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let command = ["no-such-program-anywhere".to_owned()];
        let job = Job {
            command: &command,
            folder: Path::new("/"),
            environment: Environment::Only(&[]),
            input: Vec::new(),
            timeout: LONG,
            largest_output: 1,
        };
        assert_eq!(
            run(job, &Cancel::default()).unwrap_err().to_string(),
            "cannot run `no-such-program-anywhere`: there is no such program"
        );
    }

    #[test]
    fn what_is_cancelled_is_killed() {
        let cancel = Cancel::default();
        cancel.cancel();
        let command = ["sleep", "60"].map(str::to_owned);
        let job = Job {
            command: &command,
            folder: Path::new("/"),
            environment: Environment::Inherited,
            input: Vec::new(),
            timeout: LONG,
            largest_output: 1,
        };
        assert!(matches!(run(job, &cancel), Err(ProcessError::Cancelled { .. })));
    }

    #[test]
    fn much_input_that_nobody_reads_is_no_deadlock() {
        let command = ["true".to_owned()];
        let job = Job {
            command: &command,
            folder: Path::new("/"),
            environment: Environment::Inherited,
            input: vec![b'x'; 1 << 20],
            timeout: LONG,
            largest_output: 1,
        };
        assert!(run(job, &Cancel::default()).is_ok());
    }
}
