#!/usr/bin/env python3
"""Cut a journal fixture and what Optuna reads from it down to some studies.

    reduce.py all.journal.log expected.journal.json

Writes small.journal.log and small.expected.json here. Records that create
something, and the one that deletes a study, stay, so that all ids do too.
"""
import json
import pathlib
import sys

KEEP = {"all_distributions", "all_states", "multi_objective", "named_constraints",
        "legacy_distributions", "dashboard", "empty / 名前 with spaces"}

here = pathlib.Path(__file__).parent
expected = json.load(open(sys.argv[2]))
keep = {s["study_id"] for s in expected["studies"] if s["study_name"] in KEEP}
study_of, out = [], []
for line in open(sys.argv[1]):
    r = json.loads(line)
    if r["op_code"] == 4:
        study_of.append(r["study_id"])
    study = r["study_id"] if "study_id" in r else study_of[r["trial_id"]] if "trial_id" in r else None
    if r["op_code"] in (0, 1) or study in keep:
        out.append(line)
    elif r["op_code"] == 4:
        out.append(json.dumps({k: r[k] for k in ("op_code", "worker_id", "study_id", "datetime_start")},
                              separators=(",", ":")) + "\n")
(here / "small.journal.log").write_text("".join(out))
studies = [s for s in expected["studies"] if s["study_id"] in keep]
(here / "small.expected.json").write_text(json.dumps({"studies": studies}, ensure_ascii=False, indent=1) + "\n")
