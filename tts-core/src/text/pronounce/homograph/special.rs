//! Homographs with a rule of their own: collocations, tense, capitals.
//!
//! May import: nothing.

use super::context::class::*;
use super::context::{Context, among};

/// Phones as CMUdict writes them, and the rule's name.
type Choice = (&'static str, &'static str);

/// The phones of a word this file knows, and why.
pub(super) fn choose(word: &str, c: &Context<'_>) -> Option<Choice> {
    Some(match word {
        "read" => read(c),
        "lead" => lead(c),
        "live" => live(c),
        "lives" => lives(c),
        "wind" | "winds" => wind(c, word == "winds"),
        "wound" => wound(c),
        "tear" | "tears" => tear(c, word == "tears"),
        "bow" | "bows" => bow(c, word == "bows"),
        "bass" => bass(c),
        "row" => row(c),
        "sow" | "sows" => sow(c, word == "sows"),
        "dove" => dove(c),
        "does" => does(c),
        "sewer" => either(c.near(SEWING), ("S OW1 ER0", "who sews"), ("S UW1 ER0", "drain")),
        "close" => close(c),
        "closer" => ("K L OW1 S ER0", "nearer"),
        "used" => used(c),
        "use" if c.prev("didn't n't") && c.next("to") => ("Y UW1 S", "used to"),
        "minute" => minute(c),
        "minutes" => ("M IH1 N AH0 T S", "time"),
        "content" => content(c),
        "upset" => either(
            c.prev("an the big major stomach huge biggest this") && !c.after_is(1, OBJ | POSS),
            ("AH1 P S EH2 T", "noun"),
            ("AH0 P S EH1 T", "verb or adjective"),
        ),
        "invalid" => either(
            c.before_is(1, DET) && (c.after(1).is_empty() || c.after_is(1, BE | HAVE | MODAL | PAST | PREP | CONJ)),
            ("IH1 N V AH0 L AH0 D", "person"),
            ("IH2 N V AE1 L AH0 D", "adjective"),
        ),
        "number" => either(
            c.prev("grew feel felt feeling became becoming went go goes")
                || c.next("than") && !c.before_is(1, DET | ADJ | POSS),
            ("N AH1 M ER0", "more numb"),
            ("N AH1 M B ER0", "count"),
        ),
        "resume" => either(
            c.before_is(1, POSS | DET | ADJ) || c.next("builder writing template tips") || c.prev("resume"),
            ("R EH1 Z AH0 M EY2", "noun"),
            ("R IH0 Z UW1 M", "verb"),
        ),
        "resumes" => either(
            c.before_is(1, POSS | DET | NUM | ADJ | PREP | PAST | VERB) || c.before(1).is_empty(),
            ("R EH1 Z AH0 M EY2 Z", "noun"),
            ("R IH0 Z UW1 M Z", "verb"),
        ),
        "learned" => either(
            c.before_is(1, DET | POSS | DEGREE) && c.next(LEARNED),
            ("L ER1 N IH0 D", "adjective"),
            ("L ER1 N D", "verb"),
        ),
        "blessed" => either(
            c.before_is(1, DET) && !c.after(1).is_empty() && !c.after_is(1, PREP),
            ("B L EH1 S IH0 D", "adjective"),
            ("B L EH1 S T", "verb"),
        ),
        "aged" => either(
            c.before_is(1, DET | POSS)
                && (c.after(1).is_empty()
                    || !among(c.after(1), "cheese beef wine whiskey whisky steak rum") && !c.after_is(1, NUM)),
            ("EY1 JH IH0 D", "adjective"),
            ("EY1 JH D", "verb"),
        ),
        "dogged" => either(
            c.before_is(1, DET | POSS) || c.next("determination persistence pursuit"),
            ("D AO1 G IH0 D", "adjective"),
            ("D AO1 G D", "verb"),
        ),
        "moped" => {
            either(c.before_is(1, DET | POSS | ADJ | PREP | NUM), ("M OW1 P EH2 D", "noun"), ("M OW1 P T", "verb"))
        }
        "putting" => either(
            c.next("green greens surface stroke") || c.near("golf golfer putter") && c.before_is(1, POSS),
            ("P AH1 T IH0 NG", "golf"),
            ("P UH1 T IH0 NG", "put"),
        ),
        "primer" => either(
            c.next("on about for") && !c.near("paint coat wall wood"),
            ("P R IH1 M ER0", "book"),
            ("P R AY1 M ER0", "paint"),
        ),
        "axes" => either(
            c.near("x y axis chart graph plot coordinate vertical horizontal rotation symmetry perpendicular"),
            ("AE1 K S IY2 Z", "of axis"),
            ("AE1 K S IH0 Z", "of ax"),
        ),
        "bases" => either(
            c.near("basis theoretical legal empirical vector"),
            ("B EY1 S IY2 Z", "of basis"),
            ("B EY1 S IH0 Z", "of base"),
        ),
        "august" => either(
            c.here().capital
                || c.before_is(1, PREP)
                || c.after_is(1, NUM)
                || !c.before_is(1, DET | POSS) && !c.prev("that"),
            ("AO1 G AH0 S T", "month"),
            ("AO0 G AH1 S T", "adjective"),
        ),
        "polish" => either(
            c.here().capital && !(c.before(1).is_empty() && c.after_is(1, DET | POSS)),
            ("P OW1 L IH0 SH", "of Poland"),
            ("P AA1 L IH0 SH", "shine"),
        ),
        "nice" if c.here().capital && c.prev("in to from near of") => ("N IY1 S", "the city"),
        "reading" => either(
            c.here().capital && c.prev("in to from near of via"),
            ("R EH1 D IH0 NG", "the town"),
            ("R IY1 D IH0 NG", "verb"),
        ),
        "job" if c.here().capital && c.prev("of") && among(c.before(2), "book patience story") => {
            ("JH OW1 B", "the man")
        }
        "recount" | "recounts" if c.before_is(1, DET | ADJ | POSS) => {
            (if word == "recount" { "R IY1 K AW2 N T" } else { "R IY1 K AW2 N T S" }, "noun")
        }
        "proceeds" => either(
            c.before_is(1, DET | POSS | ADJ) || !c.verb(true),
            ("P R OW1 S IY2 D Z", "noun"),
            ("P R AH0 S IY1 D Z", "verb"),
        ),
        "houses" => ("HH AW1 Z IH0 Z", "plural"),
        "mouths" => ("M AW1 DH Z", "plural"),
        _ => return None,
    })
}

