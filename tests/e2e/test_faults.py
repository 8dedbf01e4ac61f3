#!/usr/bin/env python3
"""`ddbstream run --fault`: every kind over the example orders, judged from its source file and its journal; what each kind
does to a function; that a seed is all there is to it.

    python3 tests/e2e/test_faults.py [BIN] [--seeds N]      BIN holds ddbstream (default: build)
"""
import os
import sys
import tempfile

from trial_harness import (BUCKET, ITEMS, ORDERS, call, check, equal, judge, main, mapping, name_of, record, run_orders,
                           run_python, test)

KINDS = ["crash-before", "crash-in", "crash-after", "timeout", "malformed", "oversized", "wrong-identifier", "broken-next",
         "skew", "freeze", "dup", "throttle", "lost-checkpoint", "expired-iterator", "split", "merge"]
SEEDS = int(sys.argv[sys.argv.index("--seeds") + 1]) if "--seeds" in sys.argv else 4
SOURCE = os.path.join(ORDERS, "orders.jsonl")


def holds(run, what):
    """At-least-once and in-order hold, says the judge of this script, and the command agrees."""
    equal(judge(SOURCE, run.journal(), run.given_up()), ([], []), what)
    equal(run.status, 0, what + ": " + run.out[-600:] + run.err)
    check("\nheld: at-least-once in-order" in run.out, run.out[-300:])
    equal({fault: count for fault, count in run.counts.items() if count},
          {kind: sum(line["fault"] == kind for line in run.faults) for kind in {line["fault"] for line in run.faults}},
          what + ": counts")


def orders(folder, spec, seed, *more, **changes):
    inner = tempfile.mkdtemp(dir=folder)
    return run_orders(inner, "--fault", spec, "--seed", str(seed), "--expect", "at-least-once,in-order", *more, **changes)


# ---- Orders ----------------------------------------------------------------------------------------------------------

@test
def every_kind_alone_over_orders_loses_nothing_and_keeps_the_order(folder):
    for kind in KINDS:
        # A merge needs a split before it. Small batches, so that there is a second move of the checkpoint.
        spec = "split:at=3,merge:at=9" if kind == "merge" else f"{kind}:at=3"
        run = orders(folder, spec, 1, BatchSize=5)
        holds(run, kind)
        equal(run.counts[kind], 1, kind)
        check(f"{kind} 1" in run.out, run.out[-400:])


@test
def all_kinds_together_over_orders_for_many_seeds(folder):
    total = dict.fromkeys(KINDS, 0)
    for seed in range(1, SEEDS + 1):
        run = orders(folder, "all:p=0.06", seed, "--quiet", BatchSize=10)
        holds(run, f"seed {seed}")
        for kind in KINDS:
            total[kind] += run.counts[kind]
    print(f"# {SEEDS} seeds: " + ", ".join(f"{kind} {count}" for kind, count in total.items()), flush=True)
    equal([kind for kind in KINDS if total[kind] == 0], [], "kinds that never happened")


@test
def in_several_lanes_too(folder):
    for seed in range(1, 3):
        run = orders(folder, "all:p=0.05", seed, "--partition-key", "OrderId", ParallelizationFactor=4, BatchSize=5)
        holds(run, f"seed {seed}")


@test
def the_same_seed_gives_the_same_trace_and_another_one_another(folder):
    for lanes in (1, 4):
        runs = [orders(folder, "all:p=0.05", seed, BatchSize=5, ParallelizationFactor=lanes) for seed in (5, 5, 6)]
        equal(runs[0].trace(), runs[1].trace(), f"{lanes} lanes")
        check(len(runs[0].faults) > 5, "hardly anything happened")
        check(runs[0].trace() != runs[2].trace(), "the seed makes no difference")


@test
def what_happens_does_not_depend_on_what_else_can_happen(folder):
    alone = orders(folder, "throttle:p=0.2", 3, BatchSize=5)
    other = orders(folder, "throttle:p=0.2,skew:p=0.3", 3, BatchSize=5)
    pick = lambda run: [line["delivery"] for line in run.faults if line["fault"] == "throttle"]
    equal(pick(alone), pick(other), "throttled deliveries")
    check(other.counts["skew"] > 0 and pick(alone), "nothing happened")


@test
def a_fault_happens_at_most_n_times(folder):
    run = orders(folder, "throttle:p=1:n=3", 1, BatchSize=20)
    equal((run.counts["throttle"], run.status), (3, 0), run.out[-300:])
    equal([turn["end"] for turn in run.turns][:4], ["throttled"] * 3 + ["response"], "the first deliveries")
    equal({turn["attempt"] for turn in run.turns[:4]}, {1}, "a throttle is no attempt")


