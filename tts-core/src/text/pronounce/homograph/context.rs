//! A word among its neighbours, and what kind of word stands there: the small tagger under the homograph rules.
//!
//! In: the words of a sentence. Out: word classes as bits, and one judgement, [`Context::verb`]: whether the word at
//! hand is a verb. Closed classes are lists; open ones are guessed from endings, which is enough to tell a noun from a
//! verb between known function words.
//!
//! May import: nothing.

/// A word of the sentence as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::text::pronounce) struct Heard {
    /// In lower case.
    pub(in crate::text::pronounce) text: String,
    /// Written with a capital.
    pub(in crate::text::pronounce) capital: bool,
    /// A pause, or the beginning of the sentence, stands before it.
    pub(in crate::text::pronounce) pause: bool,
    /// Its classes, as bits of [`class`].
    classes: u32,
}

impl Heard {
    pub(in crate::text::pronounce) fn new(text: &str, capital: bool, pause: bool) -> Self {
        Self { text: text.to_owned(), capital, pause, classes: classes(text) }
    }
}

/// Word classes; a word may be of several.
pub(super) mod class {
    /// Articles, demonstratives, quantifiers.
    pub(in crate::text::pronounce) const DET: u32 = 1;
    /// Possessives: my, her, 's.
    pub(in crate::text::pronounce) const POSS: u32 = 1 << 1;
    /// Numbers in words.
    pub(in crate::text::pronounce) const NUM: u32 = 1 << 2;
    /// Adjectives, by list or ending.
    pub(in crate::text::pronounce) const ADJ: u32 = 1 << 3;
    /// Pronouns that a base form follows: I, you, we, they.
    pub(in crate::text::pronounce) const WE: u32 = 1 << 4;
    /// Pronouns that an -s form follows: he, she, it.
    pub(in crate::text::pronounce) const HE: u32 = 1 << 5;
    /// Object pronouns.
    pub(in crate::text::pronounce) const OBJ: u32 = 1 << 6;
    /// Modals and forms of do: a base form follows.
    pub(in crate::text::pronounce) const MODAL: u32 = 1 << 7;
    /// Forms of be.
    pub(in crate::text::pronounce) const BE: u32 = 1 << 8;
    /// Forms of have.
    pub(in crate::text::pronounce) const HAVE: u32 = 1 << 9;
    /// Prepositions, without `to`.
    pub(in crate::text::pronounce) const PREP: u32 = 1 << 10;
    /// and, or, but.
    pub(in crate::text::pronounce) const CONJ: u32 = 1 << 11;
    /// Words that begin a clause: when, because, who.
    pub(in crate::text::pronounce) const WH: u32 = 1 << 12;
    /// Adverbs that stand between subject and verb.
    pub(in crate::text::pronounce) const ADV: u32 = 1 << 13;
    /// Adverbs of degree, before adjectives.
    pub(in crate::text::pronounce) const DEGREE: u32 = 1 << 14;
    /// Past forms.
    pub(in crate::text::pronounce) const PAST: u32 = 1 << 15;
    /// Base forms of common verbs.
    pub(in crate::text::pronounce) const VERB: u32 = 1 << 16;
    /// Plural nouns, or -s forms.
    pub(in crate::text::pronounce) const S: u32 = 1 << 17;
    /// Verbs that an object and a base form follow: let, make, help.
    pub(in crate::text::pronounce) const LET: u32 = 1 << 18;
    /// The word `to`.
    pub(in crate::text::pronounce) const TO: u32 = 1 << 19;
}
use class::*;

