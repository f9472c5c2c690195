//! A cache in memory that processes share: keys, values, the time at which each is over. Whoever calls holds the lock of
//! the cache.
//!
//! Layout, all integers native: a header, the heads of the hash chains, the items (a record and room for the key), one
//! link for each block, the blocks. Links are an index plus one, so that 0 is none and memory full of zeros is an empty
//! cache behind its header; items and blocks that were never used lie beyond `ITEM_HIGH` and `BLOCK_HIGH` and are never
//! touched, so that a large cache costs what is in it.
//!
//! A process may be killed between any two instructions. `DIRTY` is set while links change; who finds it set rebuilds
//! them from the items (`repair`). An item counts if its `STATE` says so, which is withdrawn before it is written to
//! and given after. Nothing that stands in the memory is believed: links that lead outside or in circles are `Broken`,
//! which is mended in the same way, and what cannot be mended is dropped.

use std::time::{SystemTime, UNIX_EPOCH};

use super::memory::{Memory, Outside};

const MAGIC: u64 = u64::from_le_bytes(*b"IMPCACHE");
const LAYOUT: u32 = 1;
/// Of the header, which has a page of its own.
const HEADER: usize = 4096;
/// Of an item without its key.
const RECORD: usize = 64;

// what the header says for ever
const AT_LAYOUT: usize = 8;
const AT_SHAPE: usize = 12;
const AT_SEED: usize = 32;
// and what changes
const DIRTY: usize = 64;
const COUNT: usize = 68;
const ITEM_HIGH: usize = 72;
const FREE_ITEM: usize = 76;
const BLOCK_HIGH: usize = 80;
const FREE_BLOCK: usize = 84;
const BLOCKS_LEFT: usize = 88;
const OLDEST: usize = 92;
const NEWEST: usize = 96;
const HITS: usize = 104;
const MISSES: usize = 112;
const FULL: usize = 120;
const MODIFIED: usize = 128;
/// No item is over before this.
const NEXT_END: usize = 136;

// an item's record
const STATE: usize = 0;
const HASH: usize = 4;
const NEXT: usize = 8;
const KEY_LENGTH: usize = 12;
const FIRST: usize = 16;
const OLDER: usize = 20;
const NEWER: usize = 24;
const LENGTH: usize = 32;
const END: usize = 40;

const USED: u32 = 0x5553_4544;

/// What makes a cache: numbers that decide where things lie, and what happens when it is full.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// How many keys fit.
    pub items: u32,
    /// How many blocks there are for values.
    pub blocks: u32,
    /// Bytes of one.
    pub block_size: u32,
    /// Bytes of the longest key.
    pub key_size: u32,
    /// A value may take several blocks.
    pub several: bool,
    /// Nothing is ever over.
    pub for_ever: bool,
    /// Remember when something changed last.
    pub notes_changes: bool,
    /// When it is full: drop what was used longest ago.
    pub purges: bool,
    /// When it is full: drop everything.
    pub clears: bool,
    /// What a number begins with.
    pub initial: i64,
}

/// What became of a value.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Stored {
    /// It is there.
    Done,
    /// The key is there, or something is too long or empty.
    Refused,
    /// No room.
    Full,
}

/// What links say cannot be.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Broken;

impl From<Outside> for Broken {
    fn from(_: Outside) -> Broken {
        Broken
    }
}

/// What a question is answered with.
pub type Answer<T> = Result<T, Broken>;

/// What was counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Items now.
    pub items: u64,
    /// Items that were found.
    pub hits: u64,
    /// And were not.
    pub misses: u64,
    /// Values that did not fit.
    pub full: u64,
    /// Seconds since the epoch.
    pub modified: u64,
}

impl Shape {
    fn buckets(&self) -> usize {
        (self.items as usize).next_power_of_two()
    }

    fn record(&self) -> usize {
        RECORD + (self.key_size as usize).next_multiple_of(8)
    }

    fn items_at(&self) -> usize {
        (HEADER + self.buckets() * 4).next_multiple_of(64)
    }

