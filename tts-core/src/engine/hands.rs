//! Threads that work off a list of tasks together with whoever fills it.
//!
//! They wait without a sound: a thread without work costs nothing, and one that is late costs the others nothing but its share.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// A piece of work that owns all that it changes.
pub(super) trait Task: Send + 'static {
    /// Does it.
    fn run(&mut self);

    /// It panicked: what it holds may be half done.
    fn broken(&mut self);
}

/// The threads, and tasks on their way there and back.
#[derive(Debug)]
pub(super) struct Hands<T: Task> {
    shared: Arc<Shared<T>>,
    threads: Vec<JoinHandle<()>>,
    back: Vec<T>,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    /// There is work, or never will be again.
    work: Condvar,
    /// A thread has nothing to do.
    idle: Condvar,
}

#[derive(Debug)]
struct State<T> {
    todo: VecDeque<T>,
    done: Vec<T>,
    /// Threads at work.
    working: usize,
    over: bool,
}

impl<T> Shared<T> {
    /// No task is run under the lock: a panic leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(task: &mut impl Task) {
    if catch_unwind(AssertUnwindSafe(|| task.run())).is_err() {
        task.broken();
    }
}

impl<T: Task> Hands<T> {
    /// This many threads beside the caller's.
    pub(super) fn start(count: usize) -> io::Result<Self> {
        let state = State { todo: VecDeque::new(), done: Vec::new(), working: 0, over: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), work: Condvar::new(), idle: Condvar::new() });
        let mut hands = Self { shared, threads: Vec::new(), back: Vec::new() };
        for _ in 0..count {
            let shared = hands.shared.clone();
            hands.threads.push(thread::Builder::new().name("tts-batch".to_owned()).spawn(move || help(&shared))?);
        }
        Ok(hands)
    }

    /// Whether nobody works beside the caller.
    pub(super) fn is_alone(&self) -> bool {
        self.threads.is_empty()
    }

    /// Makes room for as many tasks at once.
    pub(super) fn reserve(&mut self, tasks: usize) {
        let mut state = self.shared.lock();
        let (todo, done) = (state.todo.len(), state.done.len());
        state.todo.reserve(tasks.saturating_sub(todo));
        state.done.reserve(tasks.saturating_sub(done));
        self.back.reserve(tasks.saturating_sub(self.back.len()));
    }

    /// Adds a task, which a thread that has nothing else to do begins at once.
    pub(super) fn give(&self, task: T) {
        self.shared.lock().todo.push_back(task);
        if !self.is_alone() {
            self.shared.work.notify_one();
        }
    }

    /// Works along until all tasks are done, and gives them back in any order.
    pub(super) fn finish(&mut self) -> impl Iterator<Item = T> {
        let mut state = self.shared.lock();
        loop {
            if let Some(mut task) = state.todo.pop_front() {
                drop(state);
                run(&mut task);
                self.back.push(task);
                state = self.shared.lock();
            } else if state.working > 0 {
                state = self.shared.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                break;
            }
        }
        self.back.append(&mut state.done);
        drop(state);
        self.back.drain(..)
    }
}

fn help<T: Task>(shared: &Shared<T>) {
    let mut state = shared.lock();
    loop {
        if let Some(mut task) = state.todo.pop_front() {
            state.working += 1;
            drop(state);
            run(&mut task);
            state = shared.lock();
            state.working -= 1;
            state.done.push(task);
            if state.working == 0 {
                shared.idle.notify_one();
            }
        } else if state.over {
            return;
        } else {
            state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T: Task> Drop for Hands<T> {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.todo.clear();
            state.over = true;
        }
        self.shared.work.notify_all();
        for thread in self.threads.drain(..) {
            // tasks that panic are caught, so it ends by itself
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Square(u64, Option<u64>);

    impl Task for Square {
        fn run(&mut self) {
            assert_ne!(self.0, 13, "a task may fail");
            self.1 = Some(self.0 * self.0);
        }

        fn broken(&mut self) {
            self.1 = Some(u64::MAX);
        }
    }

    #[test]
    fn every_task_comes_back_done_or_broken() {
        for threads in [0, 1, 3] {
            let mut hands = Hands::start(threads).unwrap();
            for round in 0..50 {
                for n in 0..20 {
                    hands.give(Square(n, None));
                }
                let mut done: Vec<_> = hands.finish().map(|Square(n, found)| (n, found.unwrap())).collect();
                done.sort_unstable();
                let expected: Vec<_> = (0..20).map(|n| (n, if n == 13 { u64::MAX } else { n * n })).collect();
                assert_eq!(done, expected, "{threads} threads, round {round}");
            }
            // dropping with work left does not wait for it
            hands.give(Square(1, None));
        }
    }
}