# ---- What a function sees --------------------------------------------------------------------------------------------

RECORDS = [record(i) for i in range(1, 13)]


def play(folder, spec, *more, records=None, **changes):
    esm = mapping(BatchSize=4, MaximumRetryAttempts=5, **ITEMS, **changes)
    return run_python(folder, esm, records or RECORDS, "--fault", spec, "--seed", "1", *more)


def batches(run):
    return [[int(name) - int(name_of(0)) for name in each["names"]] for each in run.given]


ONE, TWO, THREE = [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]


@test
def a_crash_before_the_handler_gives_the_event_to_a_new_process_only(folder):
    run = play(folder, "crash-before:at=2")
    equal(batches(run), [ONE, TWO, THREE], "events")
    equal([turn["end"] for turn in run.turns], ["response", "crashed", "response", "response"], "ends")
    check(run.given[0]["pid"] != run.given[1]["pid"] == run.given[2]["pid"], "processes")


@test
def a_crash_after_the_handler_loses_an_answer_whose_effects_are_there(folder):
    run = play(folder, "crash-after:at=2")
    equal(batches(run), [ONE, TWO, TWO, THREE], "events")
    equal([turn["end"] for turn in run.turns], ["response", "crashed", "response", "response"], "ends")
    equal(run.given[1]["request"], run.given[2]["request"], "an unchanged retry keeps its request id")
    equal(run.journal().count(name_of(5)), 2, "the effect was there before the crash")


@test
def a_crash_in_the_handler_hits_it_before_between_and_after_its_effects(folder):
    done = []
    for seed in range(1, 301):
        if len(done) >= 30 and any(0 < count < 8 for count in done):
            break
        run = orders(folder, "crash-in:at=1", seed, "--quiet")
        equal([turn["end"] for turn in run.turns][:2], ["crashed", "response"], f"seed {seed}")
        holds(run, f"seed {seed}")
        # What was done before the crash is done again after it: the eight records before the one that is busy first.
        journal = run.journal()
        done.append(next((i for i in range(1, len(journal)) if journal[i] == journal[0]), 0))
    check(any(0 < count < 8 for count in done), f"never in the middle: {sorted(done)}")
    check(0 in done and max(done) == 8, f"always in the middle: {sorted(done)}")


@test
def a_timeout_is_not_waited_for_where_waits_are_skipped_and_moves_the_clock(folder):
    run = play(folder, "timeout:at=1", "--timeout", "900")
    equal([turn["end"] for turn in run.turns], ["timed-out"] + ["response"] * 3, "ends")
    equal(run.turns[0]["reason"], "Task timed out after 900.00 seconds", "AWS's words")
    old = tempfile.mkdtemp(dir=folder)
    run = play(old, "timeout:at=1", "--timeout", "900", MaximumRecordAgeInSeconds=60)
    check(run.summary["expired"] > 0, "the records have aged by the timeout")


@test
def a_timeout_in_real_time_is_a_function_that_stands_still_until_its_deadline(folder):
    esm = mapping(BatchSize=4, MaximumRetryAttempts=5)
    run = run_python(folder, esm, RECORDS, "--fault", "timeout:at=2", "--seed", "1", "--timeout", "1", skip=False,
                     env={"MODE": "slow"})
    equal([turn["end"] for turn in run.turns], ["response", "timed-out", "response", "response"], run.out)
    check(run.turns[1]["durationMs"] >= 1000, "it was not waited for")


@test
def spoilt_answers_fail_the_whole_batch(folder):
    for kind, end in (("malformed", "response"), ("wrong-identifier", "response"), ("oversized", "error")):
        inner = tempfile.mkdtemp(dir=folder)
        run = play(inner, f"{kind}:at=2")
        equal(batches(run), [ONE, TWO, TWO, THREE], kind)
        equal((run.turns[1]["end"], run.turns[1]["step"]), (end, "retry"), kind)
        equal(run.given[0]["pid"], run.given[3]["pid"], "the process lives on")
        if kind == "oversized":
            equal(run.turns[1]["errorType"], "Function.ResponseSizeTooLarge", kind)


@test
def a_broken_next_is_one_cut_connection(folder):
    run = play(folder, "broken-next:at=2")
    equal(batches(run), [ONE, TWO, THREE], "events")
    equal([list(each)[0] for each in run.notes], ["names", "cut", "names", "names"], "what the runtime saw")
    equal([turn["end"] for turn in run.turns], ["response"] * 3, "nobody else notices")


