"""The model card of a segmenter: what it is, what it learned from, how good it is."""

from __future__ import annotations

from typing import Any

from models.tables import markdown_table


def camera_card(measures: dict[str, Any]) -> str:
    """Write the card of a version from its record (``measures.json``)."""
    training, test, baseline, val = (
        measures[name] for name in ("training", "test", "baseline", "val")
    )
    pictures = measures["pictures"]
    return f"""\
# What is where in a street picture, {measures["model_version"]}

## What it does
Gives, for each pixel of a street picture, one of the Cityscapes groups: flat (road and pavement),
construction, object (poles and signs), nature, sky, human, vehicle. *Void* is the group of what
nobody labelled: it is in no loss and no measure, and the model does not learn to say it. It is
meant for a rough reading of the traffic in a picture, by people who see the picture beside it. It
is **not** meant for driving, for counting exactly, for enforcement, or for telling who somebody is.

## What it learned from
CamVid (Brostow, Fauqueur, Cipolla, "Semantic object classes in video", 2009), the split of SegNet:
{pictures["train"]} pictures to learn from, {pictures["val"]} to choose by, {pictures["test"]} to
judge by, 320 × 240, filmed from a car in Cambridge by day and at dusk. **CamVid is given for
research use; so is this model, which was made from it.** No picture of it is in this repository.
Its classes became groups by the table in `models/camera/camvid.py`.

## How good it is
On the {pictures["test"]} `test` pictures, each at its own size, looked at once, after every choice
had been made on `val`. IoU is the intersection over the union of true and found pixels, over all
pictures together. The baseline says at each place what was commonest there in `train`.

{_iou_table(test, baseline, val)}

Vehicle: precision {test["vehicle_precision"]:.4f}, recall {test["vehicle_recall"]:.4f} (pixels).
Pixel accuracy {test["pixel_accuracy"]:.4f}, baseline {baseline["pixel_accuracy"]:.4f}.

![Confusion matrix]({measures["confusion_picture"]})

## Limits
- One town, one camera behind a windscreen, by day and at dusk: another view (from above, at night,
  in rain or snow, through a wide-angle lens) is outside what it has seen.
- It sees 256 × 256 pixels: what is but a few of them wide (poles, signs, people far away) is often
  missed or drawn too thick: see object and human above.
- Riders and their bicycles count as *human*, parked vehicles as *vehicle* like those that drive.
- Vehicles one behind the other run together.

{familiarity_section(measures)}

## How it was made
A {training["network"]} of {training["weights"]:,} weights (`models/camera/architecture.py`), seed
{training["seed"]}, {training["epochs"]} epochs, the best epoch by mean IoU on `val` kept; weighted
cross-entropy and Dice loss; Keras {training["keras"]}, TensorFlow {training["tensorflow"]}.

    {training["command"]}
"""


def familiarity_section(measures: dict[str, Any]) -> str:
    """What the card says of pictures that are unlike those that were learnt."""
    found = measures["familiarity"]
    return f"""\
## What it says of other pictures
How like its own pictures one is: `model.familiarity.npz`, the Mahalanobis distance of the means
of `{found["layer"]}` from those of `train` and of variants of it
(`models/camera/familiarity.py`). Full certainty up to {found["usual"]:.3f}, within which 95 % of
`val` lie; from there it falls to nothing at {found["limit"]:.3f}, within which 95 % of the variants
of `val` lie. Beyond it nothing is read. How often it is sure and wrong even so is in
docs/camera.md."""


def _iou_table(test: dict[str, Any], baseline: dict[str, Any], val: dict[str, Any]) -> str:
    rows = [
        [name, _number(value), _number(baseline["iou"][name]), _number(val["iou"][name])]
        for name, value in test["iou"].items()
    ]
    rows.append(["**mean**", *(_number(item["mean_iou"]) for item in (test, baseline, val))])
    return markdown_table(["IoU", "test", "baseline, test", "val"], rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
