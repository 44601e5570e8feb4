"""Tables, as Markdown for docs/QUALITY.md and as JSON."""
import json
import math


def cell(value):
    """Text of a number, of (value, low, high), or of anything."""
    if isinstance(value, (tuple, list)) and len(value) == 3:
        return cell(value[0]) if not math.isfinite(value[1]) else f"{number(value[0])} [{number(value[1])}, {number(value[2])}]"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    return number(value) if isinstance(value, (int, float)) else str(value).replace("|", "\\|")


def number(value):
    """At most three decimals, none where there is nothing after the point; no zero before the point."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "n/a"
    text = f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = text.replace("-0.", "-.") if text.startswith("-0.") else text[1:] if text.startswith("0.") else text
    return "0" if text in ("-0", "") else text


class Table:
    """One figure: title, columns, rows (lists as long as columns) and a note on how it was had."""

    def __init__(self, name, title, columns, note=""):
        self.name, self.title, self.columns, self.note = name, title, columns, note
        self.rows = []

    def add(self, *values):
        if len(values) != len(self.columns):
            raise ValueError(f"{self.name}: a row of {len(values)} under {len(self.columns)} columns")
        self.rows.append(list(values))

    def markdown(self):
        parts = [f"### {self.title}", ""]
        if self.note:
            parts += [self.note, ""]
        if self.rows:
            parts += ["| " + " | ".join(self.columns) + " |", "|" + "---|" * len(self.columns)]
            parts += ["| " + " | ".join(cell(value) for value in row) + " |" for row in self.rows]
        return "\n".join(parts) + "\n"

    def plain(self):
        """For JSON: values that are no number become null."""

        def clean(value):
            if isinstance(value, (tuple, list)):
                return [clean(item) for item in value]
            if hasattr(value, "item"):
                value = value.item()
            return None if isinstance(value, float) and not math.isfinite(value) else value

        return {
            "name": self.name,
            "title": self.title,
            "note": self.note,
            "columns": self.columns,
            "rows": [[clean(value) for value in row] for row in self.rows],
        }


def missing(name, title, reason):
    """A figure that could not be had, said plainly."""
    return Table(name, title, [], f"Not measured: {reason}.")


def write(folder, tables, about):
    """NAME.json and NAME.md for each table, and report.md with those of this run; returns the report."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        (folder / f"{table.name}.json").write_text(json.dumps(about | table.plain(), indent=1) + "\n", encoding="utf-8")
        (folder / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    heading = ", ".join(f"{key} {value}" for key, value in about.items())
    text = f"{heading}\n\n" + "\n".join(table.markdown() for table in tables)
    (folder / "report.md").write_text(text, encoding="utf-8")
    return text
