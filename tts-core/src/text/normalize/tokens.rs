//! Tokens being collected: places in the folded view become spans of the source, and no character is left out.

use super::scan::{Scan, is_invisible};
use crate::text::{SkipReason, Token, TokenKind};

/// Collects tokens in order.
#[derive(Debug)]
pub(super) struct Tokens<'s, 'a> {
    scan: &'s Scan<'a>,
    out: Vec<Token>,
    /// Something was spoken already.
    pub(super) spoken: bool,
}

impl<'s, 'a> Tokens<'s, 'a> {
    pub(super) fn new(scan: &'s Scan<'a>) -> Self {
        Self { scan, out: Vec::new(), spoken: false }
    }

    /// Adds what becomes of the characters `from..to`.
    pub(super) fn push(&mut self, from: usize, to: usize, kind: TokenKind) {
        let (start, end) = (self.scan.byte(from), self.scan.byte(to));
        self.spoken |= matches!(kind, TokenKind::Words(_));
        let source = self.scan.source;
        // One source character may have become several: what was said of its parts belongs to one token.
        let shared = self.out.last().is_some_and(|last| last.span.end > start);
        if start == end || shared {
            match (self.out.last_mut(), kind) {
                (Some(Token { span, kind: TokenKind::Words(words) }), TokenKind::Words(more)) if span.end >= start => {
                    words.extend(more);
                    span.end = span.end.max(end);
                    return;
                }
                (Some(last), TokenKind::Words(words)) if shared => {
                    last.kind = TokenKind::Words(words);
                    last.span.end = last.span.end.max(end);
                    return;
                }
                (Some(last), _) if shared => {
                    last.span.end = last.span.end.max(end);
                    return;
                }
                (_, kind) => {
                    // The first part of a character: it owns the whole of it.
                    let width = source[start..].chars().next().map_or(0, char::len_utf8);
                    self.out.push(Token { span: start..start + width, kind });
                    return;
                }
            }
        }
        // White space that folding left at the end of the span belongs to nobody.
        let text = source[start..end].trim_end();
        self.out.push(Token { span: start..start + text.len().max(1), kind });
    }

    /// The tokens, with every character that no reader took in a token of its own.
    pub(super) fn finish(self) -> Vec<Token> {
        let source = self.scan.source;
        let mut out: Vec<Token> = Vec::with_capacity(self.out.len());
        let mut at = 0;
        for token in self.out {
            fill(source, at, token.span.start, &mut out);
            at = token.span.end;
            out.push(token);
        }
        fill(source, at, source.len(), &mut out);
        out
    }
}

/// Covers what lies between two tokens.
fn fill(source: &str, from: usize, to: usize, out: &mut Vec<Token>) {
    let mut at = from;
    for piece in source[from..to.max(from)].split_inclusive(char::is_whitespace) {
        let text = piece.trim_end();
        if !text.is_empty() {
            let span = at..at + text.len();
            let glued = out.last_mut().filter(|last| last.span.end == span.start);
            match glued {
                // Invisible characters are part of what they follow.
                Some(last) if text.chars().all(is_invisible) => last.span.end = span.end,
                _ if text.chars().all(is_invisible) => {
                    out.push(Token { span, kind: TokenKind::Skipped(SkipReason::Punctuation) });
                }
                _ => out.push(Token { span, kind: TokenKind::Skipped(SkipReason::Control) }),
            }
        }
        at += piece.len();
    }
}
