//! Which Python is tested with which Django.

use crate::{failure::Failure, python::interpreter::Interpreter, step};

/// A series of Django: its name, and the oldest and newest Python 3 it supports, by
/// <https://docs.djangoproject.com/en/6.0/faq/install/>.
#[derive(Debug, PartialEq, Eq)]
struct Series {
    name: &'static str,
    oldest: u32,
    newest: u32,
}

/// Oldest first.
const SERIES: &[Series] = &[
    Series { name: "4.2", oldest: 8, newest: 12 },
    Series { name: "5.2", oldest: 10, newest: 14 },
    Series { name: "6.0", oldest: 12, newest: 14 },
];
/// The Pythons that the package promises to run on.
const PYTHONS: std::ops::RangeInclusive<u32> = 10..=13;

/// A Python with a Django that supports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The Python.
    pub(crate) python: Interpreter,
    /// The series of Django, as `5.2`.
    pub(crate) django: &'static str,
}

impl Pair {
    /// What people call it.
    pub(crate) fn title(&self) -> String {
        format!("Python 3.{}, Django {}", self.python.minor, self.django)
    }
}

/// How strict the choice is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strictness {
    /// Every pair, and not only the oldest and the newest one.
    pub(crate) all: bool,
    /// A version that is not here is an error, as on CI, and not replaced.
    pub(crate) complete: bool,
}

/// The pairs to test, oldest first, from the Pythons that are here.
pub(crate) fn pairs(found: &[Interpreter], strictness: Strictness) -> Result<Vec<Pair>, Failure> {
    chosen(found, if strictness.all { every_pair() } else { oldest_and_newest() }, strictness)
}

fn chosen(
    found: &[Interpreter],
    wanted: Vec<(u32, &'static str)>,
    strictness: Strictness,
) -> Result<Vec<Pair>, Failure> {
    let mut pairs = Vec::new();
    let mut missing = Vec::new();
    for (minor, django) in wanted {
        if let Some(python) = found.iter().find(|interpreter| interpreter.minor == minor) {
            pairs.push(Pair { python: python.clone(), django });
            continue;
        }
        if !missing.contains(&minor) {
            missing.push(minor);
        }
        if !strictness.all {
            pairs.extend(nearest(found, minor, django));
        }
    }
    pairs.dedup();
    if !missing.is_empty() {
        report_missing(&missing, &pairs, strictness)?;
    }
    Ok(pairs)
}

/// The newest pair alone.
pub(crate) fn newest(found: &[Interpreter], complete: bool) -> Result<Pair, Failure> {
    let newest = oldest_and_newest().into_iter().last();
    let mut pairs = chosen(found, newest.into_iter().collect(), Strictness { all: false, complete })?;
    pairs
        .pop()
        .ok_or_else(|| Failure::new("there is no pair to test", "see the table of series in the matrix"))
}

/// The Pythons of the pairs, oldest first, each once.
pub(crate) fn pythons(pairs: &[Pair]) -> Vec<Interpreter> {
    let mut pythons: Vec<_> = pairs.iter().map(|pair| pair.python.clone()).collect();
    pythons.sort_by_key(|python| python.minor);
    pythons.dedup();
    pythons
}

fn every_pair() -> Vec<(u32, &'static str)> {
    PYTHONS.flat_map(|minor| series_for(minor).map(move |series| (minor, series.name))).collect()
}

fn oldest_and_newest() -> Vec<(u32, &'static str)> {
    let every = every_pair();
    every.first().into_iter().chain(every.last()).copied().collect()
}

fn series_for(minor: u32) -> impl DoubleEndedIterator<Item = &'static Series> {
    SERIES.iter().filter(move |series| (series.oldest..=series.newest).contains(&minor))
}

