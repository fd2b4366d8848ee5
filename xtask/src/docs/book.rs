//! The pages: Zensical makes them from a copy in which links to the rest of the repository lead to its address.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{FOLDER, blocks, links, markdown, pages, program, read, write};
use crate::{
    Done, child,
    failure::Failure,
    python::environment::{Environment, requirements},
    python::interpreter,
    tools,
};

const CONFIGURATION: &str = "zensical.toml";
/// What is copied as it is: what pages link to, and pictures.
const COPIED: &[&str] = &["aws", "screenshots"];

/// Builds the guide, in which every link must lead somewhere, and says where its first page is.
pub(super) fn build(target: &Path) -> Result<PathBuf, Failure> {
    let python = interpreter::found().pop().map_or_else(interpreter::any, Ok)?;
    let environment = Environment::prepare(
        target.join("python/docs-pages"),
        &python.program,
        &[requirements("docs-pages.txt")],
    )?;
    let folder = target.join("docs");
    stage(&folder)?;
    let mut zensical = program(&environment.python(), &["-m", "zensical", "build", "--clean", "--strict"]);
    child::run(zensical.current_dir(&folder), "mend the pages named above")?;
    let index = folder.join("site/index.html");
    tools::need_path(&index, "the first page of the guide")?;
    Ok(index)
}

fn stage(folder: &Path) -> Done {
    let staged = folder.join("pages");
    let _ = std::fs::remove_dir_all(&staged);
    for page in pages()? {
        let within = page.strip_prefix(FOLDER).unwrap_or(&page);
        put(&staged.join(within), &rewritten(&page, &read(&page)?))?;
    }
    for name in COPIED {
        copy(&tools::root().join(FOLDER).join(name), &staged.join(name))?;
    }
    put(&folder.join(CONFIGURATION), &read(&Path::new(FOLDER).join(CONFIGURATION))?)
}

fn put(path: &Path, text: &str) -> Done {
    if let Some(parent) = path.parent() {
        made(parent)?;
    }
    write(path, text)
}

fn copy(from: &Path, to: &Path) -> Done {
    let Ok(entries) = std::fs::read_dir(from) else { return Ok(()) };
    made(to)?;
    for entry in entries.flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target).map_err(|error| unusable(&target, &error))?;
        }
    }
    Ok(())
}

fn made(folder: &Path) -> Done {
    std::fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} ({error})", path.display()), "free the space or the folder")
}

/// The page with its links out of the guide made to lead to the repository's address, and the name of its file over each block.
fn rewritten(page: &Path, text: &str) -> String {
    let titles: HashMap<usize, &str> = markdown::blocks(text)
        .into_iter()
        .filter_map(|block| Some((block.line, title(blocks::origin(block.before)?)?)))
        .collect();
    let mut rewritten = String::with_capacity(text.len());
    for (number, (line, prose)) in (1..).zip(text.lines().zip(markdown::prose(text))) {
        let mut line = line.to_owned();
        if let Some(title) = titles.get(&number) {
            line = format!("{line} title=\"{title}\"");
        }
        for target in markdown::targets(&prose) {
            if let Some(address) = address(page, target) {
                line = line.replace(&format!("]({target}"), &format!("]({address}"));
            }
        }
        rewritten.push_str(&line);
        rewritten.push('\n');
    }
    rewritten
}

/// The file of a block, as its project would call it; lines for a shell are typed and come from no file.
fn title(origin: &str) -> Option<&str> {
    let within = origin.split('#').next()?.strip_prefix("examples/")?;
    let is_typed = Path::new(within).extension().is_some_and(|ending| ending == "sh");
    within.split_once('/').filter(|_| !is_typed).map(|(_, name)| name)
}

fn address(page: &Path, target: &str) -> Option<String> {
    let path = links::resolved(page, target.split('#').next().filter(|file| !file.is_empty())?);
    let stays = path.starts_with(FOLDER) && !path.starts_with(Path::new(FOLDER).join("examples"));
    let is_folder = tools::root().join(&path).is_dir();
    if !links::is_inside(target) || (stays && !is_folder) {
        return None;
    }
    let kind = if is_folder { "tree" } else { "blob" };
    Some(format!("{}/{kind}/main/{}", env!("CARGO_PKG_REPOSITORY"), path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_out_of_the_guide_lead_to_the_repository() {
        let page = Path::new("docs/threat-model.md");
        let repository = env!("CARGO_PKG_REPOSITORY");
        assert_eq!(
            rewritten(page, "[a](../SECURITY.md) [b](aws-setup.md#what-to-watch) `[c](../x)`\n"),
            format!("[a]({repository}/blob/main/SECURITY.md) [b](aws-setup.md#what-to-watch) `[c](../x)`\n"),
        );
        assert_eq!(rewritten(page, "[d](aws)\n"), format!("[d]({repository}/tree/main/docs/aws)\n"));
        assert_eq!(
            rewritten(page, "<!-- from examples/django/a/urls.py#b -->\n```python\nx\n```\n"),
            "<!-- from examples/django/a/urls.py#b -->\n```python title=\"a/urls.py\"\nx\n```\n",
        );
        assert_eq!(rewritten(page, "[e](https://aws.amazon.com)\n"), "[e](https://aws.amazon.com)\n");
    }
}