const SEWING: &str = "sewing needle thread seamstress stitch stitches fabric quilt dress dresses";
const LEARNED: &str = "man men woman scholar scholars professor judge friend counsel society colleague journal";

fn either(first: bool, yes: Choice, no: Choice) -> Choice {
    if first { yes } else { no }
}

fn read(c: &Context<'_>) -> Choice {
    const NOW: Choice = ("R IY1 D", "present");
    const THEN: Choice = ("R EH1 D", "past");
    const OFTEN: &str = "every always often usually sometimes daily each nowadays now regularly rarely seldom generally today tomorrow when";
    const ONCE: &str = "yesterday ago last earlier once already recently previously";
    let n = c.anchor();
    if c.before_is(n, TO) || c.prev("please") {
        return NOW;
    }
    if c.before_is(n, DET | POSS | ADJ) && !c.before_is(n, ADV) {
        // "a good read"; "the widely read book" has an adverb between.
        return either(n > 1, THEN, NOW);
    }
    if among(c.before(1), "well widely") && !c.before_is(2, WE | HE | S) {
        return THEN;
    }
    // The nearest auxiliary with only subject and adverbs between decides: "have you read", "did she read".
    for k in 1..=6 {
        let word = c.before(k);
        if word.is_empty() {
            break;
        }
        let subject = (1..k).any(|j| c.before_is(j, WE | HE));
        if subject && !c.before(k + 1).is_empty() && !c.before_is(k + 1, WH) && !c.before_is(k, HAVE | MODAL) {
            break;
        }
        if c.before_is(k, HAVE) {
            return THEN;
        }
        if c.before_is(k, MODAL) {
            return NOW;
        }
        if c.before_is(k, BE) && k == n {
            return THEN;
        }
        if c.before_is(k, LET) && k <= 3 {
            return NOW;
        }
        if c.before_is(k, TO) && k <= 3 && (1..k).all(|j| !c.before_is(j, WE | HE)) {
            return NOW;
        }
        if c.before_is(k, CONJ | WH) && k >= n {
            break;
        }
    }
    if c.before(n).is_empty() && !c.before_is(1, ADV) || c.next("only receipts write access") {
        return either(c.near(ONCE) && c.at_pause() && c.past_before(), THEN, NOW);
    }
    if c.near(ONCE) || c.year() {
        return THEN;
    }
    if c.before_is(n, CONJ) {
        if c.past_before() {
            return THEN;
        }
        return NOW;
    }
    if c.near(OFTEN) && !c.past_before() && (c.before_is(n, WE | S) || n > 1) {
        return NOW;
    }
    let singular = !c.before_is(n, WE | S | PREP | WH | TO | VERB) || c.before_is(n, HE);
    if singular || c.past_before() {
        return THEN;
    }
    if c.before(n) == "i"
        && (c.after(1).is_empty() || c.after_is(1, BE) || c.next("that about somewhere it the your an"))
    {
        return THEN;
    }
    if among(c.before(n), "who that") {
        return either(c.before_is(n + 1, S), NOW, THEN);
    }
    NOW
}

