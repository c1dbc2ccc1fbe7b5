"""Read the lines of a plot and the censor marks on them together: each tells where the other is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from survrecon.data import BoolArray, FloatArray
from survrecon.digitize.raster_anchors import Anchors, anchors_near
from survrecon.digitize.raster_dense import better_stamp
from survrecon.digitize.raster_fit import coverage, fit
from survrecon.digitize.raster_found import Found, drawn
from survrecon.digitize.raster_ink import Ink, bare
from survrecon.digitize.raster_phase import dashes_and_ends, pattern_along, profile_along
from survrecon.digitize.raster_shapes import choose_stamp, explains_marks, tick_or_cross
from survrecon.digitize.raster_smooth import smooth
from survrecon.digitize.raster_stamps import Prints, Sheet, Stamp, paint, prints_along
from survrecon.digitize.raster_tails import untangled
from survrecon.digitize.raster_trace import Floats, Steps, join_levels, refine

WIDE = 4.0  # times its thickness that a line may be from the path that was followed
HIGH = 0.03  # of the plot's height, the same
LEAST = 0.3  # pixels: lower steps are noise
BLEND = 0.6  # of a pixel that is accounted for: there, no other ink is in front
GAPS = 0.9  # of a solid line is ink, at least
ALIKE = 1.2  # lines of one figure differ less in thickness
THIN = 0.65  # of the next thickest: a line that is less is not seen well
LARGE = 2_000_000  # pixels of all curves' layers, from which on lines are read for one thickness, and fitted once, for time
ENDS = 0.25  # weight of pixels that may be in a dash or in a gap
UNLIKE = 0.08  # of its size: a stamp that differs more is another one
UNMARKED = 0.2  # share of a pixel that a mark may cover where dashes are measured
BLANK = 0.4  # of a pixel: less ink is none
BESIDE = 0.2  # weight of ink that may be a mark's


def read_lines(found: list[Found], start: float) -> list[Found]:
    """Find the exact course of each curve, and its censor marks.

    Parameters
    ----------
    found : list of Found
        The curves of a plot, each with a path along its ink.
    start : float
        Row where curves start.

    Returns
    -------
    list of Found
        With exact steps and marks.

    Notes
    -----
    Each tells where the other is. First lines are read as if there were no marks; these show which stamp the marks are. Then lines are
    read again, with a mark of that stamp allowed anywhere, and marks are found along them. At last lines are fitted beside these marks.
    """
    found = [_with_thickness(curve) for curve in found]
    tried = (_read(_alike(found, thickness), thickness, start) for thickness in _thicknesses(found))
    lines, inks = min(tried, key=lambda read: _left(*read), default=([], []))
    profiles = [profile_along(line.steps, ink.own, _gap_weight(line, ink)) for line, ink in zip(lines, inks, strict=True)]
    return untangled(lines, profiles)


def _with_thickness(curve: Found) -> Found:
    """Measure again how thick a line is: what it covers counts as all of a pixel, however weak its ink."""
    ink = _ink(curve, [])
    return replace(curve, steps=replace(curve.steps, thickness=refine(curve.path, ink.own, curve.ink.blank).thickness))


def _read(found: list[Found], thickness: float, start: float) -> tuple[list[Found], list[Ink]]:
    """Read lines of about this thickness; also return what is then known of the ink around each."""
    inks = _inks(found, found)
    courses = [_course(curve, ink, start) for curve, ink in zip(found, inks, strict=True)]
    lines = courses if _large(found) else _all_fitted(courses, inks)  # marks are told from either as well
    stamp = _stamp(lines, inks, thickness)
    if stamp is None and lines is courses:
        lines = _all_fitted(courses, inks)
    inks = _inks(found, lines)
    if stamp is None:
        dashed = [_dashed(line, ink) for line, ink in zip(lines, inks, strict=True)]
        more = [known is not ink for known, ink in zip(dashed, inks, strict=True)]
        again = zip(found, dashed, lines, more, strict=True)
        return [_fitted(_course(curve, ink, start), ink) if better else line for curve, ink, line, better in again], dashed
    lines, known, prints = _beside_marks(found, inks, lines, stamp, start)
    finer = _stamp_again(lines, known, stamp, thickness)
    if _differs(finer, stamp) or _hides(stamp, found):  # lines led through the middles of marks show where more of these are
        stamp = finer
        lines, known, prints = _beside_marks(found, inks, lines, stamp, start)
    marked = _same_color(found, _painted(stamp, prints, known))
    known = [replace(ink, over=over) for ink, over in zip(known, marked, strict=True)]
    lines = _all_fitted(lines, known)
    return [replace(line, marks=columns, reach=stamp.size) for line, (columns, _) in zip(lines, prints, strict=True)], known


def _thicknesses(found: list[Found]) -> list[float]:
    """Return how thick the thinnest line is, as those of one figure are alike; in two ways, where it is not sure that it was seen well."""
    thin = sorted(found, key=lambda curve: curve.steps.thickness)[:2]
    sizes = [curve.steps.thickness for curve in thin]
    # where marks are dense, a line is never seen alone and seems thicker; in a few pixels, it may seem thinner: more ink tells better
    if len(found) < 3 or sizes[0] > THIN * sizes[1]:
        return sizes[:1]
    return [max(thin, key=lambda curve: curve.path.gain).steps.thickness] if _large(found) else sizes[::-1]


def _large(found: list[Found]) -> bool:
    return sum(curve.ink.own.size for curve in found) >= LARGE


def _alike(found: list[Found], thickness: float) -> list[Found]:
    """Make lines about as thick as this."""
    sizes = [float(np.clip(curve.steps.thickness, thickness / ALIKE, ALIKE * thickness)) for curve in found]
    return [replace(curve, steps=replace(curve.steps, thickness=size)) for curve, size in zip(found, sizes, strict=True)]


def _left(lines: list[Found], inks: list[Ink]) -> float:
    """Return how much squared ink near the curves is wrong with their lines and marks, in pixels."""
    left = 0.0
    for layer in {line.layer for line in lines}:
        alike = [(line, ink) for line, ink in zip(lines, inks, strict=True) if line.layer == layer]
        made = np.maximum.reduce([np.maximum(ink.over, ink.dash * coverage(line.steps, ink.shape)) for line, ink in alike])
        near = np.any([_near(replace(line, steps=replace(line.steps, thickness=0.0))) for line, _ in alike], axis=0)
        line, ink = alike[0]
        left += float(np.sum(near * _seen(line) * (ink.own - made) ** 2))
    return left


def _stamp(lines: list[Found], inks: list[Ink], thickness: float) -> Stamp | None:
    """Choose the stamp of the marks, None where there are none."""
    curves = _sheets(lines, inks)
    stamp = better_stamp(curves, choose_stamp(curves), thickness)
    if stamp is None:
        return None
    sheets = [sheet for _, sheet in curves]
    prints = [prints_along(stamp, *curve) for curve in curves]
    stamp = tick_or_cross(stamp, prints, sheets)
    return stamp if explains_marks(stamp, prints, sheets) else None


def _stamp_again(lines: list[Found], inks: list[Ink], stamp: Stamp, thickness: float) -> Stamp:
    """Choose the stamp again, on better lines."""
    curves = _sheets(lines, inks)
    finer = better_stamp(curves, stamp, thickness, 1.0) or stamp
    return tick_or_cross(finer, [prints_along(finer, *curve) for curve in curves], [sheet for _, sheet in curves])


def _differs(one: Stamp, other: Stamp) -> bool:
    """Whether two stamps are so unlike that other marks would be found."""
    return one.shape != other.shape or abs(one.size / other.size - 1) > UNLIKE or abs(one.stroke / other.stroke - 1) > 2 * UNLIKE


def _hides(stamp: Stamp, found: list[Found]) -> bool:
    """Whether marks hide lines, and each curve has a color of its own to tell whose they are."""
    return stamp.shape != "tick" and len({curve.layer for curve in found}) == len(found)


def _beside_marks(
    found: list[Found], inks: list[Ink], lines: list[Found], stamp: Stamp, start: float
) -> tuple[list[Found], list[Ink], list[Prints]]:
    """Read lines again, with a mark allowed anywhere; also what is then known of the ink, and the marks along the lines."""
    if _hides(stamp, found):
        return _through_marks(found, inks, lines, stamp, start)
    over = _painted(stamp, [prints_along(stamp, *curve) for curve in _sheets(lines, inks)], inks)
    known = [_dashed(line, replace(ink, over=marks)) for line, ink, marks in zip(lines, inks, _same_color(found, over), strict=True)]
    others = [replace(ink, over=marks) for ink, marks in zip(known, _same_color(found, over, itself=False), strict=True)]
    lines = [_course(curve, ink, start, stamp) for curve, ink in zip(found, others, strict=True)]
    return lines, known, [prints_along(stamp, *curve) for curve in _sheets(lines, others)]


def _through_marks(
    found: list[Found], inks: list[Ink], lines: list[Found], stamp: Stamp, start: float
) -> tuple[list[Found], list[Ink], list[Prints]]:
    """Do the same where each curve has a color of its own: circles and crosses have their middles on it, though they hide it."""
    sheets = [Sheet(ink.own, _seen(line), coverage(line.steps, ink.shape)) for line, ink in zip(lines, inks, strict=True)]
    anchors = [anchors_near(stamp, line.steps, sheet) for line, sheet in zip(lines, sheets, strict=True)]
    over = _painted(stamp, [(points.x, points.y) for points in anchors], inks)
    known = [_dashed(line, replace(ink, over=marks)) for line, ink, marks in zip(lines, inks, over, strict=True)]
    lines = [_course(curve, ink, start, stamp, points) for curve, ink, points in zip(found, known, anchors, strict=True)]
    return lines, known, [prints_along(stamp, *curve) for curve in _sheets(lines, known)]


def _painted(stamp: Stamp, prints: list[Prints], inks: list[Ink]) -> list[Floats]:
    return [paint(stamp, *each, ink.shape) for each, ink in zip(prints, inks, strict=True)]


def _same_color(found: list[Found], over: list[Floats], itself: bool = True) -> list[Floats]:
    """Return what the marks of all curves of each one's color cover."""
    every = []
    for curve in found:
        marks = [each for other, each in zip(found, over, strict=True) if other.layer == curve.layer and (itself or other is not curve)]
        every.append(np.maximum.reduce(marks) if marks else np.zeros_like(over[0]))
    return every


