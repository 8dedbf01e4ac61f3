#!/usr/bin/env python3
"""Compares the library's numbers with Python's decimal arithmetic and its own reading of doubles.

    decimals.py BUILD [--pairs N] [--seed N]

BUILD/tests/numbers is the program built from numbers.c. Numbers come in a chain: each is compared with the two before
it, which are often the same value in another form or a neighbour in the last digit, so N numbers are N pairs and N
triples; every conversion is tried on each. The expectations come from Decimal(text), which is exact whatever the
context says, from int(), and from float(), which rounds correctly by itself and does not ask the C library.
"""
import argparse
import decimal
import multiprocessing
import os
import random
import re
import subprocess
import sys
import time
from decimal import Decimal

PAIRS = 1_000_000
CHUNK = 25_000  # numbers of one chain, for one run of the program
SHOWN_MAX = 5   # disagreements of a test that are printed
DIGITS_MAX, LOWEST, HIGHEST = 38, -130, 125
TEXT_MAX = 96   # DDBS_NUM_TEXT_MAX

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
RANGE, INEXACT, LIMIT, SYNTAX = "DDBS_E_RANGE", "DDBS_E_INEXACT", "DDBS_E_LIMIT", "DDBS_E_SYNTAX"
EITHER = (RANGE, INEXACT)  # both are true
INTEGERS = [(-2**63, 2**63 - 1), (0, 2**64 - 1), (-2**127, 2**127 - 1)]

# The columns of numbers.c and the sentence that each proves.
BEFORE_LAST, LAST, BACK, EQUAL, CANONICAL, WHOLE, I64, U64, I128, SCALED, F64, ROUNDED, FLAG = range(13)
SENTENCES = {
    LAST: "comparison agrees with decimal arithmetic",
    BEFORE_LAST: "comparison agrees with decimal arithmetic between every other number",
    BACK: "comparison the other way round agrees with decimal arithmetic",
    EQUAL: "equality agrees with decimal arithmetic",
    CANONICAL: "the canonical text is the shortest plain one, or has an exponent beyond 38 places",
    WHOLE: "is-integer agrees with integer arithmetic",
    I64: "int64_t is exact or the right status",
    U64: "uint64_t is exact or the right status",
    I128: "128-bit integers are exact or the right status",
    SCALED: "scaled integers are exact or the right status",
    F64: "a double is exact or inexact",
    ROUNDED: "the rounded double is the nearest one",
    FLAG: "the flag says whether the rounded double differs",
}
PROPERTIES = ["comparison is antisymmetric", "comparison is transitive", "comparison is 'equal' where equality is true",
              "the canonical text is a JSON number of the same value",
              "equal numbers, and no others, have the same canonical text"]
REFUSED = "what is no number, or none of DynamoDB's, is refused by every function alike"


# ---- numbers to try: value digits * 10**exponent

