"""The classifier: what it says of real texts, how fast, and what it does with texts that are none.

tests/prove classification [GOLD.jsonl]: labelled records with text, leaf, urgency and site. They must not have been trained on.
Without them the pack's own held-out texts are measured, which are synthetic; the table says so.
"""
import collections
import json

import lib

PACK = lib.ROOT / "deploy" / "camau"


def proofs(root, arguments):
    gold = next((argument for argument in arguments if not argument.startswith("-")), None)

    def figures():
        source = ["--input", gold, "--leave-one-site-out"] if gold else []
        done = lib.run(lib.release("fieldreport"), "model", "evaluate", "--json", *source, timeout=1800)
        measured = json.loads(done.stdout)
        on = f"{measured['texts']} records, calibrated on other sites" if gold else "synthetic held-out texts only"
        return table(measured, on, real=bool(gold))

    return [training_text, model, figures, repeatable, bands, bad_input]


def table(measured, on, real):
    """The numbers are promised for real records; of synthetic texts only those hold that do not depend on the texts."""
    at_least = lambda claim, value, limit: (f"{claim} ({on})", f"≥ {limit}", f"{value:.3f}", value >= limit)
    at_most = lambda claim, value, limit: (f"{claim} ({on})", f"≤ {limit}", f"{value:.3f}", value <= limit)
    worst, worst_figures = min(measured["styles"].items(), key=lambda item: item[1]["field_accuracy"])
    told = lambda claim, value: (f"{claim} ({on})", "told", f"{value:.3f}", True)
    quality = [
        at_least("top class", measured["field_accuracy"], 0.87),
        at_least("scope", measured["scope_accuracy"], 0.97),
        at_most("calibration error", measured["calibration_error"], 0.08),
        at_least("urgent recall", measured["urgent_recall"], 0.85),
        at_least("urgent precision", measured["urgent_precision"], 0.40),
    ]
    rows = quality if real else [told(claim.split(" (")[0], float(value)) for claim, _, value, _ in quality]
    return rows + [
        (f"in-scope reports proposed for return ({on})", "0", str(measured["wrong_refusals"]), measured["wrong_refusals"] == 0),
        at_most("share whose scope goes to a person", measured["human_band_share"], 0.15),
        (f"emergencies told as normal ({on})", "0", str(measured["missed_emergencies"]), measured["missed_emergencies"] == 0),
        at_most("drop without accents", measured["styles"]["no accents"]["field_drop"], 0.03),
        told("leaf", measured["leaf_accuracy"]),
        told("macro F1 of top classes", measured["field_macro_f1"]),
        told("macro F1 of leaves", measured["leaf_macro_f1"]),
        told("out-of-scope precision", measured["out_of_scope_precision"]),
        told("out-of-scope recall", measured["out_of_scope_recall"]),
        told("top class at 80 % coverage", measured["field_accuracy_at_80"]),
        told("top class at 90 % coverage", measured["field_accuracy_at_90"]),
        told(f"worst variant: {worst}", worst_figures["field_accuracy"]),
        *speed(measured["speed"], measured["model_bytes"]),
    ]


def speed(speed, size):
    return [
        ("mean time per text, one core", "≤ 50 µs", f"{speed['mean_micros']:.1f} µs", speed["mean_micros"] <= 50),
        ("99 of 100 texts, one core", "≤ 200 µs", f"{speed['p99_micros']:.1f} µs", speed["p99_micros"] <= 200),
        ("texts in batch, one core", "≥ 15,000/s", f"{speed['texts_per_second']:,.0f}/s", speed["texts_per_second"] >= 15000),
        ("model read from its file", "< 50 ms", f"{speed['load_millis']:.1f} ms", speed["load_millis"] < 50),
        ("model", "≤ 8 MB", f"{size / 1e6:.2f} MB", size <= 8e6),
    ]


def training_text():
    texts = [json.loads(line) for path in sorted((PACK / "training").glob("*.jsonl"))
             for line in path.read_text().splitlines() if line.strip()]
    leaves = collections.Counter(text["leaf"] for text in texts)
    out = {leaf: count for leaf, count in leaves.items() if leaf.startswith("out_of_scope.")}
    within = min((count, leaf) for leaf, count in leaves.items() if leaf not in out)
    fewest_out = min((count, leaf) for leaf, count in out.items())
    distinct = len({text["text"].casefold() for text in texts})
    lengths = sorted(len(text["text"].split()) for text in texts)
    return [
        ("distinct training texts", "≥ 2,500", f"{distinct:,}", distinct >= 2500),
        ("leaves", "30", str(len(leaves)), len(leaves) == 30),
        ("texts of a leaf in scope, fewest", "≥ 60", f"{within[0]}, {within[1]}", within[0] >= 60),
        ("texts of a kind out of scope, fewest", "≥ 150", f"{fewest_out[0]}, {fewest_out[1]}", fewest_out[0] >= 150),
        ("words of a text", "4–200", f"{lengths[len(lengths) // 100]}–{lengths[-1]} (99 % and longest)",
         lengths[-1] >= 150),
    ]


def model():
    card = json.loads((PACK / "model" / "card.json").read_text())
    duplicates = card["data"]["near_duplicates_left_out"]
    return [("model card: data, figures, date, checksum", "all", "all",
             {"data", "held_out", "trained", "version"} <= card.keys()),
            ("near-duplicates left out of training", "told", str(duplicates), duplicates >= 0)]


def repeatable():
    """Training again from the same pack makes the same bytes."""
    with lib.folder() as folder:
        lib.run("cp", "-r", PACK, folder / "pack")
        lib.run(lib.release("fieldreport"), "model", "train", "--province", folder / "pack", timeout=1800)
        same = (folder / "pack/model/classifier.bin").read_bytes() == (PACK / "model/classifier.bin").read_bytes()
    return [("training again gives the model of the pack, byte for byte", "same", "same" if same else "different", same)]


def bands():
    done = lib.run(lib.release("fieldreport"), "model", "bands", "--json", timeout=1800)
    rows = json.loads(done.stdout)
    told = "; ".join(f"{row['writing']} {row['low']:.2f} → {row['allowed']['low'] or 'too few'}" for row in rows)
    return [("how decisions would move the bands, for each way of writing", "three", told, len(rows) == 3)]


def bad_input():
    done = lib.run("cargo", "test", "-p", "classification", "--test", "it", "--", "strange_texts", timeout=3000, check=False)
    result = next((line for line in done.stdout.splitlines() if line.startswith("test result")), "no result")
    passed = int(result.split(" passed")[0].split()[-1]) if " passed" in result else 0
    return [("bad input goes its documented way", "every row", f"{passed} passed, exit {done.returncode}",
             done.returncode == 0 and passed > 0)]