fn lead(c: &Context<'_>) -> Choice {
    const METAL: Choice = ("L EH1 D", "metal");
    const AFTER: &str = "pipe pipes paint poisoning bullet bullets acid acetate oxide exposure contamination crystal battery batteries shot weight weights mine mines ore solder shielding apron dust plumbing content concentration concentrations balloon";
    const OTHERS: &str = "zinc mercury cadmium arsenic copper tin silver iron gold asbestos steel nickel";
    const SOURCE: &str = "made traces levels amounts full amount level lump exposure piece sheet sheets block ton tons exposed form melting density";
    let joined =
        (c.after_is(1, CONJ) && among(c.after(2), OTHERS)) || (c.before_is(1, CONJ) && among(c.before(2), OTHERS));
    if c.next(AFTER)
        || joined
        || c.prev("molten contain contains contained containing tetraethyl melted melt unleaded")
        || c.before_is(1, PREP | TO) && among(c.before(2), SOURCE)
        || c.prev("from in with of is") && c.near(OTHERS)
        || c.prev("in with like into") && c.after(1).is_empty() && c.near("metal water pipe pipes heavy")
    {
        return METAL;
    }
    if c.before(1).is_empty() && c.next("is") && c.soon(5, "metal toxic poisonous dense soft heavy") {
        return METAL;
    }
    ("L IY1 D", "guide")
}

const SHOWN: &str = "go goes going gone went broadcast streamed streaming stream recorded perform performed performing performs air aired airing shown televised playing played reporting captured watch recording sing sang been is are was were be it's we're now singing tested";
const SHOWS: &str = "music show shows stream streams streaming chat update updates coverage event events concert concerts band bands audience wire wires data ammunition birth births performance performances broadcast broadcasts tv television video recording entertainment animals animal bait feed session demo support blog action theater preview captions cattle album oak round rounds lobster match sports production cultures yogurt virus vaccine tissue specimen";

fn live(c: &Context<'_>) -> Choice {
    const SHOW: Choice = ("L AY1 V", "adjective");
    const DWELL: Choice = ("L IH1 V", "verb");
    let n = c.anchor();
    if c.before_is(n, TO | MODAL | WE) && !c.prev(SHOWN) {
        return either(c.next(SHOWS) && !c.before_is(n, WE | MODAL | TO), SHOW, DWELL);
    }
    if c.prev(SHOWN) || c.next(SHOWS) || c.next("from on") && !c.before_is(1, S) {
        return SHOW;
    }
    if c.before_is(1, DET | POSS | ADJ) && !c.next("in on with here there") && !c.prev("all both who") {
        return SHOW;
    }
    if c.before(1).is_empty() && c.after(1).is_empty() {
        return SHOW;
    }
    DWELL
}

fn lives(c: &Context<'_>) -> Choice {
    let noun = c.before_is(1, DET | POSS | NUM | PREP | ADJ | VERB | PAST | LET) && !c.prev("that")
        || c.prev("saving saves costing changing losing human people's claiming ruining changes risking")
        || c.before(1).is_empty();
    let dwells = c.before_is(c.anchor(), HE | WH)
        || c.prev("that")
        || c.next("in at on with near alone by here there up down under next across for off together");
    if noun && !c.before_is(1, HE | WH) || !dwells && c.before_is(1, S | CONJ) {
        ("L AY1 V Z", "noun")
    } else {
        ("L IH1 V Z", "verb")
    }
}

/// What winds, or is wound, up.
const TURN: &str = "up down back around through along its his their tightly past between";
const WOUND: &str = "clock watch rope spring wire yarn thread tape cable key string scarf bandage coil toy film";

