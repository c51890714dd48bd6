"""Trains the camera's model on labelled street pictures and writes it with its measures.

python -m models.camera.train --data DIR

DIR has the layout of models/camera/dataset.py and the class values of models/camera/camvid.py.
Every choice is made on `val`; `test` is looked at once, when all is done.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.camera.card import camera_card
from models.camera.confusion_picture import draw_confusion
from models.camera.dataset import LabelledPictures, load_split
from models.camera.familiarity import fit_familiarity, record_of
from models.camera.kind import CAMERA
from models.camera.measures import CommonestByPosition, confusion_over, figures
from models.catalogue import champion_in_use, roots_of
from models.training import Ruling, record_training
from models.training_command import (
    DEFAULT_SEED,
    Report,
    Trained,
    at_least,
    made_with,
    quieten_tensorflow,
    say,
)
from models.versions import (
    MODEL_FILE,
    as_recorded,
    promote,
    weights_hash,
    write_recorded_version,
)
from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.settings import load_settings
from services.camera.classes import GROUPS, ClassFile, InputScaling, encode_class_file
from services.camera.familiarity import Familiarity, write_familiarity
from services.camera.model_files import CLASS_FILE
from services.camera.model_files import DIRECTORY as CAMERA_DIRECTORY
from services.operations.database import open_operations

if TYPE_CHECKING:
    from models.camera.fit import FitOptions

CONFUSION_FILE: Final = "confusion.png"


def train(
    data: Path,
    root: Path,
    options: FitOptions,
    *,
    report: Report,
    now: datetime,
    kept_at: Path,
    encoder_weights: Path | None = None,
    finish_only: bool = False,
) -> Trained:
    """Train, evaluate once on `test`, and write the version.

    Parameters
    ----------
    root : Path
        Directory of the models; the version is written into its ``camera``.
    now : datetime
        Gives the version its day.
    kept_at : Path
        Where the best weights are kept meanwhile; ends in ``.weights.h5``.
    encoder_weights : Path, optional
        A local file for the VGG16 encoder.
    finish_only : bool
        Take the weights that an earlier run kept, instead of training.

    Raises
    ------
    PicturesUnusable
        When the pictures cannot be read.
    StorageError
        When the version cannot be written.
    """
    from models.camera import fit  # noqa: PLC0415 (see main)

    started = time.monotonic()
    learned, evaluated = load_split(data, "train"), load_split(data, "val")
    report(f"{len(learned)} pictures to learn from, {len(evaluated)} to choose by")
    if finish_only:
        model = fit.restore(kept_at, options)
    else:
        model = fit.fit(
            learned,
            evaluated,
            options,
            report,
            encoder_weights=encoder_weights,
            kept_at=kept_at,
        )
    report(f"trained in {time.monotonic() - started:.0f} s; evaluating on test")
    version = f"{now:%Y-%m-%d}-{weights_hash(model.get_weights())}"
    content, counts = _evaluated(model, learned, evaluated, load_split(data, "test"), options)
    familiarity = fit_familiarity(model, options.scaling, learned, evaluated)
    ruling = decide_by_baseline(content)
    measures = as_recorded(
        {
            "model_version": version,
            **content,
            "familiarity": record_of(familiarity),
            "decision": asdict(ruling),
        }
    )
    directory = _write(
        root / CAMERA_DIRECTORY, measures, model, options.scaling, (counts, familiarity)
    )
    is_champion = ruling.action == "promoted"
    if is_champion:
        promote(root / CAMERA_DIRECTORY, version)
    return Trained(directory, measures, is_champion)


def decide_by_baseline(content: dict[str, Any]) -> Ruling:
    """Promote what tells pictures apart better than the commonest class of each place."""
    if content["test"]["mean_iou"] > content["baseline"]["mean_iou"]:
        return Ruling("promoted", "better_than_baseline")
    return Ruling("refused", "worse_than_baseline")


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.weights is not None and given.weights.suffixes[-2:] != [".weights", ".h5"]:
        parser.error("--weights: expected a name that ends in .weights.h5")
    if given.finish and given.weights is None:
        parser.error("--finish needs --weights")
    quieten_tensorflow()
    # TensorFlow takes seconds to import: --help need not wait for it.
    from models.camera.fit import FitOptions  # noqa: PLC0415

    options = FitOptions(epochs=given.epochs, encoder=given.encoder, seed=given.seed)
    now = utc_now()
    with ExitStack() as stack:
        settings = load_settings()
        previous = champion_in_use(roots_of(settings.data_dir, CAMERA))
        trained = train(
            given.data,
            given.out or settings.data_dir / "models",
            options,
            report=say,
            now=now,
            kept_at=given.weights or _passing_place(stack),
            encoder_weights=given.encoder_weights,
            finish_only=given.finish,
        )
    # A version for another place is no decision of this installation.
    if given.out is None:
        record_training(open_operations(settings), CAMERA, trained, previous, now)
    test = trained.measures["test"]
    say(f"test mIoU {test['mean_iou']:.4f}, vehicle {test['iou']['vehicle'] or 0:.4f}")
    say(f"written: {trained.directory}")
    if not trained.is_champion:
        say("it is NOT used: its mean IoU is no better than the baseline's")
    return 0


def _passing_place(stack: ExitStack) -> Path:
    directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="camera-training-"))
    return Path(directory) / "best.weights.h5"


def _evaluated(
    model: Any,
    learned: LabelledPictures,
    evaluated: LabelledPictures,
    unseen: LabelledPictures,
    options: FitOptions,
) -> tuple[dict[str, Any], Any]:
    """What the record says, and the confusion on the unseen pictures."""
    from models.camera.fit import segment_with  # noqa: PLC0415

    segment = segment_with(model, options)
    counts = confusion_over(unseen, segment)
    baseline = CommonestByPosition(learned, options.size)
    training = {
        **asdict(options),
        "network": model.name,
        "weights": int(model.count_params()),
        **made_with(),
        "command": f"python -m models.camera.train --data DIR --encoder {options.encoder} "
        f"--epochs {options.epochs} --seed {options.seed}",
    }
    return {
        "pictures": {"train": len(learned), "val": len(evaluated), "test": len(unseen)},
        "training": training,
        "val": figures(confusion_over(evaluated, segment)),
        "test": figures(counts),
        "baseline": figures(confusion_over(unseen, baseline)),
        "confusion_picture": CONFUSION_FILE,
    }, counts


def _write(
    root: Path,
    measures: dict[str, Any],
    model: Any,
    scaling: InputScaling,
    beside: tuple[Any, Familiarity],
) -> Path:
    counts, familiarity = beside

    def write_files(directory: Path) -> None:
        model.save(directory / MODEL_FILE)
        (directory / CLASS_FILE).write_bytes(encode_class_file(ClassFile(GROUPS, scaling)))
        draw_confusion(counts, directory / CONFUSION_FILE)
        write_familiarity(familiarity, directory / MODEL_FILE)

    return write_recorded_version(root, measures, camera_card, write_files)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.camera.train", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="holds train/ trainannot/ …")
    parser.add_argument("--out", type=Path, help="directory of models; default: DATA_DIR/models")
    parser.add_argument("--epochs", type=at_least(1), default=55, help="default: 55")
    parser.add_argument("--encoder", choices=("small", "vgg16"), default="small")
    parser.add_argument(
        "--encoder-weights", type=Path, help="a local file for the VGG16 encoder; none: random"
    )
    parser.add_argument(
        "--weights", type=Path, help="where the best weights are kept: a file.weights.h5"
    )
    parser.add_argument(
        "--finish", action="store_true", help="evaluate and write what --weights kept; no training"
    )
    parser.add_argument(
        "--seed", type=at_least(0), default=DEFAULT_SEED, help=f"default: {DEFAULT_SEED}"
    )
    return parser


if __name__ == "__main__":
    run_command(main)