def _sheets(lines: list[Found], inks: list[Ink]) -> list[tuple[Steps, Sheet]]:
    return [
        (line.steps, Sheet(ink.own, ink.seen, ink.dash * coverage(line.steps, ink.shape))) for line, ink in zip(lines, inks, strict=True)
    ]


def _inks(found: list[Found], lines: list[Found]) -> list[Ink]:
    """Return the ink of each curve, which the lines of others may hide."""
    every = list(zip(found, lines, strict=True))
    return [_ink(curve, [line for other, line in every if other is not curve and other.layer == curve.layer]) for curve in found]


def _ink(curve: Found, others: list[Found]) -> Ink:
    """Return the ink of a curve, without weight where the curve may be hidden, or where it has a gap."""
    own = curve.ink.own
    line = coverage(curve.steps, own.shape) > 0.9
    full = float(np.clip(np.median(own[line & (own > 0.5)]), 0.6, 1.0)) if np.any(line & (own > 0.5)) else 1.0
    seen = _seen(curve)
    core = line & (own + curve.ink.blank > 0.5)
    if core.any() and np.mean(own[core] / full) < GAPS:
        size = 1 + 2 * int(3 * curve.steps.thickness)
        closed = np.maximum(*(ndimage.grey_closing(own, size=shape) for shape in ((1, size), (size, 1))))
        seen[(closed > 0.5) & (own < 0.5)] = 0
    for other in others:
        seen[drawn(other, 1.0)] = 0
    return bare(np.clip(own / full, 0, 1), seen)


