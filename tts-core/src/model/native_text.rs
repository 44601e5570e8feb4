//! From spoken words to the phone ids that the native model was trained on.

use crate::codec::SAMPLE_RATE;
use crate::flow::PhoneIds;
use crate::text::phone::{Phone, Stress, Symbol};
use crate::text::{Item, SpokenClause};
use crate::units::Samples;

/// Ids of the model's phones, by ARPAbet symbol.
#[derive(Debug)]
pub(crate) struct PhoneTable {
    ids: [u8; Symbol::ALL.len()],
    /// Unstressed AH has an id of its own.
    schwa: u8,
    pause: u8,
}

impl PhoneTable {
    /// From the configuration's names.
    pub(crate) fn new(names: &[String]) -> Result<Self, String> {
        if names.len() != crate::flow::PHONES {
            return Err(format!("phones has {} names, expected {}", names.len(), crate::flow::PHONES));
        }
        let id = |name: &str| {
            let at = names.iter().position(|n| n.eq_ignore_ascii_case(name));
            at.map(|at| at as u8).ok_or_else(|| format!("phones lacks '{}'", name.to_ascii_lowercase()))
        };
        let mut ids = [0; Symbol::ALL.len()];
        for (slot, symbol) in ids.iter_mut().zip(Symbol::ALL) {
            *slot = id(symbol.name())?;
        }
        Ok(Self { ids, schwa: id("ax")?, pause: id("pau")? })
    }

    /// Whether this is a pause.
    pub(crate) fn is_pause(&self, ids: PhoneIds) -> bool {
        ids.phone == self.pause
    }

    fn pause(&self) -> PhoneIds {
        PhoneIds { phone: self.pause, stress: 0, word_start: 0, punctuation: 0 }
    }

    /// A word's phones: every phone of a syllable with primary stress has stress 2, the others 1; a consonant belongs
    /// to the next vowel of its word, after the last vowel to that one.
    fn word<'p>(&'p self, phones: &'p [Phone]) -> impl Iterator<Item = PhoneIds> + 'p {
        phones.iter().enumerate().map(|(i, phone)| {
            let ahead = phones[i..].iter().find_map(|p| p.stress());
            let vowel = ahead.or_else(|| phones[..i].iter().rev().find_map(|p| p.stress()));
            let id = match (phone.symbol(), phone.stress()) {
                (Symbol::Ah, Some(Stress::None)) => self.schwa,
                (symbol, _) => self.ids[symbol as usize],
            };
            let stress = if vowel == Some(Stress::Primary) { 2 } else { 1 };
            PhoneIds { phone: id, stress, word_start: u8::from(i == 0), punctuation: 0 }
        })
    }
}

/// Where a word or a pause lies, in samples from the start of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ItemTime {
    /// Index into the clause's items.
    pub(crate) item: usize,
    pub(crate) start: Samples,
    pub(crate) end: Samples,
}

/// A clause as a list of phones, and which item each phone belongs to.
#[derive(Debug)]
pub(crate) struct Phonetics {
    pub(crate) phones: Vec<PhoneIds>,
    /// Index of the clause's item for every phone; the closing pause belongs to the last item if that is a break.
    items: Vec<Option<usize>>,
}

impl Phonetics {
    /// `None` if the clause has no word. `leads` puts a pause before the first word.
    pub(crate) fn new(table: &PhoneTable, clause: &SpokenClause, leads: bool) -> Option<Self> {
        let (mut phones, mut items) = (Vec::new(), Vec::new());
        if leads {
            phones.push(table.pause());
            items.push(None);
        }
        let mut words = 0;
        for (index, item) in clause.items.iter().enumerate() {
            match item {
                Item::Word(word) => {
                    let before = phones.len();
                    phones.extend(table.word(&word.phones));
                    items.resize(phones.len(), Some(index));
                    words += usize::from(phones.len() > before);
                }
                Item::Break { class, .. } => {
                    mark(&mut phones, *class as u8);
                    let after_word = phones.last().is_some_and(|&ids| !table.is_pause(ids));
                    if words > 0 && after_word {
                        phones.push(table.pause());
                        items.push(Some(index));
                    }
                }
                Item::Skipped(_) => {}
            }
        }
        if words == 0 {
            return None;
        }
        if phones.last().is_some_and(|&ids| !table.is_pause(ids)) {
            mark(&mut phones, clause.end as u8);
            phones.push(table.pause());
            items.push(None);
        } else {
            // the break that ends the clause speaks for the clause
            let closing = phones.len() - 1;
            for ids in phones[..closing].iter_mut().rev().take_while(|ids| !table.is_pause(**ids)) {
                ids.punctuation = clause.end as u8;
            }
        }
        Some(Self { phones, items })
    }

    /// When each item is heard; `ends` are the phones' in seconds, the closing pause lasts until `start + samples`.
    pub(crate) fn times(&self, ends: &[f32], start: u64, samples: u64) -> Vec<ItemTime> {
        let at = |phone: usize| {
            if phone == 0 {
                start
            } else {
                start + (f64::from(ends[phone - 1]) * f64::from(SAMPLE_RATE)).round() as u64
            }
        };
        let mut times: Vec<ItemTime> = Vec::new();
        for (phone, item) in self.items.iter().enumerate() {
            let Some(item) = *item else { continue };
            let last = phone + 1 == self.items.len();
            let end = Samples(if last { start + samples } else { at(phone + 1) });
            match times.last_mut() {
                Some(time) if time.item == item => time.end = end,
                _ => times.push(ItemTime { item, start: Samples(at(phone)), end }),
            }
        }
        times
    }
}

/// Gives a punctuation class to all phones since the last one that has one.
fn mark(phones: &mut [PhoneIds], class: u8) {
    for ids in phones.iter_mut().rev().take_while(|ids| ids.punctuation == 0) {
        ids.punctuation = class;
    }
}