    /// Bytes of the memory; None: no machine has so many, or there is nothing to hold.
    pub fn size(&self) -> Option<usize> {
        let enough = self.items > 0 && self.items < 1 << 30 && self.block_size > 0 && self.blocks < 1 << 31;
        let items = (self.items as usize).checked_mul(self.record())?;
        let links = (self.blocks as usize).checked_mul(4)?;
        let blocks = (self.blocks as usize).checked_mul(self.block_size as usize)?;
        let size = self.items_at().checked_add(items)?.checked_add(links)?.next_multiple_of(8).checked_add(blocks)?;
        (enough && self.key_size < 1 << 16 && size < isize::MAX as usize).then_some(size)
    }

    fn links_at(&self) -> usize {
        self.items_at() + self.items as usize * self.record()
    }

    fn blocks_at(&self) -> usize {
        (self.links_at() + self.blocks as usize * 4).next_multiple_of(8)
    }

    fn words(&self) -> [u32; 4] {
        [self.items, self.blocks, self.block_size, self.key_size]
    }
}

/// A cache. None of its functions takes the lock.
pub struct Cache {
    memory: Memory,
    shape: Shape,
    items_at: usize,
    links_at: usize,
    blocks_at: usize,
    record: usize,
    mask: usize,
}

/// Microseconds since the epoch.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

impl Cache {
    /// Use this memory, which is of [`Shape::size`]; None: it is too small. What it holds of another shape is dropped.
    pub fn open(memory: Memory, shape: Shape) -> Option<Cache> {
        if memory.size() < shape.size()? {
            return None;
        }
        let (items_at, links_at, blocks_at) = (shape.items_at(), shape.links_at(), shape.blocks_at());
        let (record, mask) = (shape.record(), shape.buckets() - 1);
        let cache = Cache { memory, shape, items_at, links_at, blocks_at, record, mask };
        if !cache.is_ours().ok()? {
            cache.format().ok()?;
        }
        Some(cache)
    }

    fn is_ours(&self) -> Answer<bool> {
        let its = [0, 1, 2, 3].map(|index| self.memory.u32(AT_SHAPE + 4 * index));
        let same = its.iter().zip(self.shape.words()).all(|(found, wanted)| *found == Ok(wanted));
        Ok(self.memory.u64(0)? == MAGIC && self.memory.u32(AT_LAYOUT)? == LAYOUT && same)
    }

    fn format(&self) -> Answer<()> {
        let memory = &self.memory;
        // Memory that nobody has written to is left alone: zeros are what it shall hold, and pages cost.
        if !memory.equals(0, &[0; HEADER])? {
            memory.put_u64(0, 0)?;
            memory.clear(HEADER, self.items_at - HEADER)?;
            memory.clear(AT_LAYOUT, HEADER - AT_LAYOUT)?;
        }
        for (index, word) in self.shape.words().into_iter().enumerate() {
            memory.put_u32(AT_SHAPE + 4 * index, word)?;
        }
        memory.put_u64(AT_SEED, now() ^ u64::from(std::process::id()).rotate_left(40))?;
        memory.put_u32(BLOCKS_LEFT, self.shape.blocks)?;
        memory.put_u64(NEXT_END, u64::MAX)?;
        memory.commit(AT_LAYOUT, LAYOUT)?;
        memory.put_u64(0, MAGIC)?;
        Ok(())
    }

    // -- what is asked of it

    /// Append the value of `key` to `to`; whether there is one.
    pub fn get(&self, key: &[u8], to: &mut Vec<u8>) -> Answer<bool> {
        let found = self.find(key)?;
        self.count(if found.is_some() { HITS } else { MISSES })?;
        let Some(item) = found else { return Ok(false) };
        let length = self.length(item)?;
        to.try_reserve_exact(length).map_err(|_| Broken)?;
        self.read(item, length, to)?;
        if self.shape.purges {
            self.used_now(item)?;
        }
        Ok(true)
    }

    /// Append so many bytes of an item's value to `to`.
    fn read(&self, item: u32, length: usize, to: &mut Vec<u8>) -> Answer<()> {
        let (mut block, mut left) = (self.field(item, FIRST)?, length);
        while left > 0 {
            let take = left.min(self.shape.block_size as usize);
            self.memory.append(self.block_at(block)?, take, to)?;
            left -= take;
            if left > 0 {
                block = self.next_block(block)?;
            }
        }
        Ok(())
    }

