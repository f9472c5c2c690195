//! What the processes of an instance share besides the scoreboard: locks, and caches behind them. The pages of
//! `_core.pyi` about `Locks` and `Cache` say what each function means.
//!
//! Whoever has to wait for a lock waits without the GIL. No code of Python runs while a cache is locked.

mod cache;
mod locks;
mod memory;

use std::sync::Arc;

use pyo3::exceptions::{PyIndexError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use self::cache::{Answer, Shape, Stored};
use self::locks::{Table, Taken};
use self::memory::Memory;

/// Locks of all processes of an instance.
#[pyclass(frozen, module = "imperator._core")]
pub struct Locks(Arc<Table>);

fn no_lock(number: usize) -> impl Fn(std::io::Error) -> PyErr {
    move |error| match error.kind() {
        std::io::ErrorKind::NotFound => PyIndexError::new_err(format!("there is no lock {number}")),
        _ => PyOSError::new_err(format!("lock {number}: {error}")),
    }
}

#[pymethods]
impl Locks {
    #[new]
    fn new(fd: i32) -> PyResult<Locks> {
        let table = Table::map(fd)?
            .ok_or_else(|| PyValueError::new_err(format!("descriptor {fd} holds no locks of this version")))?;
        Ok(Locks(Arc::new(table)))
    }

    #[staticmethod]
    fn create(count: usize) -> PyResult<i32> {
        Ok(Table::create(count)?)
    }

    #[staticmethod]
    fn grow(fd: i32, count: usize) -> PyResult<()> {
        Ok(Table::grow(fd, count)?)
    }

    #[pyo3(signature = (number, wait = true))]
    fn acquire(&self, py: Python<'_>, number: usize, wait: bool) -> PyResult<u8> {
        let first = self.0.attempt(number).map_err(no_lock(number))?;
        if first != Taken::Busy || !wait {
            return Ok(first as u8);
        }
        Ok(py.detach(|| self.0.wait(number)).map_err(no_lock(number))? as u8)
    }

    fn release(&self, number: usize) -> bool {
        self.0.release(number)
    }

    fn holder(&self, number: usize) -> u32 {
        self.0.holder(number)
    }
}

/// A cache of all processes of an instance.
#[pyclass(frozen, module = "imperator._core")]
pub struct Cache {
    name: String,
    cache: cache::Cache,
    locks: Arc<Table>,
    lock: usize,
}

struct Held<'a>(&'a Cache);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.locks.release(self.0.lock);
    }
}

fn shape(given: &Bound<'_, PyAny>) -> PyResult<Shape> {
    let number = |name: &str| given.getattr(name)?.extract::<u32>();
    let flag = |name: &str| given.getattr(name)?.extract::<bool>();
    Ok(Shape {
        items: number("items")?,
        blocks: number("blocks")?,
        block_size: number("blocksize")?,
        key_size: number("keysize")?,
        several: flag("bitmap")?,
        for_ever: flag("no_expire")?,
        notes_changes: flag("lastmod")?,
        purges: flag("purge_lru")?,
        clears: flag("clear_on_full")?,
        initial: given.getattr("math_initial")?.extract()?,
    })
}