/// The Python nearest to the wanted one, with the Django nearest to the wanted one that supports it.
fn nearest(found: &[Interpreter], minor: u32, django: &str) -> Option<Pair> {
    let wanted = SERIES.iter().position(|series| series.name == django)?;
    let distance = |pair: &Pair| {
        let series = SERIES.iter().position(|series| series.name == pair.django).unwrap_or(usize::MAX);
        (series.abs_diff(wanted), pair.python.minor.abs_diff(minor))
    };
    found
        .iter()
        .flat_map(|python| {
            series_for(python.minor).map(|series| Pair { python: python.clone(), django: series.name })
        })
        .min_by_key(distance)
}

fn report_missing(missing: &[u32], instead: &[Pair], strictness: Strictness) -> Result<(), Failure> {
    let names: Vec<String> = missing.iter().map(|minor| format!("3.{minor}")).collect();
    let versions = names.join(" ");
    let names = names.join(", ");
    if strictness.complete || instead.is_empty() {
        return Err(Failure::new(
            format!("Python {names} with its venv module is neither on the PATH nor among pyenv's versions"),
            format!("install it, for example with `pyenv install {versions}`"),
        ));
    }
    let titles: Vec<String> = instead.iter().map(Pair::title).collect();
    step::say(&format!("      Python {names} is not here: testing {}", titles.join("; ")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENIENT: Strictness = Strictness { all: false, complete: false };

    fn pythons_named(minors: &[u32]) -> Vec<Interpreter> {
        minors
            .iter()
            .map(|minor| Interpreter { minor: *minor, program: format!("python3.{minor}").into() })
            .collect()
    }

    fn titles(minors: &[u32], strictness: Strictness) -> Vec<String> {
        pairs(&pythons_named(minors), strictness).unwrap().iter().map(Pair::title).collect()
    }

    #[test]
    fn the_oldest_and_the_newest_pair_are_tested() {
        let expected = ["Python 3.10, Django 4.2", "Python 3.13, Django 6.0"];
        assert_eq!(titles(&[10, 11, 12, 13, 14], LENIENT), expected);
    }

    #[test]
    fn the_matrix_has_every_pair_that_django_supports() {
        let all = titles(&[10, 11, 12, 13], Strictness { all: true, complete: true });
        assert_eq!(all.len(), 9, "{all:?}");
        assert!(!all.contains(&"Python 3.10, Django 6.0".to_owned()), "{all:?}");
        assert!(!all.contains(&"Python 3.13, Django 4.2".to_owned()), "{all:?}");
    }

    #[test]
    fn the_nearest_python_stands_in_for_a_missing_one() {
        assert_eq!(titles(&[11], LENIENT), ["Python 3.11, Django 4.2", "Python 3.11, Django 5.2"]);
        assert_eq!(titles(&[10, 12], LENIENT), ["Python 3.10, Django 4.2", "Python 3.12, Django 6.0"]);
        assert_eq!(titles(&[14], LENIENT), ["Python 3.14, Django 5.2", "Python 3.14, Django 6.0"]);
    }

    #[test]
    fn on_ci_a_missing_python_is_an_error_that_names_it() {
        let strict = Strictness { all: false, complete: true };
        let failure = pairs(&pythons_named(&[10, 11]), strict).unwrap_err().to_string();
        assert!(failure.starts_with("Python 3.13 with its venv module is neither on the PATH"), "{failure}");
    }

    #[test]
    fn the_newest_pair_does_not_need_the_oldest() {
        let pair = newest(&pythons_named(&[13]), true).unwrap();
        assert_eq!(pair.title(), "Python 3.13, Django 6.0");
        assert!(newest(&pythons_named(&[10]), true).is_err());
        assert_eq!(newest(&pythons_named(&[10]), false).unwrap().title(), "Python 3.10, Django 5.2");
    }

    #[test]
    fn without_any_python_nothing_stands_in() {
        assert!(pairs(&[], LENIENT).is_err());
    }

    #[test]
    fn each_python_of_the_pairs_is_tested_once() {
        let all = pairs(&pythons_named(&[10, 11, 12, 13]), Strictness { all: true, complete: true }).unwrap();
        let minors: Vec<u32> = pythons(&all).iter().map(|python| python.minor).collect();
        assert_eq!(minors, [10, 11, 12, 13]);
    }
}
