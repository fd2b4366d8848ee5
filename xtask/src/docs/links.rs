//! Every link inside the repository leads to a file that is there, and to a heading in it.

use std::path::{Component, Path, PathBuf};

use super::{judge, markdown, read};
use crate::{Done, failure::Failure, tools};

/// Checks the links of these pages to files; what leads out into the world is not asked for.
pub(super) fn check(pages: &[PathBuf]) -> Done {
    let mut findings = Vec::new();
    for page in pages {
        let text = read(page)?;
        for (number, line) in (1..).zip(markdown::prose(&text)) {
            for target in markdown::targets(&line).into_iter().filter(|target| is_inside(target)) {
                if let Some(why) = problem(page, target)? {
                    findings.push(format!("{}:{number}: {target}: {why}", page.display()));
                }
            }
        }
    }
    judge(&findings, "links lead nowhere", "mend the lines above")
}

/// Whether a link stays in the repository.
pub(super) fn is_inside(target: &str) -> bool {
    !target.is_empty() && !target.contains(':') && !target.starts_with('/')
}

fn problem(page: &Path, target: &str) -> Result<Option<String>, Failure> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() { page.to_owned() } else { resolved(page, file) };
    if !tools::root().join(&path).exists() {
        return Ok(Some("there is no such file".to_owned()));
    }
    let is_page = path.extension().is_some_and(|ending| ending == "md");
    let Some(anchor) = anchor.filter(|_| is_page) else { return Ok(None) };
    let anchors = markdown::anchors(&read(&path)?);
    Ok((!anchors.iter().any(|known| known == anchor)).then(|| "there is no such heading".to_owned()))
}

/// Where a link of `page` leads, from the root of the repository.
pub(super) fn resolved(page: &Path, file: &str) -> PathBuf {
    let mut path = page.parent().map(Path::to_owned).unwrap_or_default();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => _ = path.pop(),
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_resolved_from_their_page() {
        assert_eq!(resolved(Path::new("docs/guides/rust.md"), "../../README.md"), Path::new("README.md"));
        assert_eq!(resolved(Path::new("README.md"), "docs/aws"), Path::new("docs/aws"));
    }

    #[test]
    fn a_link_to_nowhere_is_found() {
        let page = Path::new("CONTRIBUTING.md");
        assert_eq!(problem(page, "README.md#licence").unwrap(), None);
        assert!(problem(page, "README.md#no-such-heading").unwrap().is_some());
        assert!(problem(page, "no-such-file.md").unwrap().is_some());
        assert!(!is_inside("https://example.com/a.md"));
    }
}
