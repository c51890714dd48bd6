from __future__ import annotations

import io
import itertools
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.camera import picture
from services.camera.errors import (
    NotAPicture,
    PictureDamaged,
    PictureRefused,
    PictureTooCostly,
    PictureTooLarge,
)
from services.camera.picture import (
    MAX_BYTES,
    PADDING,
    decode_picture,
    letterbox,
    placement,
    unletterbox_mask,
)
from tests.cameras import SCAN, with_scans

ORIENTATION = 0x0112
RED, BLUE = (220, 30, 40), (20, 40, 210)


def halves(width=48, height=32):
    """Red on the left, blue on the right."""
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2], pixels[:, width // 2 :] = RED, BLUE
    return Image.fromarray(pixels)


def encoded(image, file_format="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def claiming(width, height):
    """A PNG whose header promises more pixels than it has."""
    data = bytearray(encoded(halves()))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def near(pixel, colour, tolerance=12):
    return np.abs(pixel.astype(int) - colour).max() <= tolerance


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_format_gives_the_same_picture(file_format):
    rgb = decode_picture(encoded(halves(), file_format))
    assert (rgb.shape, rgb.dtype) == ((32, 48, 3), np.uint8)
    assert near(rgb[16, 4], RED)
    assert near(rgb[16, -4], BLUE)


@pytest.mark.parametrize("mode", ["RGBA", "P", "CMYK", "YCbCr"])
def test_every_mode_of_colour_becomes_rgb(mode):
    file_format = "PNG" if mode in {"RGBA", "P"} else "JPEG"
    image = halves().quantize(8) if mode == "P" else halves().convert(mode)
    rgb = decode_picture(encoded(image, file_format))
    assert near(rgb[16, 4], RED, tolerance=30)
    assert near(rgb[16, -4], BLUE, tolerance=30)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_becomes_three_equal_channels(mode):
    rgb = decode_picture(encoded(halves().convert(mode)))
    assert rgb.shape == (32, 48, 3)
    assert (rgb == rgb[..., :1]).all()


def test_sixteen_bits_are_scaled_not_cut_off():
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(32, axis=0)
    rgb = decode_picture(encoded(Image.fromarray(ramp)))
    assert (rgb[0, 0, 0], rgb[0, -1, 0]) == (0, 255)
    assert abs(int(rgb[0, 32, 0]) - 128) < 4


def test_what_is_transparent_lies_on_white():
    image = halves().convert("RGBA")
    image.putalpha(0)
    assert (decode_picture(encoded(image)) == 255).all()


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(file_format):
    later = Image.new("RGB", (48, 32), (0, 255, 0))
    data = encoded(halves(), file_format, save_all=True, append_images=[later] * 3)
    assert near(decode_picture(data)[16, 4], RED)


def test_a_picture_taken_sideways_stands_upright():
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # To be turned by 90° clockwise.
    rgb = decode_picture(encoded(halves(), "JPEG", exif=exif))
    assert rgb.shape == (48, 32, 3)
    assert near(rgb[4, 16], RED)
    assert near(rgb[-4, 16], BLUE)


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7 ...",
        b"just words",
        encoded(halves(), "BMP"),
        encoded(halves(), "TIFF"),
    ],
    ids=["svg", "pdf", "text", "bmp", "tiff"],
)
def test_other_files_are_no_pictures(data):
    with pytest.raises(NotAPicture, match="JPEG, PNG, WebP or GIF"):
        decode_picture(data)


