"""What all training runs share: a clock that survives interruption, a learning rate, an average of weights, a log."""
import copy
import json
import math
import signal
import time

import torch
from safetensors.torch import load_file

from data import WORK, manifest_hash

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Run:
    """Trains `models` (a dict of modules) for `minutes` of its own time; `WORK/runs/NAME.pt` holds everything to go on."""

    def __init__(self, name, models, minutes, rate, decay=0.01, threads=1, resume=True, half_life=1.0):
        torch.set_num_threads(threads)
        for model in models.values():
            model.to(DEVICE)
        self.name, self.models, self.minutes, self.rate = name, models, minutes, rate
        self.path = WORK / "runs" / f"{name}.pt"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.average = copy.deepcopy(models)
        for model in self.average.values():
            model.requires_grad_(False)
        parameters = [p for model in models.values() for p in model.parameters() if p.requires_grad]
        self.parameters = parameters
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)
        self.step, self.spent, self.heard, self.sums, self.saved = 0, 0.0, 0.0, {}, time.time()
        self.stopped = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(self, "stopped", True))
        if resume and self.path.exists():
            state = torch.load(self.path, weights_only=False, map_location=DEVICE)
            for key, model in models.items():
                model.load_state_dict(state["models"][key])
                self.average[key].load_state_dict(state["average"][key])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.spent, self.heard = state["step"], state["spent"], state["heard"]
        torch.manual_seed(self.step)
        self.log = open(WORK / "runs" / f"{name}.jsonl", "a")
        self.write({"began": self.step, "minutes": minutes, "rate": rate, "threads": threads, "device": DEVICE.type, "data": manifest_hash()})
        self.clock = time.time()

    def going(self):
        """Whether there is time left; sets the learning rate: 100 steps of warm-up, then half a cosine to 3 %."""
        now = time.time()
        self.spent += now - self.clock
        self.clock = now
        if self.stopped:  # asked to stop: the next call goes on from here
            self.save()
            raise SystemExit(75)
        share = self.spent / 60 / self.minutes
        if share >= 1:
            return False
        rate = self.rate * min(1, (self.step + 1) / 100) * (0.5 * (1 + math.cos(math.pi * share)) * 0.97 + 0.03)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return True

    def update(self, loss, seconds, **values):
        """One step of `loss` on `seconds` of speech; `values` are averaged into the log."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        values["norm"] = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        if not torch.isfinite(values["norm"]):
            parts = {key: float(value) for key, value in values.items()}
            raise FloatingPointError(f"{self.name}: step {self.step + 1} has no finite gradient: {parts}; the last checkpoint is whole")
        self.optimiser.step()
        self.step += 1
        self.heard += seconds
        keep = min(0.999, self.step / (self.step + 10))
        with torch.no_grad():
            for key, model in self.models.items():
                pairs = list(zip(self.average[key].parameters(), model.parameters()))
                torch._foreach_lerp_([a for a, _ in pairs], [b for _, b in pairs], 1 - keep)
                for a, b in zip(self.average[key].buffers(), model.buffers()):
                    a.copy_(b)
        for key, value in values.items():
            self.sums[key] = self.sums.get(key, 0.0) + float(value.detach() if torch.is_tensor(value) else value)

    def report(self, every, judged=None):
        """Every `every` steps: what `judged()` finds, the averages, and a checkpoint if the last is a minute old."""
        if self.step % every:
            return
        means = {key: round(value / every, 4) for key, value in self.sums.items()}
        self.sums = {}
        found = {key: round(float(value), 4) for key, value in (judged() if judged else {}).items()}
        self.write({"step": self.step, "minutes": round(self.spent / 60, 2), "heard_h": round(self.heard / 3600, 2)} | means | {"held": found})
        if time.time() - self.saved > 60:
            self.save()

    def write(self, record):
        line = json.dumps(record)
        self.log.write(line + "\n")
        self.log.flush()
        print(self.name, line, flush=True)

    def save(self):
        state = {
            "models": {key: model.state_dict() for key, model in self.models.items()},
            "average": {key: model.state_dict() for key, model in self.average.items()},
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "spent": self.spent,
            "heard": self.heard,
        }
        partial = self.path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self.path)
        self.saved = time.time()


STORED_AS = {"lm": "flow_lm.", "decoder": "decoder.", "kinds": "decoder.kinds.", "profile": "decoder.", "refine": "decoder.refiner.", "tower": "speaker_encoder."}


def averaged(name, **models):
    """Loads the averaged weights of run NAME, or those of a model.safetensors, into `models`, ready to be used and not to be trained; returns
    how many steps they took, 0 if nothing tells."""
    if name.endswith(".safetensors"):
        tensors = load_file(name)
        for key, model in models.items():
            model.load_state_dict({part: tensors[STORED_AS[key] + part].float() for part in model.state_dict()})
            model.eval().requires_grad_(False)
        return 0
    state = torch.load(WORK / "runs" / f"{name}.pt", weights_only=False, map_location="cpu")
    for key, model in models.items():
        model.load_state_dict(state["average"][key])
        model.eval().requires_grad_(False)
    return state["step"]


def fitting(name, **models):
    """Copies from the averaged weights of run NAME the first rows and columns that both have; the rest stays as it is."""
    state = torch.load(WORK / "runs" / f"{name}.pt", weights_only=False, map_location="cpu")
    for key, model in models.items():
        for part, value in model.state_dict().items():
            old = state["average"][key].get(part)
            if old is not None and old.ndim == value.ndim:
                both = tuple(slice(min(a, b)) for a, b in zip(old.shape, value.shape))
                value[both] = old[both]
