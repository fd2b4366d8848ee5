//! Every block of code in the guide is a region of a file that a test runs, word for word.
//!
//! A comment names it: `<!-- from examples/python/ask.py#ask -->`, relative to `docs`; without `#…` it is the whole file.
//! In the file a region stands between the comments `region ask` and `endregion ask`. Blocks of `text` are words and
//! pictures, and come from nowhere. That a test runs the file is a test of `tests/docs`.

use std::path::{Path, PathBuf};

use super::{FOLDER, judge, markdown, read, write};
use crate::{Done, failure::Failure, step, tools};

/// The language of what is no code.
const WORDS: &str = "text";

/// Compares each block with its region, or puts the region into the page.
pub(super) fn settle(pages: &[PathBuf], writes: bool) -> Done {
    let mut findings = Vec::new();
    let mut count = 0_usize;
    for page in pages {
        let text = read(page)?;
        let (settled, found, blocks) = settled(&text, &region);
        count = count.saturating_add(blocks);
        if writes {
            if settled != text {
                write(&tools::root().join(page), &settled)?;
                step::say(&format!("      {} is written anew", page.display()));
            }
            findings
                .extend(found.into_iter().filter(|finding| !finding.is_mended).map(|one| one.shown(page)));
        } else {
            findings.extend(found.into_iter().map(|one| one.shown(page)));
        }
    }
    step::say(&format!("      {count} blocks in {} pages", pages.len()));
    judge(
        &findings,
        "blocks of the guide are not what the examples say",
        "run `cargo xtask docs --write`; a new block needs an example, see docs/examples/README.md",
    )
}

#[derive(Debug)]
struct Finding {
    line: usize,
    what: String,
    /// Whether the text that was put in mends it.
    is_mended: bool,
}

impl Finding {
    fn shown(&self, page: &Path) -> String {
        format!("{}:{}: {}", page.display(), self.line, self.what)
    }
}

/// The page as it should be, what is wrong with it, and how many blocks of code it has.
fn settled(text: &str, region: &dyn Fn(&str) -> Result<String, String>) -> (String, Vec<Finding>, usize) {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut regions = Vec::new();
    let mut findings = Vec::new();
    let mut count = 0;
    for block in markdown::blocks(text).into_iter().filter(|block| block.language != WORDS) {
        count += 1;
        let mut find = |what: String, is_mended| findings.push(Finding { line: block.line, what, is_mended });
        if block.language.is_empty() {
            find("a block without a language: `text` for what is no code".to_owned(), false);
            continue;
        }
        let Some(origin) = origin(block.before) else {
            find("a block that comes from no example: put `<!-- from … -->` before it".to_owned(), false);
            continue;
        };
        match region(origin) {
            Ok(wanted) if wanted.lines().eq(block.body.iter().copied()) => {}
            Ok(wanted) => {
                find(format!("differs from {origin}"), true);
                regions.push((block.line, block.body.len(), wanted));
            }
            Err(why) => find(why, false),
        }
    }
    // from the end, so that the numbers of earlier lines stay true
    for (line, length, wanted) in regions.iter().rev() {
        lines.splice(*line..line.saturating_add(*length), wanted.lines());
    }
    (lines.join("\n") + "\n", findings, count)
}

/// What a comment before a block names.
pub(super) fn origin(comment: &str) -> Option<&str> {
    comment.trim().strip_prefix("<!-- from ")?.strip_suffix("-->").map(str::trim)
}

/// The text that an origin names.
fn region(origin: &str) -> Result<String, String> {
    let (file, name) = origin.split_once('#').map_or((origin, None), |(file, name)| (file, Some(name)));
    let text = read(&Path::new(FOLDER).join(file)).map_err(|failure: Failure| failure.to_string())?;
    cut(&text, name).map_err(|why| format!("{origin}: {why}"))
}

