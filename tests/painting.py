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
    """Share of each pixel that a line along a step function covers."""
    return rectangles(line_boxes(x, y, end, thickness), shape)