    /// Whether there is such a key.
    pub fn exists(&self, key: &[u8]) -> Answer<bool> {
        Ok(self.find(key)?.is_some())
    }

    /// Store a value for `seconds` (0: for ever); one that is there is replaced if `over`.
    pub fn set(&self, key: &[u8], value: &[u8], seconds: u64, over: bool) -> Answer<Stored> {
        let most = if self.shape.several { self.shape.blocks as usize } else { 1 } * self.shape.block_size as usize;
        if key.is_empty() || key.len() > self.shape.key_size as usize || value.is_empty() || value.len() > most {
            return Ok(Stored::Refused);
        }
        let mut item = self.find(key)?;
        if item.is_some() && !over {
            return Ok(Stored::Refused);
        }
        let wanted = value.len().div_ceil(self.shape.block_size as usize);
        let mut has = item.map_or(Ok(0), |item| self.blocks_of(item))?;
        while wanted.saturating_sub(has) > self.memory.u32(BLOCKS_LEFT)? as usize
            || (item.is_none() && self.memory.u32(COUNT)? >= self.shape.items)
        {
            if !self.make_room(item)? {
                self.count(FULL)?;
                return Ok(Stored::Full);
            }
            item = self.find(key)?;
            has = item.map_or(Ok(0), |item| self.blocks_of(item))?;
        }
        let end = self.end_after(seconds);
        self.change(|| {
            let place = match item {
                Some(place) => place,
                None => self.new_item(key)?,
            };
            self.memory.commit(self.at(place, STATE)?, 0)?;
            self.resize(place, has, wanted)?;
            let mut block = self.field(place, FIRST)?;
            for (index, piece) in value.chunks(self.shape.block_size as usize).enumerate() {
                if index > 0 {
                    block = self.next_block(block)?;
                }
                self.memory.put(self.block_at(block)?, piece)?;
            }
            self.memory.put_u64(self.at(place, LENGTH)?, value.len() as u64)?;
            self.memory.put_u64(self.at(place, END)?, end)?;
            self.memory.commit(self.at(place, STATE)?, USED)?;
            if item.is_some() {
                self.unlink_age(place)?;
            }
            self.link_age(place)
        })?;
        self.ends_at(end)?;
        self.note_change()?;
        Ok(Stored::Done)
    }

    /// Change the number that is the value of `key`, which begins as the shape says, and lasts for `seconds` from now.
    pub fn reckon(&self, key: &[u8], seconds: u64, how: impl Fn(i64) -> i64) -> Answer<Stored> {
        // In small blocks the bytes of a number need not be neighbours.
        let is_whole = self.shape.block_size >= 8;
        let Some(item) = self.find(key)?.filter(|&item| is_whole && self.length(item) == Ok(8)) else {
            let before = match self.first_bytes(key)? {
                Some(number) => number,
                None => self.shape.initial,
            };
            return self.set(key, &how(before).to_le_bytes(), seconds, true);
        };
        let at = self.block_at(self.field(item, FIRST)?)?;
        let end = self.end_after(seconds);
        self.memory.put_u64(at, u64::from_le(how(u64::to_le(self.memory.u64(at)?) as i64) as u64))?;
        self.memory.put_u64(self.at(item, END)?, end)?;
        self.ends_at(end)?;
        if self.shape.purges {
            self.used_now(item)?;
        }
        self.note_change()?;
        Ok(Stored::Done)
    }

    /// The value of `key` as a number, which has eight bytes.
    pub fn number(&self, key: &[u8]) -> Answer<Option<i64>> {
        let is_number = self.find(key)?.is_some_and(|item| self.length(item) == Ok(8));
        if is_number {
            self.first_bytes(key)
        } else {
            Ok(None)
        }
    }

    /// The first eight bytes of a value, whatever it is.
    fn first_bytes(&self, key: &[u8]) -> Answer<Option<i64>> {
        let Some(item) = self.find(key)? else { return Ok(None) };
        let mut bytes = Vec::new();
        self.read(item, self.length(item)?.min(8), &mut bytes)?;
        let mut whole = [0; 8];
        for (to, from) in whole.iter_mut().zip(bytes) {
            *to = from;
        }
        Ok(Some(i64::from_le_bytes(whole)))
    }

