"""What changes an outcome needs a new version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from distilforensics.analysis.catalogue import lock
from distilforensics.analysis.catalogue.loader import load_catalog
from distilforensics.analysis.catalogue.lock import lock_difference, lock_entry, lock_text, read_lock
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from distilforensics.analysis.catalogue.loader import Heuristic


def test_the_lock_holds_exactly_the_catalogue() -> None:
    """Ids, versions, hashes, defaults and all keys that decide agree."""
    assert {heuristic.id: lock_entry(heuristic) for heuristic in load_catalog()} == read_lock()


def test_an_indented_query_is_the_same_query(make_heuristic: Callable[..., Heuristic]) -> None:
    """White space does not count."""
    one = make_heuristic("select 1\nfrom groups")
    other = make_heuristic("select   1 from\n\tgroups")
    assert lock_difference(other, {one.id: lock_entry(one)}) is None


def test_a_change_under_the_same_version_is_named(make_heuristic: Callable[..., Heuristic]) -> None:
    """Query, defaults and what decides where it is judged all count; a higher version only has to be locked."""
    locked = {"structure.example": lock_entry(make_heuristic())}
    changed_default = make_heuristic(params={"min_accounts": {"default": 11, "unit": "accounts", "why": "x"}})
    changed_keys = make_heuristic(needs=["account_id", "started_at"], requires_order=True)
    assert lock_difference(make_heuristic("select 2"), locked) == "the query changed while the version stayed 1"
    assert lock_difference(changed_default, locked) == "a default changed while the version stayed 1"
    assert lock_difference(changed_keys, locked) == "needs and requires_order changed while the version stayed 1"
    raised = make_heuristic("select 2", version=2)
    assert lock_difference(raised, locked) == "version 2 is not in lock.json, which holds version 1"
    assert lock_difference(raised, {}) == "is not in lock.json"


def test_updating_writes_new_versions_and_refuses_silent_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_heuristic: Callable[..., Heuristic]
) -> None:
    """The text is sorted JSON; a change under the same version gives none."""
    path = tmp_path / "lock.json"
    monkeypatch.setattr(lock, "lock_file", lambda: path)
    monkeypatch.setattr(lock, "load_catalog", lambda: [make_heuristic()])
    written = lock_text()
    path.write_text(written)
    assert written == lock_text()
    assert json.loads(written)["structure.example"]["defaults"] == {"min_accounts": 10, "min_exchanges": 50}
    monkeypatch.setattr(lock, "load_catalog", lambda: [make_heuristic("select 2")])
    with pytest.raises(HeuristicError, match="raise `version`"):
        lock_text()
    monkeypatch.setattr(lock, "load_catalog", lambda: [make_heuristic("select 2", version=2)])
    assert 2 == json.loads(lock_text())["structure.example"]["version"]
