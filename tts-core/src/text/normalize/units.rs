//! Units of measure after a number: symbol, singular, plural.

use super::scan::Scan;

/// A unit that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) one: &'static str,
    pub(super) many: &'static str,
}

/// Symbol, singular, plural, and whether it may stand apart from its number. Sorted by symbol, capitals first.
type Row = (&'static str, &'static str, &'static str, bool);
const TABLE: [Row; 140] = [
    ("A", "amp", "amps", false),
    ("Ah", "amp hour", "amp hours", true),
    ("BTU", "b t u", "b t u", false),
    ("Bps", "byte per second", "bytes per second", true),
    ("EB", "exabyte", "exabytes", true),
    ("GB", "gigabyte", "gigabytes", true),
    ("GHz", "gigahertz", "gigahertz", true),
    ("GPa", "gigapascal", "gigapascals", true),
    ("GW", "gigawatt", "gigawatts", true),
    ("GWh", "gigawatt hour", "gigawatt hours", true),
    ("Gb", "gigabit", "gigabits", true),
    ("Gbps", "gigabit per second", "gigabits per second", true),
    ("GiB", "gibibyte", "gibibytes", true),
    ("Hz", "hertz", "hertz", true),
    ("J", "joule", "joules", true),
    ("KB", "kilobyte", "kilobytes", true),
    ("KHz", "kilohertz", "kilohertz", true),
    ("Kbps", "kilobit per second", "kilobits per second", true),
    ("KiB", "kibibyte", "kibibytes", true),
    ("L", "liter", "liters", true),
    ("MB", "megabyte", "megabytes", true),
    ("MBps", "megabyte per second", "megabytes per second", true),
    ("MHz", "megahertz", "megahertz", true),
    ("MP", "megapixel", "megapixels", true),
    ("MPa", "megapascal", "megapascals", true),
    ("MW", "megawatt", "megawatts", true),
    ("MWh", "megawatt hour", "megawatt hours", true),
    ("Mb", "megabit", "megabits", true),
    ("Mbit", "megabit", "megabits", true),
    ("Mbps", "megabit per second", "megabits per second", true),
    ("MiB", "mebibyte", "mebibytes", true),
    ("MΩ", "megaohm", "megaohms", true),
    ("N", "newton", "newtons", false),
    ("Nm", "newton meter", "newton meters", true),
    ("PB", "petabyte", "petabytes", true),
    ("Pa", "pascal", "pascals", true),
    ("TB", "terabyte", "terabytes", true),
    ("TWh", "terawatt hour", "terawatt hours", true),
    ("Tbps", "terabit per second", "terabits per second", true),
    ("Tbsp", "tablespoon", "tablespoons", true),
    ("V", "volt", "volts", true),
    ("VA", "volt amp", "volt amps", true),
    ("W", "watt", "watts", true),
    ("Wh", "watt hour", "watt hours", true),
    ("atm", "atmosphere", "atmospheres", true),
    ("bar", "bar", "bars", true),
    ("bps", "bit per second", "bits per second", true),
    ("cal", "calorie", "calories", true),
    ("cc", "cubic centimeter", "cubic centimeters", true),
    ("cl", "centiliter", "centiliters", true),
    ("cm", "centimeter", "centimeters", true),
    ("cu ft", "cubic foot", "cubic feet", true),
    ("d", "day", "days", false),
    ("dB", "decibel", "decibels", true),
    ("dBm", "d b m", "d b m", true),
    ("dl", "deciliter", "deciliters", true),
    ("dm", "decimeter", "decimeters", true),
    ("dpi", "dot per inch", "dots per inch", true),
    ("fl oz", "fluid ounce", "fluid ounces", true),
    ("fps", "frame per second", "frames per second", true),
    ("ft", "foot", "feet", true),
    ("g", "gram", "grams", true),
    ("gal", "gallon", "gallons", true),
    ("gr", "gram", "grams", true),
    ("h", "hour", "hours", true),
    ("ha", "hectare", "hectares", true),
    ("hp", "horsepower", "horsepower", true),
    ("hr", "hour", "hours", true),
    ("hrs", "hour", "hours", true),
    ("in", "inch", "inches", false),
    ("kB", "kilobyte", "kilobytes", true),
    ("kHz", "kilohertz", "kilohertz", true),
    ("kJ", "kilojoule", "kilojoules", true),
    ("kN", "kilonewton", "kilonewtons", true),
    ("kPa", "kilopascal", "kilopascals", true),
    ("kV", "kilovolt", "kilovolts", true),
    ("kW", "kilowatt", "kilowatts", true),
    ("kWh", "kilowatt hour", "kilowatt hours", true),
    ("kb", "kilobit", "kilobits", true),
    ("kbps", "kilobit per second", "kilobits per second", true),
    ("kcal", "kilocalorie", "kilocalories", true),
    ("kg", "kilogram", "kilograms", true),
    ("kgs", "kilogram", "kilograms", true),
    ("km", "kilometer", "kilometers", true),
    ("kmh", "kilometer per hour", "kilometers per hour", true),
    ("kms", "kilometer", "kilometers", true),
    ("kph", "kilometer per hour", "kilometers per hour", true),
    ("kt", "knot", "knots", true),
    ("kΩ", "kiloohm", "kiloohms", true),
    ("l", "liter", "liters", true),
    ("lb", "pound", "pounds", true),
    ("lbs", "pound", "pounds", true),
    ("lm", "lumen", "lumens", true),
    ("m", "meter", "meters", true),
    ("mA", "milliamp", "milliamps", true),
    ("mAh", "milliamp hour", "milliamp hours", true),
    ("mV", "millivolt", "millivolts", true),
    ("mW", "milliwatt", "milliwatts", true),
    ("mcg", "microgram", "micrograms", true),
    ("mg", "milligram", "milligrams", true),
    ("mi", "mile", "miles", true),
    ("min", "minute", "minutes", true),
    ("mins", "minute", "minutes", true),
    ("ml", "milliliter", "milliliters", true),
    ("mm", "millimeter", "millimeters", true),
    ("mol", "mole", "moles", true),
    ("mpg", "mile per gallon", "miles per gallon", true),
    ("mph", "mile per hour", "miles per hour", true),
    ("ms", "millisecond", "milliseconds", true),
    ("ng", "nanogram", "nanograms", true),
    ("nm", "nanometer", "nanometers", true),
    ("ns", "nanosecond", "nanoseconds", true),
    ("oz", "ounce", "ounces", true),
    ("ppm", "part per million", "parts per million", true),
    ("psi", "p s i", "p s i", true),
    ("pt", "point", "points", false),
    ("px", "pixel", "pixels", true),
    ("qt", "quart", "quarts", true),
    ("rpm", "r p m", "r p m", true),
    ("s", "second", "seconds", true),
    ("sec", "second", "seconds", true),
    ("secs", "second", "seconds", true),
    ("sq ft", "square foot", "square feet", true),
    ("sq km", "square kilometer", "square kilometers", true),
    ("sq m", "square meter", "square meters", true),
    ("sq mi", "square mile", "square miles", true),
    ("t", "ton", "tons", false),
    ("tbsp", "tablespoon", "tablespoons", true),
    ("tsp", "teaspoon", "teaspoons", true),
    ("wk", "week", "weeks", true),
    ("wks", "week", "weeks", true),
    ("y", "year", "years", false),
    ("yd", "yard", "yards", true),
    ("yds", "yard", "yards", true),
    ("yr", "year", "years", true),
    ("yrs", "year", "years", true),
    ("Ω", "ohm", "ohms", true),
    ("μg", "microgram", "micrograms", true),
    ("μm", "micrometer", "micrometers", true),
    ("μs", "microsecond", "microseconds", true),
];

fn find(symbol: &str) -> Option<&'static Row> {
    TABLE.binary_search_by(|row| row.0.cmp(symbol)).ok().map(|i| &TABLE[i])
}