impl Cache {
    /// Hold the lock; None: somebody else has it and nobody wants to wait.
    fn hold(&self, py: Python<'_>, wait: bool) -> PyResult<Option<Held<'_>>> {
        let taken = match self.locks.attempt(self.lock).map_err(no_lock(self.lock))? {
            Taken::Busy if !wait => return Ok(None),
            Taken::Busy => py.detach(|| self.locks.wait(self.lock)).map_err(no_lock(self.lock))?,
            taken => taken,
        };
        if taken == Taken::Already {
            return Err(PyOSError::new_err("this thread is in the middle of another call of the same cache"));
        }
        let held = Held(self);
        if self.cache.is_dirty() {
            self.mend("a process died while it wrote to it");
        }
        Ok(Some(held))
    }

    /// Do something with the lock held; twice if what lies in the memory has to be mended first.
    fn with<T: Default>(&self, py: Python<'_>, what: impl Fn(&cache::Cache) -> Answer<T>) -> PyResult<T> {
        let _held = self.hold(py, true)?;
        Ok(self.attempt(&what))
    }

    fn attempt<T: Default>(&self, what: impl Fn(&cache::Cache) -> Answer<T>) -> T {
        what(&self.cache)
            .or_else(|_| {
                self.mend("what lies in its memory cannot be");
                what(&self.cache)
            })
            .unwrap_or_else(|_| {
                self.cache.forget();
                T::default()
            })
    }

    fn mend(&self, why: &str) {
        let kept = self.cache.repair();
        crate::sys::write_log(
            format!("*** cache \"{}\": {why}; it was mended, {kept} items are kept ***\n", self.name).as_bytes(),
        );
    }
}

#[pymethods]
impl Cache {
    #[new]
    fn new(py: Python<'_>, fd: i32, locks: &Locks, lock: usize, settings: &Bound<'_, PyAny>) -> PyResult<Cache> {
        let memory = Memory::map(fd)?;
        let table = Arc::clone(&locks.0);
        let shape = shape(settings)?;
        // Whoever comes first writes the header: that takes the lock before there is a cache.
        py.detach(|| table.wait(lock)).map_err(no_lock(lock))?;
        let cache = cache::Cache::open(memory, shape);
        table.release(lock);
        let cache = cache.ok_or_else(|| PyValueError::new_err("the memory is too small for this cache"))?;
        Ok(Cache { name: settings.getattr("name")?.extract()?, cache, locks: table, lock })
    }

    #[staticmethod]
    fn size(settings: &Bound<'_, PyAny>) -> PyResult<usize> {
        shape(settings)?.size().ok_or_else(|| PyValueError::new_err("no machine has room for such a cache"))
    }

    fn get<'py>(&self, py: Python<'py>, key: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = self.with(py, |cache| {
            let mut value = Vec::new();
            Ok(cache.get(key, &mut value)?.then_some(value))
        })?;
        Ok(found.map(|value| PyBytes::new(py, &value)))
    }

    fn set(&self, py: Python<'_>, key: &[u8], value: &[u8], seconds: u64, over: bool) -> PyResult<Option<bool>> {
        self.with(py, |cache| told(cache.set(key, value, seconds, over)))
    }

    fn delete(&self, py: Python<'_>, key: &[u8]) -> PyResult<bool> {
        self.with(py, |cache| cache.delete(key))
    }

    fn exists(&self, py: Python<'_>, key: &[u8]) -> PyResult<bool> {
        self.with(py, |cache| cache.exists(key))
    }

    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, cache::Cache::clear)
    }

    fn reckon(&self, py: Python<'_>, key: &[u8], how: &str, number: i64, seconds: u64) -> PyResult<Option<bool>> {
        let how: fn(i64, i64) -> i64 = match how {
            "inc" => i64::wrapping_add,
            "dec" => i64::wrapping_sub,
            "mul" => i64::wrapping_mul,
            "div" => |value, by| value.checked_div(by).unwrap_or(0),
            _ => return Err(PyValueError::new_err("inc, dec, mul or div")),
        };
        self.with(py, |cache| told(cache.reckon(key, seconds, |value| how(value, number))))
    }

    fn number(&self, py: Python<'_>, key: &[u8]) -> PyResult<i64> {
        Ok(self.with(py, |cache| cache.number(key))?.unwrap_or(0))
    }

    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let keys = self.with(py, cache::Cache::keys)?;
        Ok(keys.iter().map(|key| PyBytes::new(py, key)).collect())
    }

    fn sweep(&self, py: Python<'_>) -> PyResult<u32> {
        let Some(_held) = self.hold(py, false)? else { return Ok(0) };
        Ok(self.attempt(cache::Cache::sweep))
    }

    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let its = self.cache.counters().unwrap_or_default();
        PyTuple::new(py, [its.items, its.hits, its.misses, its.full, its.modified])
    }
}

/// What Python is told: None for what was refused, False for a cache that is full.
fn told(stored: Answer<Stored>) -> Answer<Option<bool>> {
    Ok(match stored? {
        Stored::Done => Some(true),
        Stored::Full => Some(false),
        Stored::Refused => None,
    })
}
