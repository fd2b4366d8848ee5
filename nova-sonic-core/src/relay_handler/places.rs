//! Who talks, so that nobody takes more than their share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::Notify;

use super::connection::Core;

/// Everybody who talks through one handler.
#[derive(Default)]
pub(super) struct Places {
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    next: u64,
    by_number: HashMap<u64, Weak<Core>>,
    by_subject: HashMap<Arc<str>, u32>,
    closed: bool,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// The subject has all of its own.
    Subject,
    /// All are taken.
    Total,
    /// The handler is going down.
    Closed,
}

/// One place, until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    subject: Arc<str>,
}

impl Places {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(
        self: &Arc<Self>,
        subject: &Arc<str>,
        per_subject: u32,
        total: usize,
    ) -> Result<Place, NoPlace> {
        let mut taken = self.lock();
        if taken.closed {
            return Err(NoPlace::Closed);
        }
        if taken.by_number.len() >= total {
            return Err(NoPlace::Total);
        }
        let count = taken.by_subject.get(subject).copied().unwrap_or(0);
        if count >= per_subject {
            return Err(NoPlace::Subject);
        }
        taken.by_subject.insert(Arc::clone(subject), count + 1);
        let number = taken.next;
        taken.next += 1;
        taken.by_number.insert(number, Weak::new());
        Ok(Place { places: Arc::clone(self), number, subject: Arc::clone(subject) })
    }

    pub(super) fn count(&self) -> usize {
        self.lock().by_number.len()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Everybody there is; from now on nobody else is let in.
    pub(super) fn close(&self) -> Vec<Arc<Core>> {
        let mut taken = self.lock();
        taken.closed = true;
        taken.by_number.values().filter_map(Weak::upgrade).collect()
    }

    /// The connections of one subject.
    pub(super) fn of(&self, subject: &str) -> Vec<Arc<Core>> {
        let taken = self.lock();
        let all = taken.by_number.values().filter_map(Weak::upgrade);
        all.filter(|core| core.subject() == subject).collect()
    }

    /// Waits until nobody is left.
    pub(super) async fn emptied(&self) {
        loop {
            let freed = self.freed.notified();
            if self.count() == 0 {
                return;
            }
            freed.await;
        }
    }
}

impl Place {
    /// Says who sits here, so that it can be told something.
    pub(super) fn seat(&self, core: &Weak<Core>) {
        self.places.lock().by_number.insert(self.number, Weak::clone(core));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.by_number.remove(&self.number);
        if let Some(count) = taken.by_subject.get_mut(&self.subject) {
            *count -= 1;
            if *count == 0 {
                taken.by_subject.remove(&self.subject);
            }
        }
        drop(taken);
        self.places.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_places_than_their_share_and_a_place_given_back_is_free() {
        let places = Arc::new(Places::default());
        let (ada, grace): (Arc<str>, Arc<str>) = ("ada".into(), "grace".into());
        let first = places.take(&ada, 2, 3).ok();
        let _second = places.take(&ada, 2, 3).ok();
        assert_eq!(places.take(&ada, 2, 3).err(), Some(NoPlace::Subject));
        let _third = places.take(&grace, 2, 3).ok();
        assert_eq!(places.take(&grace, 2, 3).err(), Some(NoPlace::Total));
        drop(first);
        assert!(places.take(&ada, 2, 3).is_ok());
        places.close();
        assert_eq!(places.take(&grace, 2, 3).err(), Some(NoPlace::Closed));
    }

    #[test]
    fn nothing_is_kept_of_those_who_have_left() {
        let places = Arc::new(Places::default());
        for number in 0..1_000 {
            drop(places.take(&number.to_string().into(), 1, 1).ok().unwrap());
        }
        assert_eq!((places.count(), places.lock().by_subject.len()), (0, 0));
    }
}