BOUNDARIES = [2**bits + delta for bits in (7, 8, 15, 16, 31, 32, 53, 54, 63, 64) for delta in (-1, 0, 1)]
WIDE_BOUNDARIES = [(2**127 // 10**cut + delta, cut) for cut in (1, 5) for delta in (-1, 0, 1)]
POWERS_5 = [5**power for power in range(60)]


def legal(digits, exponent):
    if digits == 0:
        return True
    text = str(digits)
    return len(text.rstrip("0")) <= DIGITS_MAX and LOWEST <= len(text) - 1 + exponent <= HIGHEST


def any_digits(bits):
    count = 1 + bits % DIGITS_MAX
    digits = (bits >> 8) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 10**count
    place = LOWEST + (bits >> 16) % (HIGHEST - LOWEST + 1) if bits & 0x80 else (bits >> 16) % 44 - 4
    return digits, place - len(str(digits)) + 1


def near_a_double(bits):
    """An integer of up to 54 bits times a power of two: doubles, and what lies right between two of them."""
    mantissa = (bits >> 10 | 1 << 53) >> bits % 3
    power = (bits >> 3) % 100 - 30
    digits, exponent = (mantissa << power, 0) if power >= 0 else (mantissa * POWERS_5[-power], power)
    if len(str(digits).rstrip("0")) > DIGITS_MAX:
        return mantissa, power
    return digits, exponent


def shortest_of_a_double(bits):
    """The 17 digits that a program prints for a double."""
    value = Decimal(repr(((bits & 0x1FFFFFFFFFFFFF) + 1) * 2.0 ** ((bits >> 53) % 100 - 60)))
    _, digits, exponent = value.as_tuple()
    return int("".join(map(str, digits))), exponent


def boundary(bits):
    if bits & 0xF00 == 0:
        return WIDE_BOUNDARIES[(bits >> 12) % len(WIDE_BOUNDARIES)]
    return BOUNDARIES[(bits >> 12) % len(BOUNDARIES)], -((bits >> 20) % 4)


def edge(bits):
    """Zeros, powers of ten, and the largest and smallest there is."""
    return [(0, (bits >> 8) % 300 - 150), (1, (bits >> 8) % 256 - 130), (10**38 - 1, 88), (10**38 - 1, -130),
            (1, 125), (1, -130), (10**37 + 1, -130), (999, 123)][(bits >> 4) % 8]


KINDS = [any_digits] * 8 + [near_a_double] * 3 + [shortest_of_a_double] + [boundary] * 3 + [edge]


def neighbour(digits, exponent, bits):
    """One more or less in the last of 38 digits, or in the last that there is."""
    count = len(str(digits))
    if bits & 0x100 and digits and count < DIGITS_MAX:
        digits, exponent = digits * 10**(DIGITS_MAX - count), exponent - (DIGITS_MAX - count)
    return abs(digits + (1 if bits & 0x200 else -1)), exponent


def next_number(digits, exponent, negative, bits):
    """Related to the one before it, or not."""
    relation, bits = bits & 7, bits >> 3
    if relation < 2:
        return digits, exponent, negative
    if relation == 2:
        related = *neighbour(digits, exponent, bits), negative
    elif relation == 3:
        related = digits, exponent + bits % 3 - 1, negative ^ (bits >> 2 & 1)
    else:
        related = *KINDS[bits & 15](bits >> 4), bits >> 63 & 1
    return related if legal(*related[:2]) else (bits % 10**18, -(bits % 20), negative)


# ---- forms of a number

def plain(text, exponent):
    if exponent >= 0:
        return text + "0" * exponent
    if -exponent < len(text):
        return text[:exponent] + "." + text[exponent:]
    return "0." + "0" * (-exponent - len(text)) + text


def with_exponent(text, exponent, bits):
    point = bits % (len(text) + 1)
    head, tail = text[:point] or "0", text[point:]
    power = exponent + len(tail)
    sign = "-" if power < 0 else ("+", "")[bits >> 8 & 1]
    zeros = "00" if bits & 0x600 == 0 else ""
    return f"{head}{'.' + tail if tail else ''}{'eE'[bits >> 11 & 1]}{sign}{zeros}{abs(power)}"


def form(digits, exponent, negative, bits):
    text = str(digits)
    text = plain(text, exponent) if bits & 1 else with_exponent(text, exponent, bits >> 8)
    if bits & 6 == 0:
        text = "0" * (bits >> 32 & 7) + text
        if "." in text and bits & 1:
            text += "0" * (bits >> 35 & 15)
    if negative:
        return "-" + text
    return "+" + text if bits & 0x78 == 0 else text


def scale_for(exponent, bits):
    return (0, 2, -exponent, -exponent - 1, 3, bits % 401 - 200, 2, -exponent + 1, -2)[bits % 9]


def chain(rng, count):
    """(text, scale) of `count` numbers."""
    digits, exponent, negative = 0, 0, 0
    for _ in range(count):
        digits, exponent, negative = next_number(digits, exponent, negative, rng.getrandbits(140))
        bits = rng.getrandbits(64)
        yield form(digits, exponent, negative, bits), max(-200, min(200, scale_for(exponent, bits >> 40)))


# ---- what must come out

def integer(value, whole, is_whole, low, high):
    if is_whole:
        return str(whole) if low <= whole <= high else RANGE
    if low == 0 and value < 0:
        return RANGE  # num.h: for unsigned integers every number below zero
    return INEXACT if low <= value <= high else EITHER


def scaled(value, scale):
    moved = value.scaleb(scale)
    low, high = INTEGERS[0]
    if not low <= moved <= high:
        return RANGE if moved == moved.to_integral_value() else EITHER
    return str(int(moved)) if moved == moved.to_integral_value() else INEXACT


def hexadecimal(number):
    return number.hex().replace("0x0.0p", "0x0.0000000000000p")


def canonical(value):
    if not value:
        return "0"
    value = value.normalize()
    is_plain = value.adjusted() < DIGITS_MAX and value.as_tuple().exponent >= -DIGITS_MAX
    return format(value, "f" if is_plain else "E")


def order(a, b):
    return "<" if a < b else ">" if a > b else "="


def expect(text, scale, value, last, before_last):
    """The line of numbers.c; a tuple where either status is right."""
    whole, number = int(value), float(text)
    is_whole = whole == value
    is_exact = Decimal(number) == value
    nearest = hexadecimal(number)
    return [order(before_last, value), order(last, value), order(value, last), "01"[last == value], canonical(value),
            "01"[is_whole], *[integer(value, whole, is_whole, *limits) for limits in INTEGERS], scaled(value, scale),
            nearest if is_exact else INEXACT, nearest, "10"[is_exact]]


def broken_properties(got, last_got, value, same):
    """Indexes of PROPERTIES that this line breaks by itself, without any expectation of ours about its order."""
    if last_got is None:
        return
    if "<=>".find(got[LAST]) + "<=>".find(got[BACK]) != 2:
        yield 0
    first, second, across = last_got[LAST], got[LAST], got[BEFORE_LAST]
    if (first == "=" or second in ("=", first)) and across != (second if first == "=" else first):
        yield 1
    if (got[LAST] == "=") != (got[EQUAL] == "1"):
        yield 2
    text = got[CANONICAL]
    if not JSON_NUMBER.fullmatch(text) or len(text) >= TEXT_MAX or Decimal(text) != value:
        yield 3
    if (text == last_got[CANONICAL]) != same:
        yield 4


def ask(program, lines):
    """The lines of the answer, split; whatever is missing is empty."""
    process = subprocess.run([program], input="".join(f"{text} {scale}\n" for text, scale in lines), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    answers = [line.split() for line in process.stdout.splitlines()]
    whole = len(answers) == len(lines) and all(len(answer) == len(SENTENCES) for answer in answers)
    if process.returncode != 0 or not whole:
        raise RuntimeError(f"{program}: exit status {process.returncode}, {len(answers)} lines for {len(lines)}: "
                           f"{process.stderr[:500]}")
    return answers


def compare_chunk(job):
    """{sentence: disagreements} of one chain."""
    program, seed, count = job
    decimal.getcontext().prec = 500
    lines = list(chain(random.Random(seed), count))
    faults = {}
    last_got, last, before_last = None, Decimal(0), Decimal(0)
    for (text, scale), got in zip(lines, ask(program, lines)):
        value = Decimal(text)
        want = expect(text, scale, value, last, before_last)
        if got != want:
            for column, (found, wanted) in enumerate(zip(got, want)):
                if found != wanted and found not in (wanted if isinstance(wanted, tuple) else ()):
                    faults.setdefault(SENTENCES[column], []).append(
                        f"{text} scale {scale} after {last} and {before_last}: {found}, not {wanted}")
        for broken in broken_properties(got, last_got, value, value == last):
            faults.setdefault(PROPERTIES[broken], []).append(f"{text} after {last} and {before_last}: {got}")
        last_got, last, before_last = got, value, last
    return faults


# ---- what is no number of DynamoDB

def verdict(text):
    if not NUMBER.fullmatch(text):
        return SYNTAX
    mantissa, _, exponent = text.lower().partition("e")
    if abs(int(exponent or 0)) > 1000:  # more than any text here is long, and perhaps than Decimal takes
        return LIMIT if Decimal(mantissa) else None
    value = Decimal(text)
    if value and (len(value.normalize().as_tuple().digits) > DIGITS_MAX or not LOWEST <= value.adjusted() <= HIGHEST):
        return LIMIT
    return None


def spoil(rng, text):
    """The text with a byte changed, added or removed, or the value out of the limits."""
    at = rng.randrange(len(text))
    how = rng.randrange(5)
    if how == 0:
        return text[:at] + rng.choice("+-.eE0123456789 ,x_") + text[at + 1:]
    if how == 1:
        return text[:at] + rng.choice("+-.eE09") + text[at:]
    if how == 2:
        return text[:at] + text[at + 1:]
    if how == 3:
        return f"{rng.choice(['', '-'])}{rng.randrange(1, 99)}E{rng.choice([-1, 1]) * rng.randrange(120, 140)}"
    long = "1" + "".join(rng.choice("09") for _ in range(rng.randrange(35, 41)))
    return long + rng.choice(["", "1", ".0", ".01", "e3"])


def compare_refused(program, seed, count):
    """Disagreements about what is refused, and the number of texts that were."""
    rng = random.Random(seed)
    texts = [text for text in (spoil(rng, text) for text, _ in chain(rng, count)) if "\n" not in text]
    faults, refused, last = [], 0, None
    for text, got in zip(texts, ask(program, [(text, 0) for text in texts])):
        want = verdict(text)
        refused += want is not None
        alone = got[CANONICAL:]
        if (want is not None and set(alone) != {want}) or (want is None and {SYNTAX, LIMIT} & set(alone)):
            faults.append(f"{text!r}: {alone}, not {want}")
        if want is not None and last is None and got[LAST:CANONICAL] != [want] * 3:
            faults.append(f"{text!r} compared: {got[LAST:CANONICAL]}, not {want}")
        last = want
    return faults, refused


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--seed", type=int, default=20261019)
    options = parser.parse_args()
    program = os.path.join(options.build, "tests", "numbers")
    started = time.monotonic()
    decimal.getcontext().prec = 500

    jobs = [(program, options.seed + begin, min(CHUNK, options.pairs - begin))
            for begin in range(0, options.pairs, CHUNK)]
    faults = {}
    with multiprocessing.Pool(min(len(jobs), os.cpu_count() or 1)) as pool:
        for found in pool.imap_unordered(compare_chunk, jobs):
            for sentence, more in found.items():
                faults.setdefault(sentence, []).extend(more)
    faults[REFUSED], refused = compare_refused(program, options.seed, max(1000, options.pairs // 50))
    if refused < 300:
        faults[REFUSED].append(f"only {refused} texts to refuse")

    print(f"# {options.pairs} pairs, {refused} refused texts, {time.monotonic() - started:.1f} s")
    for sentence in [*SENTENCES.values(), *PROPERTIES, REFUSED]:
        found = faults.get(sentence, [])
        for fault in found[:SHOWN_MAX]:
            print(f"# {fault}")
        print(f"not ok - {sentence}: {len(found)} disagreements" if found else f"ok - {sentence}", flush=True)
    return 1 if any(faults.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