    /// Forget a key; whether it was there.
    pub fn delete(&self, key: &[u8]) -> Answer<bool> {
        let Some(item) = self.find(key)? else { return Ok(false) };
        self.drop_item(item)?;
        self.note_change()?;
        Ok(true)
    }

    /// Forget all of them.
    pub fn clear(&self) -> Answer<()> {
        self.memory.commit(DIRTY, 1)?;
        for item in 1..=self.high(ITEM_HIGH)? {
            self.memory.commit(self.at(item, STATE)?, 0)?;
        }
        self.rebuild()?;
        self.note_change()
    }

    /// All keys.
    pub fn keys(&self) -> Answer<Vec<Vec<u8>>> {
        let (mut keys, now) = (Vec::new(), now());
        for item in 1..=self.high(ITEM_HIGH)? {
            if self.field(item, STATE)? == USED && !self.is_over(item, now)? {
                let length = self.field(item, KEY_LENGTH)?.min(self.shape.key_size) as usize;
                let mut key = Vec::new();
                self.memory.append(self.at(item, RECORD)?, length, &mut key)?;
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// Forget what is over; how many that were.
    pub fn sweep(&self) -> Answer<u32> {
        let now = now();
        if self.shape.for_ever || self.memory.u64(NEXT_END)? > now {
            return Ok(0);
        }
        let (mut dropped, mut next) = (0, u64::MAX);
        for item in 1..=self.high(ITEM_HIGH)? {
            if self.field(item, STATE)? != USED {
                continue;
            }
            if self.is_over(item, now)? {
                self.drop_item(item)?;
                dropped += 1;
            } else {
                let end = self.memory.u64(self.at(item, END)?)?;
                next = next.min(if end == 0 { u64::MAX } else { end });
            }
        }
        self.memory.put_u64(NEXT_END, next)?;
        Ok(dropped)
    }

    /// What was counted; needs no lock.
    pub fn counters(&self) -> Answer<Counters> {
        Ok(Counters {
            items: u64::from(self.memory.u32(COUNT)?),
            hits: self.memory.u64(HITS)?,
            misses: self.memory.u64(MISSES)?,
            full: self.memory.u64(FULL)?,
            modified: self.memory.u64(MODIFIED)?,
        })
    }

    // -- mending

    /// Whether somebody died while links changed, or while everything was dropped.
    pub fn is_dirty(&self) -> bool {
        self.memory.u32(DIRTY) != Ok(0) || self.memory.u64(0) != Ok(MAGIC)
    }

    /// Make all links anew from the items that are sound; answers how many those are. Never fails: memory in which
    /// nothing can be found is made an empty cache.
    pub fn repair(&self) -> u32 {
        if self.is_ours() != Ok(true) {
            let _ = self.format();
            return 0;
        }
        self.rebuild().unwrap_or_else(|Broken| {
            let _ = self.format();
            0
        })
    }

    /// Drop everything, whatever lies there.
    pub fn forget(&self) {
        let _ = self.format();
    }

    fn rebuild(&self) -> Answer<u32> {
        let memory = &self.memory;
        memory.commit(DIRTY, 1)?;
        memory.clear(HEADER, self.items_at - HEADER)?;
        memory.put_u32(OLDEST, 0)?;
        memory.put_u32(NEWEST, 0)?;
        let (high, block_high) = (self.high(ITEM_HIGH)?, self.high(BLOCK_HIGH)?);
        let mut taken = vec![false; block_high as usize];
        let (mut count, mut free_item, mut next_end) = (0u32, 0u32, u64::MAX);
        for item in 1..=high {
            if self.field(item, STATE)? != USED || !self.is_sound(item, &mut taken)? {
                memory.put_u32(self.at(item, STATE)?, 0)?;
                memory.put_u32(self.at(item, NEXT)?, free_item)?;
                free_item = item;
                continue;
            }
            self.enter(item)?;
            self.link_age(item)?;
            let end = memory.u64(self.at(item, END)?)?;
            next_end = next_end.min(if end == 0 { u64::MAX } else { end });
            count += 1;
        }
        let (mut free_block, mut free) = (0u32, self.shape.blocks - block_high);
        for (index, taken) in taken.iter().enumerate() {
            if !taken {
                let block = index as u32 + 1;
                memory.put_u32(self.link_at(block)?, free_block)?;
                (free_block, free) = (block, free + 1);
            }
        }
        for (at, value) in [
            (COUNT, count),
            (ITEM_HIGH, high),
            (FREE_ITEM, free_item),
            (BLOCK_HIGH, block_high),
            (FREE_BLOCK, free_block),
            (BLOCKS_LEFT, free),
        ] {
            memory.put_u32(at, value)?;
        }
        memory.put_u64(NEXT_END, next_end)?;
        memory.commit(DIRTY, 0)?;
        Ok(count)
    }

    /// Whether an item that says it is used is what it says; its blocks are taken then.
    fn is_sound(&self, item: u32, taken: &mut [bool]) -> Answer<bool> {
        let key_length = self.field(item, KEY_LENGTH)?;
        let length = self.memory.u64(self.at(item, LENGTH)?)?;
        let most = if self.shape.several { u64::from(self.shape.blocks) } else { 1 } * u64::from(self.shape.block_size);
        if key_length == 0 || key_length > self.shape.key_size || length == 0 || length > most {
            return Ok(false);
        }
        let mut key = Vec::new();
        self.memory.append(self.at(item, RECORD)?, key_length as usize, &mut key)?;
        if self.hash(&key) != self.field(item, HASH)? || self.lookup(&key)?.is_some() {
            return Ok(false);
        }
        let (mut chain, mut block) = (Vec::new(), self.field(item, FIRST)?);
        for _ in 0..length.div_ceil(u64::from(self.shape.block_size)) {
            match (block as usize).checked_sub(1).and_then(|index| taken.get_mut(index)) {
                Some(mark) if !*mark => *mark = true,
                _ => {
                    for &other in &chain {
                        if let Some(mark) = taken.get_mut(other as usize - 1) {
                            *mark = false;
                        }
                    }
                    return Ok(false);
                }
            }
            chain.push(block);
            block = self.next_block(block)?;
        }
        Ok(true)
    }

    /// Carry out what changes links.
    fn change<T>(&self, what: impl FnOnce() -> Answer<T>) -> Answer<T> {
        self.memory.commit(DIRTY, 1)?;
        let answer = what()?;
        self.memory.commit(DIRTY, 0)?;
        Ok(answer)
    }

    // -- items

    fn at(&self, item: u32, field: usize) -> Answer<usize> {
        let index = item.checked_sub(1).filter(|&index| index < self.shape.items).ok_or(Broken)?;
        Ok(self.items_at + index as usize * self.record + field)
    }

    fn field(&self, item: u32, field: usize) -> Answer<u32> {
        Ok(self.memory.u32(self.at(item, field)?)?)
    }

    fn set_field(&self, item: u32, field: usize, value: u32) -> Answer<()> {
        Ok(self.memory.put_u32(self.at(item, field)?, value)?)
    }

    fn high(&self, which: usize) -> Answer<u32> {
        let limit = if which == ITEM_HIGH { self.shape.items } else { self.shape.blocks };
        Ok(self.memory.u32(which)?.min(limit))
    }

    fn length(&self, item: u32) -> Answer<usize> {
        let length = self.memory.u64(self.at(item, LENGTH)?)?;
        let most = u64::from(self.shape.blocks) * u64::from(self.shape.block_size);
        if length == 0 || length > most {
            return Err(Broken);
        }
        Ok(length as usize)
    }

    fn blocks_of(&self, item: u32) -> Answer<usize> {
        Ok(self.length(item)?.div_ceil(self.shape.block_size as usize))
    }

    fn is_over(&self, item: u32, now: u64) -> Answer<bool> {
        let end = self.memory.u64(self.at(item, END)?)?;
        Ok(end != 0 && end <= now && !self.shape.for_ever)
    }

    /// The item of a key that is not over.
    fn find(&self, key: &[u8]) -> Answer<Option<u32>> {
        let Some(item) = self.lookup(key)? else { return Ok(None) };
        if self.memory.u64(self.at(item, END)?)? != 0 && self.is_over(item, now())? {
            self.drop_item(item)?;
            return Ok(None);
        }
        Ok(Some(item))
    }

    fn lookup(&self, key: &[u8]) -> Answer<Option<u32>> {
        let hash = self.hash(key);
        let mut item = self.memory.u32(self.bucket_at(hash))?;
        let mut steps = 0;
        while item != 0 {
            if steps > self.shape.items {
                return Err(Broken);
            }
            steps += 1;
            if self.field(item, HASH)? == hash
                && self.field(item, KEY_LENGTH)? as usize == key.len()
                && self.memory.equals(self.at(item, RECORD)?, key)?
            {
                return Ok(Some(item));
            }
            item = self.field(item, NEXT)?;
        }
        Ok(None)
    }

    fn hash(&self, key: &[u8]) -> u32 {
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ self.memory.u64(AT_SEED).unwrap_or(0);
        for &byte in key {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash ^= hash >> 33;
        hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
        (hash ^ (hash >> 33)) as u32
    }

    fn bucket_at(&self, hash: u32) -> usize {
        HEADER + (hash as usize & self.mask) * 4
    }

    /// Put an item, whose hash is known, into its chain.
    fn enter(&self, item: u32) -> Answer<()> {
        let bucket = self.bucket_at(self.field(item, HASH)?);
        self.set_field(item, NEXT, self.memory.u32(bucket)?)?;
        Ok(self.memory.put_u32(bucket, item)?)
    }

    fn new_item(&self, key: &[u8]) -> Answer<u32> {
        let mut item = self.memory.u32(FREE_ITEM)?;
        if item != 0 {
            self.memory.put_u32(FREE_ITEM, self.field(item, NEXT)?)?;
        } else {
            item = self.memory.u32(ITEM_HIGH)?.checked_add(1).ok_or(Broken)?;
            self.at(item, 0)?;
            self.memory.put_u32(ITEM_HIGH, item)?;
        }
        self.memory.put(self.at(item, RECORD)?, key)?;
        self.set_field(item, KEY_LENGTH, key.len() as u32)?;
        self.set_field(item, HASH, self.hash(key))?;
        self.set_field(item, FIRST, 0)?;
        self.enter(item)?;
        self.memory.put_u32(COUNT, self.memory.u32(COUNT)?.wrapping_add(1))?;
        Ok(item)
    }

    fn drop_item(&self, item: u32) -> Answer<()> {
        let blocks = self.blocks_of(item)?;
        self.change(|| {
            self.memory.commit(self.at(item, STATE)?, 0)?;
            let bucket = self.bucket_at(self.field(item, HASH)?);
            let (mut other, mut steps) = (self.memory.u32(bucket)?, 0);
            if other == item {
                self.memory.put_u32(bucket, self.field(item, NEXT)?)?;
            } else {
                loop {
                    let next = self.field(other, NEXT)?;
                    if next == item {
                        self.set_field(other, NEXT, self.field(item, NEXT)?)?;
                        break;
                    }
                    other = next;
                    steps += 1;
                    if steps > self.shape.items {
                        return Err(Broken);
                    }
                }
            }
            self.resize(item, blocks, 0)?;
            self.unlink_age(item)?;
            self.set_field(item, NEXT, self.memory.u32(FREE_ITEM)?)?;
            self.memory.put_u32(FREE_ITEM, item)?;
            Ok(self.memory.put_u32(COUNT, self.memory.u32(COUNT)?.checked_sub(1).ok_or(Broken)?)?)
        })
    }

    // -- blocks

    fn link_at(&self, block: u32) -> Answer<usize> {
        let index = block.checked_sub(1).filter(|&index| index < self.shape.blocks).ok_or(Broken)?;
        Ok(self.links_at + index as usize * 4)
    }

    fn block_at(&self, block: u32) -> Answer<usize> {
        let index = block.checked_sub(1).filter(|&index| index < self.shape.blocks).ok_or(Broken)?;
        Ok(self.blocks_at + index as usize * self.shape.block_size as usize)
    }

    fn next_block(&self, block: u32) -> Answer<u32> {
        Ok(self.memory.u32(self.link_at(block)?)?)
    }

    /// Give an item that has `has` blocks `wanted` of them. Blocks come and go at the front.
    fn resize(&self, item: u32, has: usize, wanted: usize) -> Answer<()> {
        let memory = &self.memory;
        for _ in wanted..has {
            let block = self.field(item, FIRST)?;
            self.set_field(item, FIRST, self.next_block(block)?)?;
            memory.put_u32(self.link_at(block)?, memory.u32(FREE_BLOCK)?)?;
            memory.put_u32(FREE_BLOCK, block)?;
            memory.put_u32(BLOCKS_LEFT, memory.u32(BLOCKS_LEFT)?.wrapping_add(1))?;
        }
        for _ in has..wanted {
            let mut block = memory.u32(FREE_BLOCK)?;
            if block != 0 {
                memory.put_u32(FREE_BLOCK, self.next_block(block)?)?;
            } else {
                block = memory.u32(BLOCK_HIGH)?.checked_add(1).ok_or(Broken)?;
                self.link_at(block)?;
                memory.put_u32(BLOCK_HIGH, block)?;
            }
            memory.put_u32(self.link_at(block)?, self.field(item, FIRST)?)?;
            self.set_field(item, FIRST, block)?;
            memory.put_u32(BLOCKS_LEFT, memory.u32(BLOCKS_LEFT)?.checked_sub(1).ok_or(Broken)?)?;
        }
        Ok(())
    }

    // -- age

    fn link_age(&self, item: u32) -> Answer<()> {
        if !self.shape.purges {
            return Ok(());
        }
        let newest = self.memory.u32(NEWEST)?;
        self.set_field(item, OLDER, newest)?;
        self.set_field(item, NEWER, 0)?;
        if newest != 0 {
            self.set_field(newest, NEWER, item)?;
        } else {
            self.memory.put_u32(OLDEST, item)?;
        }
        Ok(self.memory.put_u32(NEWEST, item)?)
    }

    fn unlink_age(&self, item: u32) -> Answer<()> {
        if !self.shape.purges {
            return Ok(());
        }
        let (older, newer) = (self.field(item, OLDER)?, self.field(item, NEWER)?);
        match older {
            0 => self.memory.put_u32(OLDEST, newer)?,
            _ => self.set_field(older, NEWER, newer)?,
        }
        match newer {
            0 => self.memory.put_u32(NEWEST, older)?,
            _ => self.set_field(newer, OLDER, older)?,
        }
        Ok(())
    }

    fn used_now(&self, item: u32) -> Answer<()> {
        if self.memory.u32(NEWEST)? == item {
            return Ok(());
        }
        self.change(|| {
            self.unlink_age(item)?;
            self.link_age(item)
        })
    }

    // -- room and time

    /// Drop something, but not `kept` alone; whether there was anything.
    fn make_room(&self, kept: Option<u32>) -> Answer<bool> {
        if self.sweep()? > 0 {
            return Ok(true);
        }
        if self.shape.purges {
            let mut oldest = self.memory.u32(OLDEST)?;
            if oldest != 0 && Some(oldest) == kept {
                oldest = self.field(oldest, NEWER)?;
            }
            if oldest != 0 {
                self.drop_item(oldest)?;
                return Ok(true);
            }
        } else if self.shape.clears && self.memory.u32(COUNT)? > 0 {
            self.clear()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn end_after(&self, seconds: u64) -> u64 {
        if seconds == 0 || self.shape.for_ever {
            return 0;
        }
        now().saturating_add(seconds.saturating_mul(1_000_000))
    }

    fn ends_at(&self, end: u64) -> Answer<()> {
        if end != 0 && end < self.memory.u64(NEXT_END)? {
            self.memory.put_u64(NEXT_END, end)?;
        }
        Ok(())
    }

    fn count(&self, which: usize) -> Answer<()> {
        Ok(self.memory.put_u64(which, self.memory.u64(which)?.wrapping_add(1))?)
    }

    fn note_change(&self) -> Answer<()> {
        if self.shape.notes_changes {
            self.memory.put_u64(MODIFIED, now() / 1_000_000)?;
        }
        Ok(())
    }
}