/// Closed classes: class, words.
const LISTS: &[(u32, &str)] = &[
    (
        DET,
        "the a an this these those some any no each every either neither another both all several many few most what such enough much",
    ),
    (POSS, "my your his her its our their whose one's"),
    (
        NUM,
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen",
    ),
    (
        ADJ,
        "new old good bad great small large big little long short high low young early late major minor main own other same last next first second third fourth fifth final public private open free full empty hot cold warm cool red blue green black white yellow brown gray grey dark light bright strong weak heavy hard soft easy best better worst worse poor rich fresh clean dirty clear deep fast slow quick safe sharp steep sudden huge tiny wide narrow whole entire single double current recent past future modern ancient foreign local national daily weekly monthly annual yearly common rare strange weird odd nice real true false fake wrong right left fair equal joint key top bottom official human social direct prime world third-party detailed wild crazy serious famous handsome simple complex secret silent loud quiet",
    ),
    (WE, "i you we they y'all who've"),
    (HE, "he she it"),
    (
        OBJ,
        "me him her us them it you myself yourself himself herself itself ourselves themselves everything anything something nothing everyone someone everybody",
    ),
    (
        MODAL,
        "will would can could should may might must shall cannot can't won't wouldn't couldn't shouldn't mustn't don't doesn't didn't do does did i'll you'll he'll she'll we'll they'll it'll that'll i'd you'd he'd she'd we'd they'd let's gonna wanna gotta please needn't who'd who'll",
    ),
    (
        BE,
        "is are was were be been being am isn't aren't wasn't weren't ain't i'm you're he's she's it's we're they're that's there's who's what's where's here's",
    ),
    (
        HAVE,
        "has have had having hasn't haven't hadn't i've you've we've they've could've should've would've might've must've",
    ),
    (
        PREP,
        "of in on at by for with from into onto about over under after before between among through during without within against across behind beyond near off up down out around along toward towards upon above below beside besides despite except inside outside until till since via per like than as throughout plus minus versus",
    ),
    (CONJ, "and or but nor then"),
    (WH, "who which that when where while because if although though unless whether why how whenever wherever so"),
    (
        ADV,
        "not never always often also still only just even already now soon ever again usually sometimes rarely seldom generally then probably perhaps maybe hardly barely ever first further actually really almost once too both all",
    ),
    (DEGREE, "very too so more most quite rather fairly extremely pretty increasingly less least highly how"),
    (
        PAST,
        "was were had did went took gave said made got came saw knew thought found told became left felt put brought began kept held wrote stood heard let meant set met ran paid sat spoke lay led grew lost fell sent built understood drew broke spent cut rose drove bought wore chose won taught caught ate threw slept sold fought hid shook flew forgot forgave sang swam drank rang sank stole woke wound tore swore bit dug hung lit slid stuck swept wept blew froze shot read",
    ),
    (
        VERB,
        "take give say make get come see know think find tell become leave feel put bring begin keep hold write stand hear mean set meet run pay sit speak lie lead grow lose fall send build understand draw break spend cut rise drive buy wear choose win teach catch eat throw sleep sell fight use need want like love hate try ask work call play move believe happen provide include continue change watch follow stop create speak allow add open walk offer remember consider appear wait serve die expect stay reach kill remain suggest raise pass require report decide pull return explain hope develop carry receive agree support hit produce cover describe save check start turn show go help seem look avoid cost claim ruin risk",
    ),
    (LET, "let make help see watch hear have makes helps lets made helped saw watched heard letting making helping"),
    (TO, "to"),
    (S, "people men women children police folks cattle mice feet teeth geese"),
];

/// Words before `to` after which a noun follows, not an infinitive.
const TO_A_THING: &str = "according due access addicted thanks subject related close next back prior owing opposed contrary response reply answer key reference regard attention damage exposure committed dedicated devoted limited similar equal contribution approach changes update updates improvements compared relative leads led lead listening listen listened respect applied belongs belong comes moved switched introduction attached refers";

/// Nouns that end as adjectives do.
const NOUNS: &str = "fabric music public topic traffic critic clinic logic magic panic picnic mechanic animal hospital capital metal material signal festival journal terminal tribunal crystal criminal proposal approval arrival rival detective executive relative native table vegetable cable restaurant assistant tenant servant plant merchant applicant giant library dictionary secretary military forest interest guest priest harvest request district fish finish dish drive archive olive locust diary salary goal";

/// The classes of a word.
pub(super) fn classes(word: &str) -> u32 {
    let mut bits = 0;
    for (class, list) in LISTS {
        if among(word, list) {
            bits |= class;
        }
    }
    if word.ends_with("'s") && bits & BE == 0 {
        bits |= POSS;
    }
    if word.ends_with("n't") {
        bits |= MODAL & u32::from(bits & (BE | HAVE) == 0).wrapping_neg();
    }
    if bits != 0 {
        return bits;
    }
    let long = word.len() > 4;
    if long && word.ends_with("ly") {
        return ADV;
    }
    if word.len() > 3 && word.ends_with("ed") && !word.ends_with("eed") {
        return PAST;
    }
    if among(word, NOUNS) {
        return 0;
    }
    let adjective = ["ous", "ful", "ive", "al", "ic", "able", "ible", "less", "ish", "ant", "ary", "est"];
    if long && adjective.iter().any(|e| word.ends_with(e)) {
        return ADJ;
    }
    if word.len() > 3 && word.ends_with('s') && !["ss", "us", "is"].iter().any(|e| word.ends_with(e)) {
        return S;
    }
    0
}

