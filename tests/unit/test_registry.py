import json
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from model_examples import DATES, FEATURES, make_examples

from engine import registry
from engine.errors import IntegrityError, ModelError, UsageError
from engine.settings import Home
from features.catalog import fingerprint
from features.feature import Feature
from models.risk import RiskModel
from models.training import Settings, train

RISK = "emergency"


@pytest.fixture(scope="module")
def model() -> RiskModel:
    return train(make_examples(200, DATES[:1]), FEATURES, risk=RISK, seed=1, settings=Settings(rounds=2))


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> dict[str, Feature]:
    """The catalogue that has these columns and no others."""
    known = {feature.name: feature for feature in FEATURES}
    monkeypatch.setattr("features.catalog._BY_NAME", known)
    return known


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def keep(home: Home, model: RiskModel, seed: int = 1) -> str:
    tested = registry.parquet(pl.DataFrame({"household_id": ["a", "b"], "score": [0.5, None]}))
    return registry.keep(
        home, RISK, model, {registry.TESTED: tested, registry.METRICS: b'{"auc": 0.8}'}, {"seed": seed}
    )


def test_a_model_is_a_folder_that_comes_back_as_it_went(home: Home, model: RiskModel) -> None:
    model_id = keep(home, model)
    assert registry.kept_model(home, RISK, model_id) == model
    assert registry.metrics_of(home, RISK, model_id) == {"auc": 0.8}
    assert registry.rows_tested(home, RISK, model_id)["score"].to_list() == [0.5, None]
    assert registry.manifest_of(home, RISK, model_id)["seed"] == 1
    assert registry.ids(home, RISK) == (model_id,)
    assert registry.ids(home, "relative_poverty") == ()


def test_the_same_model_is_the_same_id_and_another_seed_is_another(home: Home, model: RiskModel) -> None:
    assert keep(home, model) == keep(home, model) != keep(home, model, seed=2)


@pytest.mark.parametrize("name", ["model.txt", "model.json", "metrics.json", "tested.parquet", "manifest.json"])
@pytest.mark.parametrize("how", ["altered", "taken away"])
def test_a_folder_that_was_tampered_with_is_refused(home: Home, model: RiskModel, name: str, how: str) -> None:
    model_id = keep(home, model)
    path = home.models / RISK / model_id / name
    if how == "altered":
        path.write_bytes(path.read_bytes().replace(b'"', b"'", 1) + b" ")
    else:
        path.unlink()
    with pytest.raises(IntegrityError, match=f"{model_id}: the model cannot be read"):
        registry.kept_model(home, RISK, model_id)


def test_a_file_too_many_is_tampering(home: Home, model: RiskModel) -> None:
    model_id = keep(home, model)
    (home.models / RISK / model_id / "notes.txt").write_text("believe me")
    with pytest.raises(IntegrityError, match=r"notes\.txt"):
        registry.rows_tested(home, RISK, model_id)


def test_a_model_made_with_another_catalogue_is_refused(
    home: Home, model: RiskModel, catalogue: dict[str, Feature]
) -> None:
    model_id = keep(home, model)
    was = catalogue.pop("rooms")
    with pytest.raises(ModelError, match=r"does not have: rooms"):
        registry.kept_model(home, RISK, model_id)
    catalogue["rooms"] = Feature(**{**vars(was), "unit": "m2"})
    with pytest.raises(ModelError, match="declared otherwise"):
        registry.kept_model(home, RISK, model_id)


def test_rolling_back_brings_the_earlier_model_and_then_there_is_none_before(home: Home, model: RiskModel) -> None:
    first, second = keep(home, model), keep(home, model, seed=2)
    with pytest.raises(UsageError, match="no model served before"):
        registry.roll_back(home, RISK)
    assert registry.set_serving(home, RISK, first) is None
    assert registry.set_serving(home, RISK, second) == first
    assert registry.set_serving(home, RISK, second) == second  # again changes nothing
    assert registry.promoted_model(home, RISK) == (second, model)
    assert registry.roll_back(home, RISK) == (second, first)
    assert registry.serving_of(home, RISK) == first
    with pytest.raises(UsageError, match="no model served before"):
        registry.roll_back(home, RISK)


