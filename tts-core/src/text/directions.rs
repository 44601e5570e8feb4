//! Directions to the speaker, `[[happy]]`, taken out of text that arrives in pieces of any size.
//!
//! In: `&str` pieces. Out: [`Piece`]s that, joined, are the input: text, and what stands between brackets where the caller
//! says that this is a direction. Anything else in brackets, phones for one, is text. What may become a direction is held
//! back until that is decided: [`MOST`] bytes at most, and never over the end of a line.
//!
//! May import: nothing.

use std::collections::VecDeque;

/// Bytes between the brackets of a direction.
const MOST: usize = 40;

/// A piece of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// To be spoken.
    Text(String),
    /// What stood between `[[` and `]]`.
    Direction(String),
}

/// The state of a stream of text.
#[derive(Debug)]
pub(super) struct Directions {
    is_direction: fn(&str) -> bool,
    /// In order.
    ready: VecDeque<Piece>,
    /// Begins with a bracket that may begin a direction, or is empty.
    held: String,
}

/// What a bracket begins.
enum Found {
    /// Not known yet.
    Open,
    /// Nothing: so many bytes are text.
    Text(usize),
    /// A direction of so many bytes, brackets included.
    Direction(usize),
}

impl Directions {
    /// Where `is_direction` says what a direction is.
    pub(super) fn new(is_direction: fn(&str) -> bool) -> Self {
        Self { is_direction, ready: VecDeque::new(), held: String::new() }
    }

    /// Text that has arrived.
    pub(super) fn push(&mut self, text: &str) {
        self.held.push_str(text);
        let all = std::mem::take(&mut self.held);
        let mut rest = &all[..];
        while let Some(at) = rest.find('[') {
            let (before, bracket) = rest.split_at(at);
            self.text(before);
            match self.look(bracket) {
                Found::Open => {
                    bracket.clone_into(&mut self.held);
                    return;
                }
                Found::Text(len) => {
                    self.text(&bracket[..len]);
                    rest = &bracket[len..];
                }
                Found::Direction(len) => {
                    self.ready.push_back(Piece::Direction(bracket[2..len - 2].to_owned()));
                    rest = &bracket[len..];
                }
            }
        }
        self.text(rest);
    }

    /// No more text comes: what is held back is text.
    pub(super) fn finish(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.text(&held);
    }

    /// Whether something is held back, or not taken yet.
    pub(super) fn is_waiting(&self) -> bool {
        !self.held.is_empty() || !self.ready.is_empty()
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Option<Piece> {
        self.ready.pop_front()
    }

    /// Makes `piece` the next one.
    pub(super) fn put_back(&mut self, piece: Piece) {
        self.ready.push_front(piece);
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.ready.back_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.ready.push_back(Piece::Text(text.to_owned())),
        }
    }

    /// `text` begins with a bracket.
    fn look(&self, text: &str) -> Found {
        let Some(inside) = text.strip_prefix("[[") else {
            return if text.len() == 1 { Found::Open } else { Found::Text(1) };
        };
        for (at, c) in inside.char_indices() {
            if at > MOST || c == '[' || c == '\n' {
                return Found::Text(1);
            }
            if c == ']' {
                return match inside[at + 1..].chars().next() {
                    None => Found::Open,
                    Some(']') if (self.is_direction)(&inside[..at]) => Found::Direction(at + 4),
                    Some(_) => Found::Text(1),
                };
            }
        }
        if inside.len() > MOST { Found::Text(1) } else { Found::Open }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn known(text: &str) -> bool {
        text == "happy" || text == "/" || text == "rate 0.8"
    }

    fn pieces(text: &str, lengths: &[usize]) -> Vec<Piece> {
        let mut directions = Directions::new(known);
        let (mut chars, mut lengths) = (text.chars().peekable(), lengths.iter().cycle());
        while chars.peek().is_some() {
            let piece: String = chars.by_ref().take(*lengths.next().unwrap_or(&usize::MAX)).collect();
            directions.push(&piece);
            assert!(directions.held.len() <= MOST + 6, "{:?}", directions.held);
        }
        directions.finish();
        assert!(directions.held.is_empty());
        std::iter::from_fn(|| directions.next()).collect()
    }

    #[test]
    fn directions_are_told_from_text() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let direction = |text: &str| Piece::Direction(text.to_owned());
        for (input, expected) in [
            ("a [[happy]]b[[/]]", vec![text("a "), direction("happy"), text("b"), direction("/")]),
            ("[[rate 0.8]][[happy]]", vec![direction("rate 0.8"), direction("happy")]),
            ("[[HH AY1]] [[nope]] [x](y)", vec![text("[[HH AY1]] [[nope]] [x](y)")]),
            ("[[[happy]]]", vec![text("["), direction("happy"), text("]")]),
            ("[[happy]", vec![text("[[happy]")]),
            ("[[hap\npy]] [", vec![text("[[hap\npy]] [")]),
        ] {
            assert_eq!(pieces(input, &[]), expected, "{input}");
        }
        let long = format!("[[{}", "x".repeat(1000));
        assert_eq!(pieces(&long, &[]), [text(&long)]);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            parts in vec(select(vec!["[", "[[", "]", "]]", "happy", "/", "rate 0.8", " ", "\n", "é", "[[happy]]", "[[/]]"]), 0..12),
            lengths in vec(1..5usize, 1..4),
        ) {
            let text = parts.concat();
            let whole = pieces(&text, &[]);
            prop_assert_eq!(&pieces(&text, &lengths), &whole);
            let joined: String = whole.iter().map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Direction(text) => format!("[[{text}]]"),
            }).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