/// A region of a file, or all of it, without the comments that mark regions and without common indentation.
fn cut(text: &str, name: Option<&str>) -> Result<String, String> {
    let mut inside = name.is_none();
    let mut found = name.is_none();
    let mut kept = Vec::new();
    for line in text.lines() {
        match (marker(line), name) {
            (Some(("region", this)), Some(wanted)) if this == wanted => {
                if found {
                    return Err("there are two such regions".to_owned());
                }
                (inside, found) = (true, true);
            }
            (Some(("endregion", this)), Some(wanted)) if this == wanted => inside = false,
            (None, _) if inside => kept.push(line),
            // marks of other regions, and what lies outside
            _ => {}
        }
    }
    match (found, name) {
        (false, _) => Err("there is no such region".to_owned()),
        (true, Some(_)) if inside => Err("the region does not end".to_owned()),
        (true, _) => Ok(dedented(&kept)),
    }
}

/// `region` or `endregion`, and its name, where a line is nothing but such a comment.
fn marker(line: &str) -> Option<(&str, &str)> {
    let comment =
        line.trim().trim_start_matches(['#', '/', '<', '!', '-']).trim_end_matches(['-', '>']).trim();
    comment.split_once(' ').filter(|(word, name)| {
        comment.len() < line.trim().len() && ["region", "endregion"].contains(word) && !name.contains(' ')
    })
}

fn dedented(lines: &[&str]) -> String {
    let indentation = |line: &&&str| line.len().saturating_sub(line.trim_start().len());
    let common =
        lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indentation(&line)).min().unwrap_or(0);
    let text: Vec<&str> =
        lines.iter().map(|line| line.get(common..).unwrap_or_default().trim_end()).collect();
    text.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# region one\na = 1\n# region two\n    b = 2\n\n      c = 3\n# endregion two\n# endregion one\n";

    #[test]
    fn a_region_is_cut_out_without_marks_and_indentation() {
        assert_eq!(cut(FILE, Some("two")).unwrap(), "b = 2\n\n  c = 3");
        assert_eq!(cut(FILE, Some("one")).unwrap(), "a = 1\n    b = 2\n\n      c = 3");
        assert_eq!(cut(FILE, None).unwrap(), "a = 1\n    b = 2\n\n      c = 3");
        assert_eq!(cut("  <!-- region x -->\n  <p>\n  <!-- endregion x -->\n", Some("x")).unwrap(), "<p>");
    }

    #[test]
    fn what_is_no_region_is_an_error() {
        assert!(cut(FILE, Some("three")).is_err());
        assert!(cut("// region x\n", Some("x")).is_err());
        assert!(cut("// region x\n// endregion x\n// region x\n// endregion x\n", Some("x")).is_err());
        assert_eq!(marker("region one"), None, "it is no comment");
        assert_eq!(marker("# region of the world"), None);
    }

    fn one(origin: &str) -> Result<String, String> {
        if origin == "a.py#one" { Ok("x = 1\ny = 2".to_owned()) } else { Err(format!("{origin}: nowhere")) }
    }

    #[test]
    fn a_block_that_differs_is_found_and_mended() {
        let page = "<!-- from a.py#one -->\n```python\nx = 2\n```\nend\n";
        let (mended, findings, count) = settled(page, &one);
        assert_eq!(mended, "<!-- from a.py#one -->\n```python\nx = 1\ny = 2\n```\nend\n");
        assert!(findings.iter().all(|finding| finding.is_mended));
        assert_eq!((findings.len(), count), (1, 1));
        assert!(settled(&mended, &one).1.is_empty());
    }

    #[test]
    fn a_block_from_nowhere_is_found() {
        for page in ["```python\nx\n```\n", "<!-- from b.py -->\n```python\nx\n```\n", "```\nx\n```\n"] {
            let (same, findings, _) = settled(page, &one);
            assert_eq!((same.as_str(), findings.len()), (page, 1));
            assert!(!findings[0].is_mended);
        }
        assert!(settled("```text\nx\n```\n", &one).1.is_empty());
    }
}