fn wind(c: &Context<'_>, s: bool) -> Choice {
    let verb = if s {
        c.next(TURN) && !c.before_is(1, DET | ADJ | S | PREP) || c.prev("who which she he it that")
    } else {
        c.verb(false) && !c.next("power turbine turbines farm farms")
            || c.before(1).is_empty() && c.next("down up")
            || c.before_is(1, S) && c.next(TURN)
            || c.prev("and") && c.next("up down back")
    };
    match (s, verb) {
        (false, true) => ("W AY1 N D", "turn"),
        (false, false) => ("W IH1 N D", "air"),
        (true, true) => ("W AY1 N D Z", "turn"),
        (true, false) => ("W IH1 N D Z", "air"),
    }
}

fn wound(c: &Context<'_>) -> Choice {
    let turned = c.next(TURN) && !c.before_is(1, DET | POSS | ADJ)
        || !c.before_is(1, DET | POSS | TO | ADJ) && c.soon(4, WOUND)
        || c.prev("tightly slowly carefully") && !c.soon(4, "soldier soldiers");
    either(turned, ("W AW1 N D", "turned"), ("W UW1 N D", "injury"))
}

fn tear(c: &Context<'_>, s: bool) -> Choice {
    const APART: &str = "down up apart off out into away through open at along it them";
    const BODY: &str = "muscle ligament meniscus rotator cartilage tendon retinal acl hamstring labral";
    let rip = if s {
        c.next(APART) && !c.before_is(1, PREP | POSS | ADJ) && !c.before(1).is_empty()
            || c.before_is(1, HE) && !c.prev("her")
            || c.prev("who which that")
            || c.prev(BODY)
            || c.verb(true)
    } else {
        let noun = c.before_is(1, DET | ADJ | POSS) || c.next("gas drop drops duct ducts stained");
        if noun {
            c.next("in along") && !c.soon(4, "eye eyes") || c.prev(BODY)
        } else {
            !c.prev("of without with") || c.prev(BODY)
        }
    };
    match (s, rip) {
        (false, true) => ("T EH1 R", "rip"),
        (false, false) => ("T IH1 R", "weep"),
        (true, true) => ("T EH1 R Z", "rip"),
        (true, false) => ("T IH1 R Z", "weep"),
    }
}

fn bow(c: &Context<'_>, s: bool) -> Choice {
    const WEAPON: &str = "arrow arrows tie ties violin cello fiddle string strings ribbon ribbons hair hunting hunt archer archers archery quiver red pink knot tied wrapped gift gifts present shoelace shoelaces crossbow legs";
    let weapon = c.near(WEAPON) && !c.verb(s) || c.prev("longbow rain") || c.next("tie ties");
    match (s, weapon) {
        (false, true) => ("B OW1", "weapon or knot"),
        (false, false) => ("B AW1", "bend"),
        (true, true) => ("B OW1 Z", "weapon or knot"),
        (true, false) => ("B AW1 Z", "bend"),
    }
}

fn bass(c: &Context<'_>) -> Choice {
    const FISH: &str = "fish fishing fished lake sea striped largemouth smallmouth caught catch river trout grilled fillet fillets pond perch salmon boat bait angler anglers chilean ate lemon";
    const SOUND: &str = "guitar guitars player drum drums clef line lines singer voice jazz band boost treble sound music play plays played playing tenor speaker speakers";
    either(c.near(FISH) && !c.near(SOUND), ("B AE1 S", "fish"), ("B EY1 S", "low sound"))
}

fn row(c: &Context<'_>) -> Choice {
    const QUARREL: &str = "furious blazing diplomatic political bitter heated blistering public";
    let quarrel = c.prev(QUARREL)
        || c.next("over about erupted broke") && c.before_is(1, DET | ADJ)
        || c.next("with") && (c.before(2) == "had" || c.before(2) == "having") && c.before_is(1, DET);
    either(quarrel, ("R AW1", "quarrel"), ("R OW1", "line"))
}

fn sow(c: &Context<'_>, s: bool) -> Choice {
    const FARM: &str = "pig pigs piglet piglets boar litter pen farrowing hog hogs";
    let pig = !c.verb(s) && (c.before_is(1, DET | POSS | ADJ | NUM) || c.near(FARM));
    match (s, pig) {
        (false, true) => ("S AW1", "pig"),
        (false, false) => ("S OW1", "seed"),
        (true, true) => ("S AW1 Z", "pig"),
        (true, false) => ("S OW1 Z", "seed"),
    }
}