@test
def a_skewed_deadline_is_an_hour_off(folder):
    run = play(folder, "skew:p=1", "--timeout", "30")
    off = [round(each["deadline"] - each["at"] - 30) for each in run.given]
    check(all(abs(abs(each) - 3600) < 30 for each in off), off)
    equal(run.counts["skew"], 3, "counted")


@test
def frozen_means_that_nothing_runs_between_two_invocations(folder):
    run = play(folder, "freeze:p=1")
    equal((batches(run), run.status, run.counts["freeze"]), ([ONE, TWO, THREE], 0, 3), run.err)
    equal(len({each["pid"] for each in run.given}), 1, "the process lives on")
    # A thread that ticks a hundred times a second stands still while the mapping waits 200 ms after a throttle.
    inner = tempfile.mkdtemp(dir=folder)
    run = run_python(inner, mapping(BatchSize=4), RECORDS, "--fault", "freeze:at=1,throttle:at=2", "--seed", "1",
                     skip=False, env={"MODE": "tick"})
    ticks = [each["tick"] for each in run.notes if "tick" in each]
    check(max(b - a for a, b in zip(ticks, ticks[1:])) > 0.15, "it went on")


@test
def a_duplicate_is_the_same_batch_once_more_after_its_success(folder):
    run = play(folder, "dup:at=2")
    equal(batches(run), [ONE, TWO, TWO, THREE], "events")
    equal(run.given[1]["request"], run.given[2]["request"], "request ids")
    equal((len(run.turns), run.summary["done"]), (3, 12), "the mapping hears of one")


@test
def a_lost_checkpoint_reads_the_last_batch_again_under_the_same_numbers(folder):
    run = play(folder, "lost-checkpoint:at=2")
    equal(batches(run), [ONE, TWO, TWO, THREE], "events")
    check(run.given[1]["request"] != run.given[2]["request"], "a new delivery has a request id of its own")
    equal([(turn["first"], turn["last"]) for turn in run.turns], [(1, 4), (5, 8), (5, 8), (9, 12)], "places")
    equal((run.summary["polled"], run.summary["done"]), (16, 16), "counted as they are read")


@test
def an_expired_iterator_cuts_the_batch_short_and_loses_nothing(folder):
    run = play(folder, "expired-iterator:at=3")
    equal(batches(run), [[1, 2], [3, 4, 5, 6], [7, 8, 9, 10], [11, 12]], "events")


@test
def a_split_goes_on_in_two_children_and_a_merge_in_one(folder):
    run = play(folder, "split:at=5,merge:at=4")
    given = batches(run)
    equal(sorted(sum(given, [])), list(range(1, 13)), "each record once")
    equal(given[0], ONE, "the parent comes first")
    places = [turn["first"] for turn in run.turns]
    check(places.count(1) >= 3, f"each shard counts from 1: {places}")
    equal(sorted(given[-1])[-1], 12, "what follows the merge comes last")


@test
def retries_are_spent_by_crashes_and_then_the_records_are_given_up(folder):
    esm = mapping(BatchSize=4, MaximumRetryAttempts=1, DestinationConfig=BUCKET)
    run = run_python(folder, esm, RECORDS, "--fault", "crash-after:p=1:n=2", "--seed", "1")
    equal(run.given_up(), {name_of(i) for i in ONE}, "given up")
    equal((run.summary["discarded"], run.summary["done"]), (4, 8), "totals")


# ---- The specification -----------------------------------------------------------------------------------------------

@test
def a_specification_that_cannot_be_read_says_what_was_expected(folder):
    for spec, reason in (("", "the name of a kind"), ("crsh", "crash-before"), ("crash:", "p=0.02, at=57 or n=3"),
                         ("crash:p=2", "a probability above 0 and at most 1"), ("crash:p=0", "a probability"),
                         ("crash:p=-1", "a probability"), ("crash:p=1e-3", "a probability"), ("crash:at=0", "from 1 on"),
                         ("crash:p=0.1:at=2", "p or at, not both"), ("crash:x=1", "p=, at= or n="),
                         ("crash,,dup", "the name of a kind"), ("crash:n=", "a number"), ("dup:p=0.1;n=2", "a probability"),
                         (",".join(["all"] * 5), "at most 64 rules")):
        got = call("run", "x", "--esm", "y", "--source", "z", "--fault", spec)
        equal(got.returncode, 2, spec)
        check("--fault: expected " in got.stderr and reason in got.stderr, f"{spec}: {got.stderr}")


if __name__ == "__main__":
    sys.exit(main("faults"))
