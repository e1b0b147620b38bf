//! The tour of the README is run as it stands there.

use std::fs;

use crate::console::{Streams, replay};
use crate::support::{compare_or_update, project};

const TOUR: &str = "## A ten-minute tour";

#[test]
fn the_tour_prints_what_it_says() {
    let path = project().join("README.md");
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("README.md must hold the tour, section `{TOUR}`: {error}"));
    let start = text
        .find(TOUR)
        .unwrap_or_else(|| panic!("README.md has no section `{TOUR}`, which is run as a test"));
    let (before, from) = text.split_at(start);
    let end = from[TOUR.len()..].find("\n## ").map_or(from.len(), |at| TOUR.len() + at + 1);
    let (tour, after) = from.split_at(end);
    assert!(tour.contains("```console\n$ pf "), "the tour has no block of commands");
    let replayed = replay(tour, Streams::Together);
    compare_or_update("README.md", &format!("{before}{replayed}{after}"));
}
