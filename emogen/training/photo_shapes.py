"""ICT-FaceKit's shapes (MIT) -> how far each point of the face mesh moves: the table behind the photo renderer.

`python -m emogen.training.photo_shapes --out emogen/pipelines/talking_head/photo_portrait/shapes.safetensors`

The neutral head is painted plainly and shown to the face mesh; the surface point under each of the 468 points is then
followed through every shape. What is stored are displacements [52, 468, 3] (x right, y down, z away) in distances
between the outer eye corners, the neutral points [468, 3] in the same unit, and no vertex of the head itself.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import save_file
from scipy.spatial import cKDTree

from emogen.conditioning.face_mesh import find_face
from emogen.media.arkit import ARKIT_NAMES

FACE, BALLS, BALL_END = 9409, 21451, 24591  # vertex ranges of the pack
SIDE, SCALE = 720, 24.0
#: Numbers of the face mesh that are the 20 lip points of the 68 (48..67), and the 12 of the eyes (36..47).
LIPS = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 78, 81, 13, 311, 308, 402, 14, 178)
EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
UPPER_INNER, LOWER_INNER = (191, 80, 81, 82, 13, 312, 311, 310, 415), (95, 88, 178, 87, 14, 317, 402, 318, 324)
UPPER_LID, LOWER_LID = (246, 161, 160, 159, 158, 157, 173, 466, 388, 387, 386, 385, 384, 398), (
    7, 163, 144, 145, 153, 154, 155, 249, 390, 373, 374, 380, 381, 382)  # fmt: skip


def main() -> None:
    """Writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EMOGEN_DATA", "shared/data")))
    parser.add_argument("--look", type=Path, help="where the painted head with its points is written")
    options = parser.parse_args()
    pack = options.data / "face" / "ict_facekit"
    shapes = np.load(pack / "expressions.npz")
    marks = json.loads((pack / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    neutral, quads = shapes["neutral"].astype(float), shapes["quads"]
    names, scale = list(shapes["names"]), float(shapes["scale"])
    deltas = {n: shapes["deltas"][i].astype(float) * scale for i, n in enumerate(names)}
    picture, flat = painted(neutral, quads, marks)
    seen = find_face(picture, "the painted head").points[:468, :2]
    chosen = surface(seen, flat, neutral, deltas, marks)
    unit = float(np.linalg.norm(neutral[marks[36]] - neutral[marks[45]]))
    table = np.stack([_shape(name, deltas, chosen) for name in ARKIT_NAMES]) / unit * [1, -1, -1]
    points = neutral[chosen] / unit * [1, -1, -1]
    table = _even(table, points)
    save_file({"shapes": table.astype(np.float16), "points": points.astype(np.float16)}, str(options.out))
    if options.look:
        for x, y in flat[chosen]:
            cv2.circle(picture, (int(x), int(y)), 2, (0, 255, 0), -1)
        cv2.imwrite(str(options.look), picture[..., ::-1])


def painted(neutral: np.ndarray, quads: np.ndarray, marks: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The head as a picture uint8 [SIDE, SIDE, 3], and where its vertices are in it [n, 2]."""
    flat = np.column_stack([SIDE / 2 + SCALE * neutral[:, 0], SIDE / 2 - SCALE * (neutral[:, 1] + 2.0)])
    colour = np.tile(np.array([222, 178, 150.0]), (len(neutral), 1))
    colour[BALLS:BALL_END] = 235
    ball = neutral[BALLS:BALL_END]
    for side in (-1, 1):
        mine = np.flatnonzero(np.sign(ball[:, 0]) == side)
        front = ball[mine][ball[mine, 2].argmax()]
        near = np.linalg.norm(ball[mine, :2] - front[:2], axis=1)
        colour[BALLS + mine[near < 0.62]] = (90, 60, 40)
        colour[BALLS + mine[near < 0.28]] = 15
    lips = cv2.convexHull(flat[marks[48:60]].astype(np.float32))
    inside = np.array([cv2.pointPolygonTest(lips, (float(x), float(y)), False) >= 0 for x, y in flat[:FACE]])
    colour[:FACE][inside & (neutral[:FACE, 2] > 5)] = (178, 92, 88)
    for brow in (marks[17:22], marks[22:27]):
        near = cKDTree(neutral[brow]).query(neutral[:FACE])[0]
        colour[:FACE][near < 0.45] = (70, 48, 36)
    keep = quads[(quads < 11248).all(1) | ((quads >= BALLS) & (quads < BALL_END)).all(1)]
    corner = neutral[keep]
    normal = np.cross(corner[:, 2] - corner[:, 0], corner[:, 1] - corner[:, 3])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    light = np.array([0.25, 0.45, 0.86])
    shade = (
        0.45 + 0.6 * np.clip(-normal @ light, 0, 1)
        if (normal[:, 2] < 0).mean() > 0.5
        else 0.45 + 0.6 * np.clip(normal @ light, 0, 1)
    )
    picture = np.full((SIDE, SIDE, 3), 120, np.uint8)
    for i in np.argsort(corner[:, :, 2].mean(1)):
        rgb = tuple(int(v) for v in np.clip(colour[keep[i]].mean(0) * shade[i], 0, 255))
        cv2.fillConvexPoly(picture, np.rint(flat[keep[i]] * 8).astype(np.int32), rgb, cv2.LINE_AA, 3)
    return picture, flat


def surface(
    seen: np.ndarray, flat: np.ndarray, neutral: np.ndarray, deltas: dict[str, np.ndarray], marks: list[int]
) -> np.ndarray:
    """The vertex under each point of the face mesh, [468]; of lips and lids one that moves as that side does."""
    face = np.arange(FACE)
    front = face[neutral[:FACE, 2] > -2.5]
    tree = cKDTree(flat[front])
    chosen = np.empty(468, int)
    for i, at in enumerate(seen):
        near = front[tree.query(at, k=12)[1]]
        gap = np.linalg.norm(flat[near] - at, axis=1)
        chosen[i] = near[np.argmin(gap - 0.8 * (neutral[near, 2] - neutral[near, 2].max()))]
    drop, close = -deltas["jawOpen"][:, 1], -(deltas["eyeBlink_L"] + deltas["eyeBlink_R"])[:, 1]
    for group, size, low in (
        (UPPER_INNER, drop, True),
        (LOWER_INNER, drop, False),
        (UPPER_LID, close, False),
        (LOWER_LID, close, True),
    ):
        limit = 0.35 * float(size[:FACE].max())
        side = front[(size[front] < limit) if low else (size[front] >= 0.6 * limit)]
        tree = cKDTree(flat[side])
        for point in group:
            near = side[tree.query(seen[point], k=6)[1]]
            chosen[point] = near[
                np.argmin(np.linalg.norm(flat[near] - seen[point], axis=1) - 0.5 * neutral[near, 2] * SCALE * 0.2)
            ]
    for point, mark in (*zip(LIPS, marks[48:68], strict=True), *zip(EYES, marks[36:48], strict=True)):
        chosen[point] = mark
    return chosen


def _shape(name: str, deltas: dict[str, np.ndarray], chosen: np.ndarray) -> np.ndarray:
    for own in (name, name.replace("Left", "_L").replace("Right", "_R")):
        if own in deltas:
            return deltas[own][chosen]
    halves = [deltas[f"{name}_{s}"][chosen] for s in "LR" if f"{name}_{s}" in deltas]
    return np.sum(halves, axis=0) if halves else np.zeros((len(chosen), 3))


def _even(table: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The table made smooth over neighbours of the same lip or lid, so that no point stands out."""
    upper, lower = {*UPPER_INNER, *UPPER_LID}, {*LOWER_INNER, *LOWER_LID}
    out = table.copy()
    tree = cKDTree(points[:, :2])
    for i in range(len(points)):
        near = [
            j
            for j in tree.query(points[i, :2], k=5)[1]
            if not (i in upper and j in lower) and not (i in lower and j in upper)
        ]
        weight = np.exp(-((np.linalg.norm(points[near, :2] - points[i, :2], axis=1) / 0.035) ** 2))
        out[:, i] = np.tensordot(weight / weight.sum(), table[:, near], axes=(0, 1))
    return out


if __name__ == "__main__":
    main()