/// Whether a word is one of a list, its words set apart by spaces.
pub(super) fn among(word: &str, list: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|w| w == word)
}

/// One place in a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    words: &'a [Heard],
    at: usize,
}

impl<'a> Context<'a> {
    pub(super) fn new(words: &'a [Heard], at: usize) -> Self {
        Self { words, at }
    }

    /// The word itself.
    pub(super) fn here(&self) -> &'a Heard {
        &self.words[self.at]
    }

    /// The word `n` places before, within the clause; empty beyond it.
    pub(super) fn before(&self, n: usize) -> &'a str {
        let Some(at) = self.at.checked_sub(n) else { return "" };
        if self.words[at + 1..=self.at].iter().any(|w| w.pause) { "" } else { &self.words[at].text }
    }

    /// The word `n` places after, within the clause; empty beyond it.
    pub(super) fn after(&self, n: usize) -> &'a str {
        match self.words.get(self.at + 1..=self.at + n) {
            Some(words) if n > 0 && !words.iter().any(|w| w.pause) => &words[n - 1].text,
            _ => "",
        }
    }

    /// Classes of the word `n` places before; none beyond the clause.
    pub(super) fn class_before(&self, n: usize) -> u32 {
        if self.before(n).is_empty() { 0 } else { self.words[self.at - n].classes }
    }

    /// Whether the word `n` places before is of one of these classes.
    pub(super) fn before_is(&self, n: usize, bits: u32) -> bool {
        self.class_before(n) & bits != 0
    }

    /// Whether the word `n` places after is of one of these classes.
    pub(super) fn after_is(&self, n: usize, bits: u32) -> bool {
        !self.after(n).is_empty() && self.words[self.at + n].classes & bits != 0
    }

    /// Whether the word before is one of these.
    pub(super) fn prev(&self, list: &str) -> bool {
        among(self.before(1), list)
    }

    /// Whether the word after is one of these.
    pub(super) fn next(&self, list: &str) -> bool {
        among(self.after(1), list)
    }

    /// Whether one of these stands anywhere in the sentence.
    pub(super) fn near(&self, list: &str) -> bool {
        self.words.iter().enumerate().any(|(i, w)| i != self.at && among(&w.text, list))
    }

    /// Whether one of these stands in the sentence at most `reach` words after.
    pub(super) fn soon(&self, reach: usize, list: &str) -> bool {
        (1..=reach).any(|n| among(self.after(n), list))
    }

    /// How many places before the nearest word stands that is no adverb.
    pub(super) fn anchor(&self) -> usize {
        let mut n = 1;
        while self.before_is(n, ADV) && !self.before_is(n, DEGREE | CONJ | DET) {
            n += 1;
        }
        n
    }

    /// Whether the clause has a finite verb before this word.
    fn verb_before(&self) -> bool {
        (1..=self.at).take_while(|&n| !self.before(n).is_empty() && !self.before_is(n, WH)).any(|n| {
            let c = self.class_before(n);
            c & (BE | HAVE | MODAL | VERB | TO) != 0 && c & (DET | POSS) == 0
                || c & PAST != 0 && !self.before_is(n + 1, DET | POSS) && n > 1
        })
    }

    /// Whether a finite verb follows before the clause ends or another begins.
    fn verb_after(&self) -> bool {
        (1..)
            .take_while(|&n| !self.after(n).is_empty() && !self.after_is(n, WH | CONJ))
            .any(|n| self.after_is(n, BE | HAVE | MODAL | PAST) || self.after_is(n, VERB) && n == 1)
    }

    /// Whether the word is a verb here; `s` for an -s form. Undecided places are nouns.
    pub(super) fn verb(&self, s: bool) -> bool {
        let n = self.anchor();
        let prev = self.before(n);
        let p = self.class_before(n);
        let thing = self.after_is(1, DET | POSS | OBJ | NUM) || self.next("that");
        if prev.is_empty() {
            // An order, unless a subject or nothing follows; an adverb alone before it changes nothing.
            return !s && thing && !self.next("that");
        }
        if p & TO != 0 {
            return !s && (thing || !among(self.before(n + 1), TO_A_THING));
        }
        if prev == "that" {
            return thing || s && !self.verb_after() && !self.after(1).is_empty();
        }
        if prev == "her" && self.before_is(n + 1, LET) || prev == "it" && self.before_is(n + 1, LET) {
            return !s;
        }
        if p & MODAL != 0 {
            // "what it does records", "did records": the -s form is a noun.
            return !s;
        }
        if p & (POSS | NUM) != 0 || p & DET != 0 && p & ADV == 0 {
            return false;
        }
        if among(prev, "who which") {
            return true;
        }
        if p & WE != 0 {
            return !s && (prev != "you" || !self.before_is(n + 1, PREP));
        }
        if p & HE != 0 {
            return s || self.question();
        }
        if p & OBJ != 0 {
            return !s && self.before_is(n + 1, LET) || s && prev.ends_with("self");
        }
        if p & (BE | HAVE | PREP | ADJ | DEGREE | WH) != 0 {
            return p & ADJ != 0 && !s && thing && self.question();
        }
        if p & CONJ != 0 {
            let joined = self.before(n + 1);
            let parallel =
                (1..=6).any(|k| self.before_is(n + k, TO | MODAL)) && !self.before_is(n + 1, DET | POSS | ADJ | ADV);
            let singular = s && self.before_is(n + 1, S) && !thing;
            return (thing && !singular && (!s || self.subject_before(n)))
                || !s && parallel && !joined.is_empty() && !self.after(1).is_empty() && !self.after_is(1, BE | CONJ);
        }
        if p & LET != 0 && prev.starts_with("help") && !s {
            return thing || self.after(1).is_empty();
        }
        if p & (PAST | VERB) != 0 {
            return false;
        }
        if self.question() && !s {
            return thing || self.after_is(1, PREP | TO | ADV) || self.after(1).is_empty();
        }
        // After a noun: its verb, if it agrees with it and the clause has no other.
        let plural = p & S != 0;
        let agrees = plural != s;
        if !agrees {
            return false;
        }
        if thing {
            return plural || !self.verb_before();
        }
        let opens = plural || self.after_is(1, PREP | TO | WH | ADV | ADJ | S);
        opens && !self.verb_before() && !self.verb_after()
    }

    /// Whether a subject pronoun or noun stands early in the clause, before the conjunction `n` places back.
    fn subject_before(&self, n: usize) -> bool {
        (n + 1..=self.at).any(|k| self.before_is(k, HE | S)) || !self.verb_before()
    }

    /// Whether the clause began with an auxiliary that still waits for its verb: "did the company _".
    pub(super) fn question(&self) -> bool {
        let mut waiting = false;
        for n in (1..=self.at.min(7)).rev() {
            if self.before(n).is_empty() {
                continue;
            }
            let c = self.class_before(n);
            let begins = self.before(n + 1).is_empty() || self.before_is(n + 1, WH) || self.prev_question(n);
            if c & MODAL != 0 && !among(self.before(n), "i'll let's please") && begins {
                waiting = true;
            } else if c & (VERB | BE | HAVE | TO) != 0 && n < self.at {
                waiting = false;
            }
        }
        waiting
    }

    fn prev_question(&self, n: usize) -> bool {
        among(self.before(n + 1), "what how why when where who which")
    }

    /// Whether a pause stands right before the word.
    pub(super) fn at_pause(&self) -> bool {
        self.here().pause
    }

    /// Whether the sentence was in the past tense before this word, the nearest tense counting.
    pub(super) fn past_before(&self) -> bool {
        self.words[..self.at]
            .iter()
            .rev()
            .find(|w| w.classes & (PAST | MODAL | VERB | TO) != 0 || among(w.text.as_str(), "is are am"))
            .is_some_and(|w| w.classes & PAST != 0)
    }

    /// Whether the sentence names a past year: "in nineteen eighty".
    pub(super) fn year(&self) -> bool {
        self.words.windows(2).any(|w| w[0].text == "in" && (w[1].text == "nineteen" || w[1].text == "eighteen"))
    }
}
