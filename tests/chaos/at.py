"""The storm at one place: makes the site, starts the house, lets it storm, judges, writes ``result.json``."""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402

from tests.chaos.house import House  # noqa: E402
from tests.chaos.people import Judgement, judge, leavers, prepare  # noqa: E402
from tests.chaos.storm import Storm  # noqa: E402
from wagtail_precise_mail.conf import options  # noqa: E402


def main() -> None:
    """Do as the JSON object of the first argument says."""
    given = json.loads(sys.argv[1])
    folder = Path(given["folder"])
    campaign = prepare(given["messages"])
    house = House(folder, given["name"], clusters=given["clusters"], seed=given["seed"], badness=given["badness"])
    storm = Storm(house, campaign.pk, messages=given["messages"], kills=given["kills"], leavers=leavers())
    started, problem, stopped_in = time.monotonic(), "", 0.0
    try:
        house.start()
        storm.run()
        stopped_in = house.end()
    except Exception:
        problem = traceback.format_exc()
    finally:
        house.stop_all()
    took = time.monotonic() - started
    connection.close()
    (folder / "result.json").write_text(
        json.dumps(_result(given, house, storm, campaign.pk, took, stopped_in, problem))
    )


def _result(
    given: dict[str, Any], house: House, storm: Storm, campaign_id: int, took: float, stopped_in: float, problem: str
) -> dict[str, Any]:
    misdeeds, kept = house.misdeeds(), house.kept()
    refused = {address for _verb, deed, address in misdeeds if deed.startswith("5")}
    found = judge(campaign_id, kept, refused, storm.left_at)
    limit = _limit(given, house, misdeeds)
    sentences = [problem, *found.duplicates[:5], *found.lost[:5], *found.wrong[:5]]
    if found.unknown_count > limit:
        sentences.append(f"{found.unknown_count} are unknown; the kills explain {limit} at most.")
    if storm.killed < storm.kills:
        sentences.append(f"Only {storm.killed} of {storm.kills} kills were done before the end.")
    sentences = list(filter(None, sentences))
    return {
        **_figures(found),
        **house.counts,
        "messages": given["messages"],
        "arrived": sum(map(len, kept.values())),
        "unknown at most": limit,
        "left in mid-send": len(storm.left_at),
        "misdeeds of the server": len(misdeeds),
        "resumed by a person": storm.resume_count,
        "seconds": round(took),
        "seconds to stop": round(stopped_in, 1),
        "sentences": sentences,
        "is right": not sentences,
    }


def _figures(found: Judgement) -> dict[str, int]:
    return {
        "duplicates": len(found.duplicates),
        "lost": len(found.lost),
        "wrong": len(found.wrong),
        "unknown": found.unknown_count,
        "unknown that arrived": found.unknown_kept_count,
        **{state: found.by_state.get(state, 0) for state in ("accepted", "rejected", "skipped")},
    }


def _limit(given: dict[str, Any], house: House, misdeeds: list[tuple[str, str, str]]) -> int:
    """How many may be unknown: a batch for each process that died in handing over, and each answer that was lost."""
    # A worker has one message on each connection whose answer it waits for.
    connections = options().smtp_connections
    lost_answers = sum(verb in ("DOT", "REPLY") and deed == "drop" for verb, deed, _address in misdeeds)
    lost_servers = house.counts["mail server"] * given["clusters"] * 2 * connections
    return house.victims * options().handoff_size + lost_answers + lost_servers


if __name__ == "__main__":
    main()
