"""Two processes train as one that sees the batches of both; the loss may reach into the model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
TRAINING = """
import sys
from pathlib import Path
import torch
from torch import nn
from emogen.training.loop import TrainOptions, step_generator, train

folder, processes = Path(sys.argv[1]), int(sys.argv[2])
torch.manual_seed(0)
nets = nn.ModuleDict({"a": nn.Linear(4, 8), "b": nn.Linear(8, 1), "unused": nn.Linear(2, 2)})
step = 0

def one(nets, generator):
    x = torch.randn(16, 4, generator=generator)
    return ((nets["b"](torch.tanh(nets["a"](x))) - x.sum(1, keepdim=True)) ** 2).mean()

def loss(nets, generator):
    global step
    if processes > 1:
        return one(nets, generator)
    step += 1
    return sum(one(nets, step_generator(0, step - 1, process)) for process in (0, 1)) / 2

train(nets, loss, folder, TrainOptions(steps=12, report_every=6, warmup_steps=2, weight_decay=0.0))
"""


def test_two_processes_train_as_one_with_both_batches(tmp_path: Path) -> None:
    script = tmp_path / "training.py"
    script.write_text(TRAINING)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    for command, name in (([sys.executable], "one"), (launch, "two")):
        call = [*command, str(script), str(tmp_path / name), str(2 if name == "two" else 1)]
        done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    one, two = (load_file(tmp_path / name / "last.safetensors") for name in ("one", "two"))
    assert one.keys() <= two.keys()
    for key in (key for key in one if key.startswith("model/")):
        assert (one[key] - two[key]).abs().max() < 1e-6, key
