//! Files in place of those of another snapshot.

use super::*;

#[test]
fn files_are_replaced_and_added() {
    let (_git, sources) = everywhere();
    for below in sources {
        let files = [
            (path("prompts/a.yaml"), b"new".to_vec()),
            (path("prompts/new/deep.yaml"), b"deep".to_vec()),
            (path("prompts/.hidden.yaml"), Vec::new()),
        ];
        let before = below.walk(&RepoPath::root()).unwrap();
        let over = below.clone().with_files(files).unwrap();
        assert_eq!(text(&over, "prompts/a.yaml").as_deref(), Some("new"), "{over:?}");
        assert_eq!(text(&over, "prompts/new/deep.yaml").as_deref(), Some("deep"), "{over:?}");
        assert_eq!(text(&over, "prompts/b.yaml").as_deref(), Some("b\n"), "{over:?}");
        assert_eq!(text(&over, "prompts/new"), None, "{over:?}");
        assert_eq!(list(&over, "prompts/new"), ["prompts/new/deep.yaml"], "{over:?}");
        let mut expected = before.files.clone();
        expected.push(path("prompts/new/deep.yaml"));
        expected.sort();
        let after = over.walk(&RepoPath::root()).unwrap();
        assert_eq!((after.files, after.skipped), (expected, before.skipped), "{over:?}");

        let print = |files: &Snapshot, at: &str| files.fingerprint(&path(at)).unwrap();
        assert_ne!(print(&over, "prompts/a.yaml"), print(&below, "prompts/a.yaml"));
        assert_eq!(print(&over, "prompts/b.yaml"), print(&below, "prompts/b.yaml"));
        assert_eq!(print(&over, "prompts"), None, "it would not know what is replaced below it");
    }
}

#[cfg(unix)]
#[test]
fn a_link_and_the_file_behind_it_stay_one() {
    let (_git, sources) = everywhere();
    for below in sources {
        for written in ["prompts/link.yaml", "prompts/a.yaml"] {
            let over = below.clone().with_files([(path(written), b"new".to_vec())]).unwrap();
            for read in ["prompts/link.yaml", "prompts/a.yaml"] {
                assert_eq!(text(&over, read).as_deref(), Some("new"), "{over:?} {written} {read}");
            }
        }
        let over =
            below.clone().with_files([(path("prompts/a/deep/y.md"), b"y".to_vec())]).unwrap();
        assert_eq!(list(&over, "folder"), ["folder/deep/x.md", "folder/deep/y.md"], "{over:?}");
        let leaves = below.with_files([(path("leaves.txt"), Vec::new())]).unwrap_err();
        assert!(matches!(leaves, SnapshotError::LeavesProject { .. }), "{leaves}");
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let bytes = vec![0; MAX_FILE_BYTES as usize + 1];
    let error = Snapshot::memory([]).with_files([(path("a.yaml"), bytes)]).unwrap_err();
    assert!(matches!(error, SnapshotError::TooLarge { .. }), "{error}");
}
