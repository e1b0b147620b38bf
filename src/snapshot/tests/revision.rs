//! Names of revisions, as git understands them.

use super::*;

/// Three commits on `main`, tags on the second.
fn three() -> (Git, [String; 3]) {
    let git = Git::init();
    let ids = ["one", "two", "three"].map(|text| {
        git.write("a.yaml", text);
        let id = git.commit(text);
        if text == "two" {
            git.run(&["tag", "light"]);
            git.run(&["tag", "-a", "-m", "annotated", "v1.0"]);
            git.run(&["tag", "-a", "-m", "tag of a tag", "v1.0-again", "v1.0"]);
        }
        id
    });
    (git, ids)
}

fn refused(git: &Git, rev: &str) -> String {
    let error = git.home().commit(rev).unwrap_err();
    assert!(error.is_input(), "{error:?}");
    error.to_string()
}

#[test]
fn understands_what_git_understands() {
    let (git, [one, two, three]) = three();
    git.run(&["branch", "side/branch", "HEAD~1"]);
    git.run(&["remote", "add", "origin", "../elsewhere"]);
    git.run(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
    git.run(&["branch", "-q", "--set-upstream-to=origin/main", "main"]);
    for (rev, id) in [
        ("HEAD", &three),
        ("@", &three),
        ("main", &three),
        ("refs/heads/main", &three),
        ("side/branch", &two),
        ("HEAD~2", &one),
        ("main^", &two),
        ("light", &two),
        ("v1.0", &two),
        ("v1.0-again", &two),
        ("v1.0^{commit}", &two),
        ("v1.0~1", &one),
        (&three[..8], &three),
        (&two, &two),
        (":/two", &two),
        ("HEAD^{/one}", &one),
        ("main@{0}", &three),
        ("main@{1}", &two),
        ("@{2}", &one),
        ("origin/main", &two),
        ("main@{upstream}", &two),
        ("@{u}~1", &one),
        ("main@{2001-01-01}", &one),
        ("main@{2023-11-14 23:50 +0000}", &two),
    ] {
        assert_eq!(git.run(&["rev-list", "--no-walk", rev]), *id, "git and {rev}");
        assert_eq!(git.home().commit(rev).unwrap().commit().unwrap().id, *id, "{rev}");
    }
}

#[test]
fn yesterday_is_read_from_the_reflog() {
    let (git, [one, two, three]) = three();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let zero = "0".repeat(40);
    let line = |old: &str, new: &str, age: u64| {
        format!("{old} {new} Bob <bob@example.org> {} +0000\tcommit: x\n", now - age)
    };
    let hour = 3600;
    let log = [line(&zero, &one, 72 * hour), line(&one, &two, 30 * hour), line(&two, &three, hour)];
    git.write(".git/logs/refs/heads/main", log.concat());
    for rev in ["main@{yesterday}", "main@{2 hours ago}"] {
        assert_eq!(git.run(&["rev-parse", rev]), two, "git and {rev}");
        assert_eq!(git.home().commit(rev).unwrap().commit().unwrap().id, two, "{rev}");
    }
}

#[test]
fn unknown_revisions_are_named_with_the_nearest_name() {
    let (git, _) = three();
    git.run(&["branch", "production"]);
    git.run(&["update-ref", "refs/remotes/origin/feature", "HEAD"]);
    let list = "; `git log --oneline --all` and `git tag` show what there is";
    for (rev, hint) in [
        ("mian", "; did you mean `main`?"),
        ("prodution~2", "; did you mean `production`?"),
        ("v1.O", "; did you mean `v1.0`?"),
        ("feature", "; did you mean `origin/feature`?"),
        ("zebra", list),
        ("", list),
        ("0123456789abcdef0123456789abcdef01234567", list),
    ] {
        assert_eq!(refused(&git, rev), format!("`{rev}` is not a known revision{hint}"));
    }
}

#[test]
fn a_step_that_leads_nowhere_is_told_from_a_name_that_is_unknown() {
    let (git, _) = three();
    let list = "; `git log --oneline --all` and `git tag` show what there is";
    for (rev, base, step) in [
        ("main~3", "main", "~3"),
        ("HEAD^2", "HEAD", "^2"),
        ("main@{9}", "main", "@{9}"),
        ("v1.0:nothing", "v1.0", ":nothing"),
        (":/no such message", "HEAD", ":/no such message"),
    ] {
        let expected = format!(
            "`{rev}` leads nowhere: `{base}` exists, but there is nothing at `{step}` from it{list}"
        );
        assert_eq!(refused(&git, rev), expected);
    }
}

#[test]
fn files_folders_and_ranges_are_no_commits() {
    let (git, _) = three();
    let rest = "not a commit; name the commit alone, such as `HEAD`";
    assert_eq!(refused(&git, "HEAD:a.yaml"), format!("`HEAD:a.yaml` is a file (blob), {rest}"));
    assert_eq!(refused(&git, "HEAD^{tree}"), format!("`HEAD^{{tree}}` is a folder (tree), {rest}"));
    for range in ["main~1..main", "main...light", "^main"] {
        assert_eq!(refused(&git, range), format!("`{range}` names a range; name one commit"));
    }
}

#[test]
fn a_short_id_of_several_commits_is_ambiguous() {
    let git = Git::init();
    // Four digits have 65,536 values, so among 1,000 commits some share them: always the same ones.
    let commit = |number: u32| {
        format!(
            "commit refs/heads/b{number}\ncommitter Bob <bob@example.org> {number} +0000\ndata 5\nempty\n"
        )
    };
    let stream = (0..1000).map(commit).collect::<Vec<String>>().concat();
    git.write("stream", stream);
    let input = std::fs::File::open(git.dir().join("stream")).unwrap();
    assert!(
        git.command().args(["fast-import", "--quiet"]).stdin(input).status().unwrap().success()
    );
    let ids = git.run(&["for-each-ref", "--format=%(objectname)"]);
    let mut short: Vec<&str> = ids.lines().map(|id| &id[..4]).collect();
    short.sort_unstable();
    let shared = short.windows(2).find(|pair| pair[0] == pair[1]).unwrap()[0];
    let error = git.home().commit(shared).unwrap_err();
    let SnapshotError::AmbiguousRevision { candidates, .. } = &error else { panic!("{error}") };
    assert!(candidates.len() >= 2 && candidates.iter().all(|c| c.starts_with(shared)), "{error}");
    let start = format!("`{shared}` is ambiguous, give more digits; it could be {shared}");
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[test]
fn before_the_first_commit_nothing_is_named() {
    let git = Git::init();
    for rev in ["HEAD", "main", "HEAD~1", "@"] {
        let expected = format!(
            "`{rev}` names no commit: there is none yet on this branch; make one with `git commit`"
        );
        assert_eq!(refused(&git, rev), expected);
    }
    assert_eq!(git.home().head().unwrap(), None);
}

#[test]
fn merge_bases_are_those_of_git() {
    let (git, [_, two, three]) = three();
    git.run(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    git.write("b.yaml", "b");
    git.commit("side");
    git.run(&["checkout", "-q", "--orphan", "island"]);
    git.commit("island");
    let home = git.home();
    let base = |a, b| home.merge_base(a, b).unwrap();
    assert_eq!(base("main", "side").commit().unwrap().id, two);
    assert_eq!(base("main", "side").describe(), format!("commit {} (main...side)", &two[..7]));
    assert_eq!(base("main", "main").commit().unwrap().id, three);
    assert_eq!(
        home.merge_base("main", "island").unwrap_err().to_string(),
        "`main` and `island` have no common ancestor; `git log --oneline --all` and `git tag` show what there is"
    );
    assert!(matches!(home.merge_base("main", "none"), Err(SnapshotError::UnknownRevision { .. })));
}
