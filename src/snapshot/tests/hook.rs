//! Inside a git hook, whose index is a file of its own.

use super::*;
use crate::snapshot::Home;

/// Set by the hook below, so that this test knows that it runs inside of it.
const INSIDE: &str = "PF_TEST_INSIDE_A_HOOK";

/// Runs this very test again as a pre-commit hook, where git says in the environment which index to read.
#[cfg(unix)]
#[test]
fn a_hook_sees_what_is_about_to_be_committed() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the hook is told by git and by this test through it"
    )]
    let inside = std::env::var(INSIDE).ok();
    if let Some(expected) = inside {
        let home = Home::discover(std::path::Path::new(".")).unwrap();
        let index = home.index().unwrap();
        assert_eq!(text(&index, "app/a.yaml"), Some(expected));
        assert_eq!(text(&index, "app/b.yaml").as_deref(), Some("b, committed"));
        assert_eq!(names(&home.staged_paths().unwrap()), ["app/a.yaml"]);
        return;
    }

    let git = Git::init();
    git.write("app/a.yaml", "a, committed");
    git.write("app/b.yaml", "b, committed");
    git.commit("first");
    let linked = git.beside("linked");
    git.run(&["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap()]);
    let test = std::env::current_exe().unwrap();
    let hook = format!(
        "#!/bin/sh\nexec '{}' --exact snapshot::tests::hook::a_hook_sees_what_is_about_to_be_committed\n",
        test.display()
    );
    git.write(".git/hooks/pre-commit", hook);
    let hook = git.dir().join(".git/hooks/pre-commit");
    std::fs::set_permissions(hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();

    for place in [git.dir(), &linked] {
        // Staged; on disk with `--all`; on disk for the named paths only. Each uses another index file.
        for (content, args) in [
            ("staged", &["commit", "-m", "staged"][..]),
            ("all", &["commit", "--all", "-m", "all"]),
            ("named", &["commit", "-m", "named", "app/a.yaml"]),
        ] {
            let run = |args: &[&str]| {
                git.command().current_dir(place).args(args).env(INSIDE, content).output().unwrap()
            };
            let at = place.join("app");
            #[expect(clippy::disallowed_methods, reason = "a test sets its scene")]
            std::fs::write(at.join("a.yaml"), content).unwrap();
            if content == "staged" {
                assert!(run(&["add", "app/a.yaml"]).status.success());
            }
            let output = run(args);
            let says =
                String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{content}: {says}");
            assert!(says.contains("1 passed"), "the hook ran no test: {says}");
        }
    }
}