/// The unit at `i` (white space allowed before it if `apart`): its end and its reading for one and for many.
pub(super) fn at(scan: &Scan, i: usize) -> Option<(usize, String, String)> {
    let start = scan.spaces(i);
    let apart = start > i;
    if apart && start - i > 1 {
        return None;
    }
    let hyphen = scan.at(i) == '-' && scan.at(i + 1).is_ascii_alphabetic();
    let start = if hyphen { i + 1 } else { start };
    let (mut end, unit) = symbol(scan, start, apart || hyphen)?;
    let (mut one, mut many) = (unit.one.to_owned(), unit.many.to_owned());
    let power = match (scan.at(end), scan.at(end + 1)) {
        ('²', _) => Some(("square", 1)),
        ('³', _) => Some(("cubic", 1)),
        ('^', '2') => Some(("square", 2)),
        ('^', '3') => Some(("cubic", 2)),
        ('2', _) if matches!(unit.one, "meter" | "kilometer" | "centimeter" | "foot") => Some(("square", 1)),
        ('3', _) if matches!(unit.one, "meter" | "kilometer" | "centimeter" | "foot") => Some(("cubic", 1)),
        _ => None,
    };
    if let Some((word, len)) = power {
        end += len;
        one = format!("{word} {one}");
        many = format!("{word} {many}");
    }
    // "km/h", "m/s²", "mg/dl", "GB/month"
    if scan.at(end) == '/' && scan.at(end + 1).is_ascii_alphabetic() {
        let stop = scan.letters(end + 1);
        let divisor = scan.text(end + 1, stop);
        let name = match divisor.as_str() {
            "h" => Some("hour"),
            "s" => Some("second"),
            "d" => Some("day"),
            other => find(other).map(|row| row.1),
        };
        let squared = scan.at(stop) == '²';
        if let Some(name) = name {
            let tail = if squared { format!(" per {name} squared") } else { format!(" per {name}") };
            one.push_str(&tail);
            many.push_str(&tail);
            end = if squared { stop + 1 } else { stop };
        }
    }
    if scan.at(end).is_ascii_alphanumeric() || scan.at(end) == '\'' && scan.at(end + 1).is_ascii_alphabetic() {
        return None;
    }
    Some((end, one, many))
}

