"""Lines and marks painted in parts of a pixel: what the picture of a step function is, made apart from the package."""

import numpy as np

FINE = 20  # parts of a pixel that ink is painted in


def rectangles(boxes, shape):
    """Share of each pixel that rectangles (left, top, right, bottom) cover."""
    fine = np.zeros((shape[0] * FINE, shape[1] * FINE), dtype=np.float32)
    for left, top, right, bottom in boxes:
        rows, columns = (slice(max(round(a * FINE), 0), max(round(b * FINE), 0)) for a, b in ((top, bottom), (left, right)))
        fine[rows, columns] = 1
    return fine.reshape(shape[0], FINE, shape[1], FINE).mean(axis=(1, 3))


def line_boxes(x, y, end, thickness):
    """Rectangles of a line along a step function, each half a thickness wider than its piece."""
    half, edges = thickness / 2, [*x, end]
    pieces = [(edges[i], y[i], edges[i + 1], y[i]) for i in range(len(x))] + [(x[i], y[i - 1], x[i], y[i]) for i in range(1, len(x))]
    return [(left - half, top - half, right + half, bottom + half) for left, top, right, bottom in pieces]


def painted(x, y, end, thickness, shape=(40, 60)):
    """Share of each pixel that a line along a step function covers: its corners are round, as R and matplotlib draw them."""
    half = thickness / 2
    edges = [x[0] - half, *x[1:], end + half]
    rows, columns = (np.arange(0.5, shape[0] * FINE) / FINE)[:, None], np.arange(0.5, shape[1] * FINE) / FINE
    ink = np.zeros((shape[0] * FINE, shape[1] * FINE), dtype=bool)
    for left, right, level in zip(edges[:-1], edges[1:], y, strict=True):
        ink |= (columns > left) & (columns < right) & (np.abs(rows - level) < half)
    for drop, top, bottom in zip(x[1:], y[:-1], y[1:], strict=True):
        ink |= (columns - drop) ** 2 + (rows - np.clip(rows, top, bottom)) ** 2 < half**2
    return ink.reshape(shape[0], FINE, shape[1], FINE).mean(axis=(1, 3))


def dashes(x, y, end, lengths, shape, thickness=3.0):
    """Share of each pixel that dashes along a step function cover: of a dash, a gap, a dash and so on, in turn, from its start."""
    corners = [(x[0], y[0])]
    for right, level in zip([*x[1:], end], [*y[1:], y[-1]], strict=True):
        corners += [(right, corners[-1][1]), (right, level)]
    total = end - x[0] + y[-1] - y[0]
    boxes, place, half = [], 0.0, thickness / 2
    while place < total:
        for number, length in enumerate(lengths):
            if number % 2 == 0:
                boxes += _cut(corners, place, min(place + length, total), half)
            place += length
    return rectangles(boxes, shape).astype(np.float32)


def _cut(corners, begin, end, half):
    """Rectangles of the part of a course from one length to another."""
    boxes, place = [], 0.0
    for (left, top), (right, bottom) in zip(corners, corners[1:], strict=False):
        length = right - left + bottom - top
        low, high = max(begin - place, 0.0), min(end - place, length)
        if low < high and right > left:
            boxes.append((left + low, top - half, left + high, top + half))
        elif low < high:
            boxes.append((left - half, top + low, left + half, top + high))
        place += length
    return boxes