def test_nothing_is_damaged():
    with pytest.raises(PictureDamaged, match="empty"):
        decode_picture(b"")


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_damaged(file_format):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    data = encoded(Image.fromarray(noise), file_format)
    with pytest.raises(PictureDamaged):
        decode_picture(data[: len(data) // 2])


def test_a_file_of_too_many_bytes_is_not_even_looked_at():
    with pytest.raises(PictureTooLarge, match=f"{MAX_BYTES:,}"):
        decode_picture(b"x" * (MAX_BYTES + 1))


@pytest.mark.parametrize("side", [6_000, 20_000])
def test_a_small_file_of_too_many_pixels_is_refused_before_it_is_decoded(side):
    with pytest.raises(PictureTooLarge, match="pixels"):
        decode_picture(claiming(side, side))


def test_more_pixels_than_are_taken_are_refused(monkeypatch):
    monkeypatch.setattr(picture, "MAX_PIXELS", 1_000)
    with pytest.raises(PictureTooLarge, match="48 × 32 pixels, at most 1,000 in all"):
        decode_picture(encoded(halves()))


def test_a_single_pixel_is_too_small():
    with pytest.raises(PictureDamaged, match="1 × 1"):
        decode_picture(encoded(Image.new("RGB", (1, 1))))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_mutated_files_give_a_picture_or_a_refusal_and_nothing_else(file_format, monkeypatch):
    monkeypatch.setattr(picture, "MAX_PIXELS", 100_000)
    generator = np.random.default_rng(35)
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    options = {} if file_format == "GIF" else {"exif": exif}
    original = np.frombuffer(encoded(halves(32, 24), file_format, **options), dtype=np.uint8)
    for _ in range(1_000):
        data = original.copy()
        places = generator.integers(0, len(data), generator.integers(1, 12))
        data[places] = generator.integers(0, 256, len(places))
        kept = data[: generator.integers(1, len(data) + 1)] if generator.random() < 0.3 else data
        try:
            rgb = decode_picture(kept.tobytes())
        except PictureRefused:
            continue
        assert rgb.shape[2] == 3


@pytest.mark.parametrize(
    ("height", "width"), [(240, 320), (720, 1280), (1600, 900), (16, 2000), (257, 255), (16, 16)]
)
def test_there_and_back_keeps_size_and_place(height, width):
    """A class map that is letterboxed like its picture comes back as it was, but for edges."""
    rows, columns = np.mgrid[:height, :width]
    truth = ((rows * 2 >= height) * 2 + (columns * 2 >= width)).astype(np.uint8)
    shown, place = letterbox(truth[..., None].repeat(3, axis=2) * np.uint8(80), 256, 256)
    back = unletterbox_mask(np.rint(shown[..., 0] / 80).astype(np.uint8), place)
    assert back.shape == truth.shape
    edge = max(2, 2 * max(height, width) // 256)
    away = (abs(rows * 2 - height) > 2 * edge) & (abs(columns * 2 - width) > 2 * edge)
    assert (back == truth)[away].all()


def test_the_letterbox_keeps_proportions_and_fills_up_with_grey():
    shown, place = letterbox(np.zeros((100, 200, 3), dtype=np.uint8), 256, 256)
    assert (place.height, place.width, place.top, place.left) == (128, 256, 64, 0)
    assert (shown[place.content] == 0).all()
    assert (shown[:64] == PADDING).all()
    assert (shown[192:] == PADDING).all()


def test_a_thread_of_a_picture_still_has_a_place():
    assert placement(10, 20_000, 256, 256).height == 1


def test_a_jpeg_of_more_scans_than_any_program_writes_is_not_even_begun():
    """Each goes over the whole picture: 259 KB took 17 s."""
    assert decode_picture(with_scans(90)).shape == (48, 48, 3)
    with pytest.raises(PictureTooCostly, match="more than 100 scans"):
        decode_picture(with_scans(8_000, side=4_000))


@pytest.mark.parametrize(
    "hidden",
    [
        # Segments of which a counter that trusts lengths would skip the scans.
        lambda whole: whole.replace(SCAN, b"\xff\x01\xff\xff" + SCAN),
        # As many segments as fit, each of which Pillow would read by itself.
        lambda whole: whole[:2] + b"\xff\xe5\x00\x02" * 200_000 + whole[2:],
    ],
)
def test_scans_cannot_be_hidden(hidden):
    with pytest.raises(PictureTooCostly):
        decode_picture(hidden(with_scans(1_000)))


def test_what_only_looks_like_scans_is_none():
    """A preview inside the annotations, and the film that telephones put behind a picture."""
    whole = encoded(halves(), "JPEG")
    preview = b"\xff\xe5" + struct.pack(">H", 2 + 2 * 5_000) + SCAN * 5_000
    film = SCAN * 5_000
    assert decode_picture(whole[:2] + preview + whole[2:] + film).shape == (32, 48, 3)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_that_takes_longer_than_it_may_is_given_up(file_format, monkeypatch):
    monkeypatch.setattr(picture, "DECODE_SECONDS", -1.0)
    with pytest.raises(PictureTooCostly, match="too long"):
        decode_picture(encoded(halves(), file_format))


def test_the_clock_is_looked_at_between_small_pieces_of_a_picture(monkeypatch):
    """A hundred looks, each a second after the one before, at half a megabyte."""
    grain = np.random.default_rng(0).integers(0, 256, (600, 600, 3)).astype(np.uint8)
    whole = encoded(Image.fromarray(grain), "JPEG", progressive=True)
    looks = itertools.count()
    monkeypatch.setattr(time, "thread_time", lambda: next(looks))
    monkeypatch.setattr(picture, "DECODE_SECONDS", 100)
    with pytest.raises(PictureTooCostly, match="too long"):
        decode_picture(whole)
    monkeypatch.setattr(picture, "DECODE_SECONDS", 10_000)
    assert decode_picture(whole).shape == (600, 600, 3)


# What decodes standard input in a process of its own and says how many bytes that took at most. The
# peak of rusage would be that of whoever started it; nothing is freed before the peak that counts.
DECODE_AND_MEASURE = """
import sys
from pathlib import Path
from services.camera.picture import decode_picture

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))

data = sys.stdin.buffer.read()
before = kilobytes("VmRSS")
decode_picture(data)
print((kilobytes("VmHWM") - before) * 1_024)
"""
SIDE = 3_000
SIDEWAYS = Image.Exif()
SIDEWAYS[ORIENTATION] = 6
KINDS = {
    "grey of 16 bits": ("I;16", "PNG", {}),
    "grey with transparency": ("LA", "PNG", {}),
    "palette with transparency": ("P", "PNG", {"transparency": bytes(200)}),
    "turned": ("RGBA", "PNG", {"exif": SIDEWAYS}),
    "animated": (
        "RGBA",
        "PNG",
        {"save_all": True, "append_images": [Image.new("RGBA", (SIDE, SIDE))]},
    ),
    "GIF": ("P", "GIF", {"transparency": 1}),
    "progressive": (
        "CMYK",
        "JPEG",
        {"progressive": True, "subsampling": 0, "exif": SIDEWAYS},
    ),
    "WebP": ("RGBA", "WEBP", {"lossless": True, "method": 0}),
}
# Bytes a pixel: 200 MB, 300 MB and 400 MB of 25 megapixels (services/camera/limits.py), with what a
# megapixel takes on its way to RGB on top.
MAX_BYTES_A_PIXEL = {"PNG": 11, "GIF": 11, "JPEG": 13.5, "WEBP": 19}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux")
@pytest.mark.parametrize("kind", KINDS)
def test_decoding_takes_little_memory_whatever_the_kind_of_picture(kind):
    mode, file_format, options = KINDS[kind]
    data = encoded(Image.new(mode, (SIDE, SIDE), 1), file_format, **options)
    command = [sys.executable, "-c", DECODE_AND_MEASURE]
    told = subprocess.run(command, input=data, capture_output=True, check=True)
    assert int(told.stdout) < MAX_BYTES_A_PIXEL[file_format] * SIDE**2


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_a_picture_of_many_strips_has_no_seams(mode):
    """Turned, so that strips are not those of the file; the whole at once is the right value."""
    grain = np.random.default_rng(7).integers(0, 256, (1_300, 1_700, 4)).astype(np.uint8)
    image = Image.fromarray(grain).convert(mode)
    white = Image.new("RGBA", image.size, "white")
    whole = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    expected = np.asarray(whole.transpose(Image.Transpose.ROTATE_270))
    assert (decode_picture(encoded(image, exif=SIDEWAYS, compress_level=1)) == expected).all()