fn symbol(scan: &Scan, start: usize, apart: bool) -> Option<(usize, Unit)> {
    let end = scan.run(start, |c| c.is_ascii_alphabetic() || matches!(c, 'μ' | 'Ω'));
    if end == start || end - start > 5 {
        return None;
    }
    // Two-word symbols first: "sq ft", "fl oz".
    let second = end + 1;
    let dotted = if scan.at(end) == '.' && scan.at(end + 1) == ' ' { 1 } else { 0 };
    if scan.at(end + dotted) == ' ' {
        let tail = scan.letters(second + dotted);
        let pair = format!("{} {}", scan.text(start, end), scan.text(second + dotted, tail));
        if let Some(row) = find(&pair) {
            return Some((tail, Unit { one: row.1, many: row.2 }));
        }
    }
    let row = find(&scan.text(start, end))?;
    // "2 in." are inches, "2 in the bush" are not.
    let inches = row.0 == "in" && scan.at(end) == '.';
    (row.3 || !apart || inches).then_some((end, Unit { one: row.1, many: row.2 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn units_are_found_glued_and_apart() {
        let unit = |text: &str| at(&Scan::new(text), 0).map(|(end, _, many)| (end, many));
        assert_eq!(unit("kg"), Some((2, "kilograms".into())));
        assert_eq!(unit(" km/h now"), Some((5, "kilometers per hour".into())));
        assert_eq!(unit("m²"), Some((2, "square meters".into())));
        assert_eq!(unit(" sq ft"), Some((6, "square feet".into())));
        assert_eq!(unit(" in the"), None);
        assert_eq!(unit("kgx"), None);
    }
}