def _seen(curve: Found) -> Floats:
    """Return the weight of each pixel, by what else may be in front of it."""
    return np.asarray(np.clip((curve.ink.own + curve.ink.blank) / BLEND, 0, 1) ** 2)


def _dashed(line: Found, ink: Ink) -> Ink:
    """Return ink with the gaps between dashes, if there are any."""
    seen, free = _not_others(line, ink), _free_of_marks(ink)
    pattern = pattern_along(line.steps, ink.own, seen * free)
    if pattern is None:
        return ink
    dashes, ends = dashes_and_ends(pattern, ink.shape, line.steps.thickness)
    return replace(ink, seen=np.where(ends, ENDS * seen, seen).astype(np.float32), dash=dashes.astype(np.float32))


def _not_others(line: Found, ink: Ink) -> Floats:
    """Return the weight of each pixel, 0 where there is another curve's ink."""
    return np.where((ink.seen == 0) & (ink.own > 0.5), 0, _seen(line))


def _free_of_marks(ink: Ink) -> BoolArray:
    return np.asarray(ndimage.grey_dilation(ink.over, size=(3, 3)) < UNMARKED)


def _gap_weight(line: Found, ink: Ink) -> Floats:
    """Return how much each pixel tells of a line's gaps: ink that may be a mark's, less; a blank is one, however near to marks it is."""
    return np.asarray(_not_others(line, ink) * np.where(_free_of_marks(ink) | (ink.own < BLANK), 1, BESIDE))


