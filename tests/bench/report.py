"""What a run of the benchmark shows: tables for the screen, and the chart of the README."""
import statistics
from xml.sax.saxutils import escape

import corpora

LABELS = {"ours": "ddbstream, decode", "whole": "ddbstream, whole", "simdjson": "simdjson on demand (C++)",
          "rapidjson": "rapidjson (C++)", "cjson": "cJSON (C)", "serde": "serde_json (Rust)",
          "go": "encoding/json (Go)", "node": "util-dynamodb (Node.js)", "python": "boto3 (Python)"}
CHART_CORPUS = "typical"


def number(value):
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


# Tables

COLUMNS = {"simdjson-westmere": "simd sse4", "simdjson-native": "simd best", "cjson-arena": "cj arena",
           "ours-sse2": "ours sse2", "ours-plain": "ours plain"}

def print_speeds(samples, sizes, names, title):
    columns = list(dict.fromkeys(name.split("/")[2] for name in samples if name.startswith("decode/")))
    rows = [name for name in names if any(f"decode/{name}/{column}" in samples for column in columns)]
    if not rows:
        return
    print(f"\n{title}, MB/s (median)")
    print(f"{'':17}{'KB':>6} " + "".join(f"{COLUMNS.get(column, column):>11}" for column in columns))
    for name in rows:
        cells = (samples.get(f"decode/{name}/{column}") for column in columns)
        print(f"{name:17}{sizes[name] / 1000:6.0f} "
              + "".join(f"{number(sizes[name] / statistics.median(cell) * 1000) if cell else '-':>11}" for cell in cells))


def print_times(samples):
    rows = [name for name in samples if name.startswith(("loop/", "start/"))]
    if rows:
        print("\nthe runtime, microseconds (median, least, most)")
    for name in rows:
        values = [value / 1000 for value in samples[name]]
        print(f"{name:28}{statistics.median(values):10.1f}{min(values):10.1f}{max(values):10.1f}")


def print_goals(shown, absent):
    print(f"\n{'':62}{'figure':>9}  {'least to most':>17}  goal")
    for row in shown:
        goal = "" if row.goal is None else f"{row.relation} {row.goal:g}  {row.verdict}"
        span = f"{number(min(row.values))} to {number(max(row.values))}" if len(row.values) > 1 else ""
        print(f"{row.text:62}{number(row.value):>9}  {span:>17}  {row.unit + ' ' if row.unit else ''}{goal}")
    for text in absent:
        print(f"{text:62}{'-':>9}  {'':>17}  not measured")


def print_all(context, samples, sizes, shown, absent):
    machine = context["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores, load {machine['load']:.1f} at the begin; seed {context['seed']}, "
          f"{context['rounds']} rounds in {context['seconds']} s")
    print("; ".join(f"{name} {version}" for name, version in context["versions"].items()))
    print_speeds(samples, sizes, corpora.REAL, "real shapes: typed, unmarshalled, number syntax checked, Binary as bytes")
    print_speeds(samples, sizes, corpora.ADVERSARIAL, "adversarial shapes")
    if any(name.startswith("decode/") for name in samples):
        print("ours: records of an event that is indexed (UTF-8 and envelope checked); whole: index, decode, callbacks; "
              "all others: the event from its bytes")
    print_times(samples)
    for name in ("raw", "bootstrap"):
        if name in context["notes"]:
            print(f"{name}: {context['notes'][name]}")
    print_goals(shown, absent)
    for name, why in context["missing"].items():
        print(f"missing: {name}: {why.splitlines()[0] if why else ''}")


# The chart

WIDTH, LEFT, RIGHT, TOP, STEP, BAR = 760, 210, 90, 60, 30, 18
BACKGROUND = "#f6f8fa"  # its own: an image is shown on pages of any colour
STYLE = """
    text { font: 13px system-ui, 'DejaVu Sans', sans-serif; fill: #1f2328; }
    .title { font-weight: 600; font-size: 15px; }
    .note { font-size: 12px; fill: #59636e; }
    .ours { fill: #1a7f64; }
    .peer { fill: #8c959f; }
"""


def bars_of(kept):
    """(label, class, MB/s) of the peers that were measured, the fastest first."""
    found = [(label, "ours" if peer in ("ours", "whole") else "peer", kept["rows"][f"decode/{CHART_CORPUS}/{peer}"])
             for peer, label in LABELS.items() if f"decode/{CHART_CORPUS}/{peer}" in kept["rows"]]
    return sorted(((label, kind, row["value"]) for label, kind, row in found), key=lambda bar: -bar[2])


def chart(kept):
    """The chart as SVG, from what results.json of this folder holds; nothing else is in it."""
    bars = bars_of(kept)
    most = max((value for _, _, value in bars), default=1)
    height = TOP + STEP * len(bars) + 34
    size = kept["corpora"][CHART_CORPUS] / 1000
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
           'role="img" aria-label="Decoding speed of ddbstream and its peers">',
           f"<style>{STYLE}</style>",
           f'<rect width="{WIDTH}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
           '<text class="title" x="12" y="26">Decoding a batch of 100 change records, MB/s</text>',
           f'<text class="note" x="12" y="45">{size:.0f} KB, both images: typed, strings unescaped, numbers checked, '
           'Binary as bytes; one core</text>']
    for index, (label, kind, value) in enumerate(bars):
        top = TOP + STEP * index
        length = max(1.0, (WIDTH - LEFT - RIGHT) * value / most)
        middle = top + BAR - 4
        out += [f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end">{escape(label)}</text>',
                f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2"/>',
                f'<text x="{LEFT + length + 8:.1f}" y="{middle}">{number(value)}</text>']
    out += [f'<text class="note" x="12" y="{height - 12}">{escape(kept["machine"]["cpu"])}; '
            f'median of {kept["rounds"]} rounds; repeat it with make bench</text>', "</svg>"]
    return "\n".join(out) + "\n"


def write_chart(path, kept):
    with open(path, "w", encoding="utf-8") as file:
        file.write(chart(kept))