def test_a_challenger_that_serves_is_none_any_more(home: Home, model: RiskModel) -> None:
    first, second = keep(home, model), keep(home, model, seed=2)
    registry.set_serving(home, RISK, first)
    registry.set_challenger(home, RISK, second)
    assert registry.challenger_model(home, RISK) == (second, model)
    registry.set_serving(home, RISK, second)
    assert registry.challenger_model(home, RISK) is None


def test_a_model_kept_by_an_earlier_version_still_opens(home: Home, model: RiskModel) -> None:
    files = model.to_files()
    model_id = registry._hash(b"".join(files[name] for name in sorted(files)))
    folder = home.models / RISK / model_id
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    assert registry.kept_model(home, RISK, model_id) == model
    assert registry.manifest_of(home, RISK, model_id) == {}
    facts = json.loads(files["model.json"]) | {"about": {}}
    (folder / "model.json").write_text(json.dumps(facts))
    with pytest.raises(IntegrityError, match="changed since"):
        registry.kept_model(home, RISK, model_id)


def test_a_manifest_that_names_the_rows_of_households_among_its_files_is_still_read(
    home: Home, model: RiskModel
) -> None:
    files = {registry.TESTED: b"tested", registry.EXPLAINED: b"explained", **model.to_files()}
    manifest = {
        "risk": RISK,
        "catalogue": fingerprint(model.feature_names),
        "files": {name: sha256(data).hexdigest() for name, data in files.items() if name != registry.TESTED},
        "tested": sha256(b"tested").hexdigest(),
    }
    data = registry.as_json(manifest)
    folder = home.models / RISK / sha256(data).hexdigest()[:12]
    folder.mkdir(parents=True)
    for name, content in {**files, registry.MANIFEST: data}.items():
        (folder / name).write_bytes(content)
    assert registry.kept_model(home, RISK, folder.name) == model
    (folder / registry.EXPLAINED).write_bytes(b"altered")
    with pytest.raises(IntegrityError, match=r"changed since it was trained: explained\.parquet"):
        registry.kept_model(home, RISK, folder.name)


def test_an_erasure_takes_tested_rows_and_the_model_stays_what_it_is(home: Home, model: RiskModel) -> None:
    model_id = keep(home, model)
    kept = registry.rows_tested(home, RISK, model_id).filter(pl.col("household_id") != "a")
    registry.forget_rows(home, RISK, model_id, registry.TESTED, kept)
    assert registry.rows_tested(home, RISK, model_id).equals(kept)
    assert registry.kept_model(home, RISK, model_id) == model
    path = home.models / RISK / model_id / "tested.parquet"
    path.write_bytes(registry.parquet(kept.clear()))
    with pytest.raises(IntegrityError, match=r"changed since it was trained: tested\.parquet"):
        registry.rows_tested(home, RISK, model_id)


def test_an_erasure_stopped_between_its_note_and_the_rows_leaves_all_of_them(
    home: Home, model: RiskModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_id = keep(home, model)
    before = registry.rows_tested(home, RISK, model_id)
    write = registry.write_bytes

    def stopped(path: Path, data: bytes) -> None:
        if path.suffix == ".parquet":
            raise KeyboardInterrupt
        write(path, data)

    for left in (before, before.head(1)):  # the second erasure finds what the first one left
        registry.forget_rows(home, RISK, model_id, registry.TESTED, left)
        monkeypatch.setattr(registry, "write_bytes", stopped)
        with pytest.raises(KeyboardInterrupt):
            registry.forget_rows(home, RISK, model_id, registry.TESTED, left.clear())
        monkeypatch.setattr(registry, "write_bytes", write)
        assert registry.rows_tested(home, RISK, model_id).equals(left)
        assert registry.kept_model(home, RISK, model_id) == model