def _course(curve: Found, ink: Ink, start: float, stamp: Stamp | None = None, anchors: Anchors | None = None) -> Found:
    """Find where a curve runs, give or take a pixel."""
    steps = curve.steps
    drops_at_end = bool(steps.x[-1] == steps.end)
    # the stroke of that drop, or a mark at the end, does not tell of the level before
    end = max(steps.end - steps.thickness * (0.5 if drops_at_end else 1.0), steps.x[0] + 2)
    height, width = ink.shape
    first, last = int(steps.x[0]), min(int(np.ceil(end)), width)
    start = start if abs(steps.y[0] - start) < HIGH * height else float(steps.y[0])
    low, high = _corridor(curve)
    part = slice(first, last)
    many, fallen = max(steps.x.size, 5), max(float(np.ptp(steps.y)), 10.0)
    falls = many / (last - first), fallen / many
    here = Ink(ink.own[:, part], ink.seen[:, part], ink.over[:, part], ink.dash[:, part])
    anchors = None if anchors is None else replace(anchors, x=anchors.x - first)
    places, rows = smooth(here, steps.thickness, (low[part], high[part]), start, falls, stamp, anchors)
    x, y = join_levels(first + places - (places[1] - places[0]) / 2, rows, LEAST)
    if drops_at_end:
        x, y = np.append(x, steps.end), np.append(y, max(steps.y[-1], y[-1]))
    return replace(curve, steps=Steps(x, y, steps.end, steps.thickness))


def _fitted(line: Found, ink: Ink) -> Found:
    """Move the steps of a line to where its ink says."""
    return replace(line, steps=fit(line.steps, replace(ink, seen=ink.seen * _near(line))))


def _all_fitted(lines: list[Found], inks: list[Ink]) -> list[Found]:
    return [_fitted(line, ink) for line, ink in zip(lines, inks, strict=True)]


def _near(line: Found) -> BoolArray:
    """Return the pixels where a curve may be."""
    low, high = _corridor(line)
    rows = np.arange(line.ink.own.shape[0])[:, None]
    return np.asarray((rows >= low - 1) & (rows <= high + 1))


def _corridor(curve: Found) -> tuple[FloatArray, FloatArray]:
    """Return the highest and the lowest row where a curve may be in each column."""
    height, width = curve.ink.own.shape
    path, spare = curve.path, max(WIDE * curve.steps.thickness, HIGH * height)
    at = np.clip(np.arange(width) - path.first, 0, path.enter.size - 1)
    reach = 2 * int(spare / 2) + 1
    low = ndimage.minimum_filter1d(path.enter[at], reach, mode="nearest") - spare
    high = ndimage.maximum_filter1d(path.leave[at], reach, mode="nearest") + 1 + spare
    return low.astype(float), high.astype(float)
