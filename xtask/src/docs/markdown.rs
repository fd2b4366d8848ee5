//! As much of Markdown as the checks need: fenced blocks, links, headings.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block<'text> {
    /// Line of the opening fence, from 1.
    pub(super) line: usize,
    /// What stands behind the fence.
    pub(super) language: &'text str,
    /// Lines between the fences.
    pub(super) body: Vec<&'text str>,
    /// The last line before it that is not empty.
    pub(super) before: &'text str,
}

const FENCE: &str = "```";

/// The fenced blocks of a text.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = (1..).zip(text.lines());
    while let Some((line, content)) = lines.next() {
        if let Some(language) = content.strip_prefix(FENCE) {
            let body = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != FENCE).collect();
            blocks.push(Block { line, language, body, before });
            before = "";
        } else if !content.trim().is_empty() {
            before = content;
        }
    }
    blocks
}

/// The text with every block and every piece of code left empty, line by line.
pub(super) fn prose(text: &str) -> Vec<String> {
    let mut inside = false;
    text.lines()
        .map(|line| {
            if line.trim_start().starts_with(FENCE) {
                inside = !inside;
                return String::new();
            }
            if inside { String::new() } else { without_code(line) }
        })
        .collect()
}

fn without_code(line: &str) -> String {
    line.split('`').enumerate().filter(|(at, _)| at % 2 == 0).map(|(_, part)| part).collect()
}

/// Where the links of a line lead.
pub(super) fn targets(line: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once("](") {
        let (target, behind) = after.split_once(')').unwrap_or((after, ""));
        // a title may follow
        targets.push(target.split_whitespace().next().unwrap_or_default());
        rest = behind;
    }
    targets
}

/// The anchors of a page's headings, as GitHub and the guide's generator make them.
pub(super) fn anchors(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut anchors = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with(FENCE) {
            inside = !inside;
        }
        let heading = line.trim_start_matches('#');
        if !inside && line.starts_with('#') && heading.starts_with(' ') {
            anchors.push(anchor(heading));
        }
    }
    anchors
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_what_stands_before_them() {
        let text = "# One\n\n<!-- from a.py -->\n\n```python\nx = 1\n\ny = 2\n```\n\n```text\nz\n```\n";
        let found = blocks(text);
        assert_eq!(found[0].language, "python");
        assert_eq!(found[0].line, 5);
        assert_eq!(found[0].body, ["x = 1", "", "y = 2"]);
        assert_eq!(found[0].before, "<!-- from a.py -->");
        assert_eq!((found[1].language, found[1].before), ("text", ""));
    }

    #[test]
    fn links_in_code_are_none() {
        let lines =
            prose("see [one](a.md#b) and [two](c.md \"title\")\n```\n[x](y)\n```\n`[x](z)` [three](d)\n");
        let found: Vec<_> = lines.iter().flat_map(|line| targets(line)).collect();
        assert_eq!(found, ["a.md#b", "c.md", "d"]);
    }

    #[test]
    fn headings_have_the_anchors_that_people_link_to() {
        let text = "# When there is only an IAM user\n## `--json`, and more!\n```sh\n# no heading\n```\n";
        assert_eq!(anchors(text), ["when-there-is-only-an-iam-user", "--json-and-more"]);
    }
}
