"""Continuous batching: requests come and go between the steps of one batch, and never feel one another."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from tokenizers import Tokenizer

from .llama import PREFILL_WIDTH, Llama
from .messages import Chosen, Sampling
from .prefix_cache import PrefixCache
from .sampling import choose, log_probabilities

_PREFILL_ROWS = 512  # tokens of prompts in one step; bounds how long a step makes others wait


@dataclass
class Generation:
    """One request: what to continue, how, and what has come of it so far."""

    prompt: list[int]
    sampling: Sampling
    max_tokens: int
    stop: list[str]
    log_probabilities: int | None
    deliver: Callable[["Generation"], None]
    tokens: list[int] = field(default_factory=list)
    chosen: list[Chosen] = field(default_factory=list)
    text: str = ""
    finish_reason: str = ""
    failure: BaseException | None = None
    pending: list[int] = field(default_factory=list)
    done: int = 0
    """Tokens whose keys and values are in the slot."""


class Engine:
    """Runs generations in a thread of its own. `submit` from anywhere; results come through `deliver`."""

    def __init__(
        self,
        model: Llama,
        tokenizer: Tokenizer,
        end_ids: frozenset[int],
        cache_bytes: int,
        after_step: Callable[[], None] = lambda: None,
    ) -> None:
        """`after_step`: called when all that a step has finished is delivered."""
        self._model, self._tokenizer, self._end_ids = model, tokenizer, end_ids
        self._after_step = after_step
        self._cache = PrefixCache(cache_bytes)
        self._queue: deque[Generation] = deque()
        self._active: list[Generation] = []
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self.counts = {"requests": 0, "promptTokens": 0, "cachedTokens": 0, "completionTokens": 0, "steps": 0}

    def start(self) -> None:
        self._thread.start()

    def submit(self, generation: Generation) -> None:
        with self._wake:
            self._queue.append(generation)
            self._wake.notify()

    def close(self) -> None:
        """Finishes everything submitted, then ends the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _work(self) -> None:
        with torch.inference_mode():
            while True:
                with self._wake:
                    self._wake.wait_for(lambda: self._queue or self._active or self._closing)
                    if not self._queue and not self._active:
                        return
                try:
                    self._step()
                except Exception as failure:
                    self._fail_all(failure)
                self._after_step()

    def _fail_all(self, failure: Exception) -> None:
        failed, self._active = self._active, []
        for generation in failed:
            generation.failure = failure
            generation.deliver(generation)

    def _step(self) -> None:
        self.counts["steps"] += 1
        while self._queue and len(self._active) < self._model.slots:
            self._admit(self._queue.popleft())
        if not self._model.uniform:
            self._prefill()
        self._decode()
        for slot in range(len(self._active) - 1, -1, -1):
            if self._active[slot].finish_reason:
                self._retire(slot)

    def _admit(self, generation: Generation) -> None:
        slot = len(self._active)
        # At least one token must run, since its logits choose the first answer token.
        entry, cached = self._cache.find(generation.prompt[:-1])
        if entry is not None:
            self._model.copy_in(slot, cached, entry.saved)
        generation.done = cached
        generation.pending = generation.prompt[cached:]
        self._active.append(generation)
        self.counts["requests"] += 1
        self.counts["promptTokens"] += len(generation.prompt)
        self.counts["cachedTokens"] += cached

    def _prefill(self) -> None:
        """Runs prompts with more than one token to go; those that reach their end get their first answer token."""
        waiting = [slot for slot, generation in enumerate(self._active) if len(generation.pending) > 1]
        if not waiting:
            return
        width = min(PREFILL_WIDTH, max(len(self._active[slot].pending) for slot in waiting))
        chosen = waiting[: max(1, _PREFILL_ROWS // width)]
        tokens = [self._active[slot].pending[:width] for slot in chosen]
        hidden = self._model.prefill(chosen, tokens, [self._active[slot].done for slot in chosen])
        ready, rows = [], []
        for row, (slot, ids) in enumerate(zip(chosen, tokens, strict=True)):
            generation = self._active[slot]
            generation.done += len(ids)
            del generation.pending[: len(ids)]
            if not generation.pending:
                ready.append(generation)
                rows.append(hidden[row, len(ids) - 1])
        if ready:
            self._append(ready, torch.stack(rows))

    def _decode(self) -> None:
        """One token of every slot that has one to run."""
        live = [len(g.pending) == 1 or (self._model.uniform and bool(g.pending)) for g in self._active]
        live = [alive and not g.finish_reason for alive, g in zip(live, self._active, strict=True)]
        if not any(live):
            return
        spare = self._model.slots - len(live) if self._model.uniform else 0
        tokens = [g.pending[0] if alive else 0 for alive, g in zip(live, self._active, strict=True)] + [0] * spare
        positions = [g.done if alive else 0 for alive, g in zip(live, self._active, strict=True)] + [0] * spare
        hidden = self._model.decode(tokens, positions, live + [False] * spare)
        ready, rows = [], []
        for slot, generation in enumerate(self._active):
            if not live[slot]:
                continue
            generation.done += 1
            del generation.pending[0]
            if not generation.pending:
                ready.append(generation)
                rows.append(slot)
        if ready:
            self._append(ready, hidden[rows])

    def _append(self, generations: list[Generation], hidden: torch.Tensor) -> None:
        logits = self._logits(hidden)
        ids = choose(logits, [g.sampling for g in generations], [len(g.tokens) for g in generations])
        for row, (generation, token) in enumerate(zip(generations, ids, strict=True)):
            if generation.log_probabilities is not None:
                generation.chosen.append(_explain(logits[row : row + 1], token, generation.log_probabilities))
            generation.tokens.append(token)
            self._judge(generation, token)
            if not generation.finish_reason:
                generation.pending = [token]

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        if not self._model.uniform:
            return self._model.logits(hidden)
        spare = hidden.new_zeros(self._model.slots - hidden.shape[0], hidden.shape[1])
        return self._model.logits(torch.cat([hidden, spare]))[: hidden.shape[0]]

    def _judge(self, generation: Generation, token: int) -> None:
        """Whether the answer ends here, and how."""
        if token in self._end_ids:
            generation.finish_reason = "stop"
        elif len(generation.tokens) >= generation.max_tokens:
            generation.finish_reason = "length"
        if generation.stop:
            text = self._text(generation)
            found = [at for at in map(text.find, generation.stop) if at >= 0]
            if found:
                generation.text, generation.finish_reason = text[: min(found)], "stop"
                return
        if generation.finish_reason:
            generation.text = self._text(generation)

    def _text(self, generation: Generation) -> str:
        return self._tokenizer.decode(generation.tokens, skip_special_tokens=True)

    def _retire(self, slot: int) -> None:
        """Delivers a finished generation, keeps its keys and values, and closes the gap it leaves."""
        generation = self._active[slot]
        known = (generation.prompt + generation.tokens)[: generation.done]
        self._cache.put(known, self._model.copy_out(slot, generation.done))
        last = self._active.pop()
        if last is not generation:
            self._model.move(len(self._active), slot, last.done)
            self._active[slot] = last
        self.counts["completionTokens"] += len(generation.tokens)
        generation.deliver(generation)


def _explain(logits: torch.Tensor, token: int, count: int) -> Chosen:
    values = log_probabilities(logits)[0]
    top = values.topk(count) if count else None
    pairs = list(zip(top.indices.tolist(), top.values.tolist(), strict=True)) if top else []
    return float(values[token]), pairs