fn dove(c: &Context<'_>) -> Choice {
    const DOWN: &str =
        "into in off down under for headfirst deep right straight from beneath back to toward behind out";
    let subject = c.before_is(c.anchor(), WE | HE | CONJ | WH) || c.before_is(1, ADV);
    let jumped =
        subject && !c.after_is(1, BE) || c.next(DOWN) && !c.before_is(1, DET | ADJ | POSS) && !c.before(1).is_empty();
    either(jumped, ("D OW1 V", "dived"), ("D AH1 V", "bird"))
}

fn does(c: &Context<'_>) -> Choice {
    const DEER: &str = "deer buck bucks fawn fawns stag stags";
    either(
        c.near(DEER) && (c.before_is(1, DET | NUM | ADJ | CONJ) || c.after_is(1, CONJ)),
        ("D OW1 Z", "deer"),
        ("D AH1 Z", "do"),
    )
}

fn close(c: &Context<'_>) -> Choice {
    const NEAR: Choice = ("K L OW1 S", "near");
    const SHUT: Choice = ("K L OW1 Z", "shut");
    const CAME: &str = "came come comes coming get gets got getting stay stayed stays up draw drew keep kept hold held stood stand sit sat remain remained live lives lived been move moved grew follow pretty friends stick stuck look relatively fairly nowhere";
    let n = c.anchor();
    if c.before_is(1, DET | POSS) && !c.prev("all that enough so") {
        let end = c.next("of") || c.after(1).is_empty() && c.prev("a the its");
        return either(end, SHUT, NEAR);
    }
    if c.before_is(n, TO | MODAL) && !c.next("to") {
        return SHUT;
    }
    if c.prev(CAME)
        || c.before_is(1, BE | DEGREE | ADJ)
        || c.next("to enough by friend friends beside behind proximity range quarters contact encounter call")
    {
        return NEAR;
    }
    if c.before_is(n, HAVE) {
        return NEAR;
    }
    SHUT
}

fn used(c: &Context<'_>) -> Choice {
    const ACCUSTOMED: Choice = ("Y UW1 S T", "used to");
    const USED: Choice = ("Y UW1 Z D", "employed");
    if c.after(1) != "to" {
        return USED;
    }
    let n = c.anchor();
    let thing = c.after_is(2, DET | POSS | OBJ | ADJ) || c.after(2).ends_with("ing") && c.after(2).len() > 4;
    if among(c.before(n), "get gets got getting gotten grow grown become became") {
        return ACCUSTOMED;
    }
    if c.before_is(n, BE) {
        return either(thing || c.before(n + 1).is_empty() && c.after(2).is_empty(), ACCUSTOMED, USED);
    }
    if c.before_is(n, WE | HE | WH) || c.prev("that") && c.before_is(2, S) {
        return ACCUSTOMED;
    }
    // "The tool used to cut it broke": another verb follows, so this one is a participle.
    let participle = c.before_is(n, HAVE | PREP)
        || (2..8).any(|k| c.after_is(k + 1, BE | MODAL | HAVE | PAST) && !c.after_is(k, TO | WH | WE | HE));
    either(participle && !thing, USED, ACCUSTOMED)
}

fn minute(c: &Context<'_>) -> Choice {
    const SMALL: &str = "trace traces amount amounts detail details particle particles quantity quantities difference differences change changes fraction variation variations hole holes crystals cracks scratches creatures organisms doses dose scale size fragments";
    let small = c.next(SMALL) || c.prev("very extremely so too most almost are is even these") && !c.next("ago or");
    either(small, ("M AY0 N UW1 T", "tiny"), ("M IH1 N AH0 T", "time"))
}

fn content(c: &Context<'_>) -> Choice {
    let n = c.anchor();
    let feels = c.before_is(n, BE) && !c.next("that on in from for of is")
        || c.before_is(1, DEGREE) && !c.prev("more most less")
        || c.prev(
            "seem seemed seems feel feels felt look looks looked perfectly quite not sounds sounded remain remained",
        )
        || c.next("to with just") && !c.before_is(n, DET | POSS | ADJ | PREP) && c.before_is(1, BE | ADV | OBJ | CONJ)
        || c.next("yourself himself herself themselves ourselves myself");
    either(feels, ("K AH0 N T EH1 N T", "satisfied"), ("K AA1 N T EH0 N T", "what is in it"))
}
