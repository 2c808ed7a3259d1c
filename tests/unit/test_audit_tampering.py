"""A slice of ``make tamper``: every way of changing the audit log is found, on both databases."""

import importlib.util
from pathlib import Path

from databases import any_engine, migrated_template, postgres_server  # noqa: F401

SPEC = importlib.util.spec_from_file_location("tamper", Path(__file__).parents[1] / "long" / "tamper.py")
assert SPEC is not None
assert SPEC.loader is not None
tamper = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tamper)


def test_every_way_of_changing_the_log_is_found(any_engine):  # noqa: F811
    tamper.filled(any_engine, 12)
    found = {way.__name__: tamper.missed(any_engine, way, 12, 12, seed=2) for way in tamper.WAYS}
    assert len(found) == 14
    assert found == dict.fromkeys(found, 0)
    assert tamper.false_alarms(any_engine, 20) == 0


def test_a_change_that_is_none_is_not_counted_as_found(any_engine):  # noqa: F811
    tamper.filled(any_engine, 3)
    assert tamper.missed(any_engine, lambda attack: None, 3, 3, seed=1) == 3


def test_every_way_of_changing_a_log_whose_key_was_changed_is_found(any_engine):  # noqa: F811
    tamper.filled(any_engine, 12, changed=True)
    found = {
        way.__name__: tamper.missed(any_engine, way, 12, 12, seed=2, earlier=[tamper.FIRST])
        for way in (*tamper.WAYS, *tamper.SEAM_WAYS)
    }
    assert len(found) == 20
    assert found == dict.fromkeys(found, 0)
    assert tamper.false_alarms(any_engine, 20, [tamper.FIRST]) == 0


def test_whoever_has_the_first_key_changes_nothing_before_the_seam_even_without_a_checkpoint(any_engine):  # noqa: F811
    tamper.filled(any_engine, 12, changed=True)
    found = {
        way.__name__: tamper.missed(any_engine, way, 12, 12, seed=3, earlier=[tamper.FIRST], checkpoint=False)
        for way in tamper.SEAM_WAYS
    }
    assert found == dict.fromkeys(found, 0)
